//! HTTP in, HTTP out: each file reads a request, calls a room, and shapes the answer.

pub(crate) mod artifacts;
pub(crate) mod blobs;
pub(crate) mod bundle;
pub(crate) mod diff;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod ingest;
pub(crate) mod replay_shapes;
pub(crate) mod replays;
pub(crate) mod shapes;
mod sse;
pub(crate) mod stream;
pub(crate) mod traces;
pub(crate) mod vault;
