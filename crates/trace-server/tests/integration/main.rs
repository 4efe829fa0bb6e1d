//! The server from outside: a real listener, a private directory, real requests.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod app;
mod auth;
mod bundle;
mod catalog;
mod compare;
mod crash;
mod faults;
mod ingest;
mod isolation;
mod jobs;
#[cfg(unix)]
mod layer2;
mod openapi;
#[cfg(unix)]
mod process;
mod query;
mod recording;
mod replays;
mod sql;
mod stream;
mod vault;
