//! One integration binary, one module a topic.

mod allocation;
mod cutter_model;
mod frames;
mod fuzz_smoke;
mod golden;
mod purity;
mod reader;
mod roundtrip;
mod support;
mod targets;
