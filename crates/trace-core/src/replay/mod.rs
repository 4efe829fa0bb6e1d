//! What a recorded run needs to be carried out again: decided here as values, acted on elsewhere.
//!
//! `plan` tells what a replay from some step will do; `origins` whose an address is; `network` answers its requests and
//! `sockets` its sockets out of the recording, `tape` the
//! calls of Playwright; `state` is the browser as it was before the step; `secrets` puts back what
//! the record keeps in its vault, and `beside` is what gives blobs and originals. `certificate` tells
//! whether it came out as recorded.

pub mod beside;
pub mod certificate;
mod error;
pub mod network;
pub mod origins;
pub mod plan;
pub mod secrets;
pub mod sockets;
pub mod state;
pub mod tape;

pub use beside::Beside;
pub use error::ReplayError;
pub use plan::{Plan, PlanOptions, plan};
