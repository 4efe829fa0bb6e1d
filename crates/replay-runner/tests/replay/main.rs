//! Replays of real suites in real repositories. Playwright's place is taken by a small program that does what a worker does to the
//! outside: it reads its order, tells progress and writes a trace.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod bare;
mod browser;
mod clones;
mod closing;
mod held;
mod image;
mod kit;
mod outcomes;
mod patches;
mod transports;
mod tree;
