//! The companion server: ingest, keep, finish, answer.
#![forbid(unsafe_code)]

pub mod app; // everything a handler can reach
pub mod auth; // who is asking
pub mod catalog; // rows
pub mod clock;
pub mod compare; // two traces side by side
pub mod config; // what an operator can set
pub mod error; // what a caller is told
pub mod ingest; // recorder -> durable
pub mod jobs; // after the end
pub mod layer2; // a worker that carries replays out
pub mod live; // while it happens
pub mod org; // whose it is
pub mod read; // durable -> reader
pub mod replays; // from a failed step on, once more
mod router; // every route on one page
mod routes; // HTTP in, HTTP out
pub mod search; // words -> tokens
pub mod serve; // a process around it all
pub mod signals; // and its end
pub mod store; // bytes
pub mod telemetry; // counters and logs
pub mod vault; // what only the server may open

pub use app::App;
pub use config::Config;
pub use router::{build_router, openapi_json};
