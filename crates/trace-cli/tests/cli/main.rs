//! The command as people run it: a process, real trace folders, a real server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod bundle;
mod diff;
mod export;
mod kit;
mod playwright;
mod push;
mod stats;
