//! The recorder and its companions against real files, processes and sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod bucket;
mod cost;
mod disk;
mod documents;
mod kill;
mod kit;
mod local;
mod open;
mod playwright_zip;
mod privacy;
mod prune;
mod raw;
mod scrub;
mod server;
mod ship;
mod store;
mod vault;
