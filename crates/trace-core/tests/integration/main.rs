//! One integration binary, one module a topic.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod allocation;
mod cutter_model;
mod dom;
mod frames;
mod fuzz_smoke;
mod golden;
mod purity;
mod reader;
mod roundtrip;
mod support;
mod targets;
