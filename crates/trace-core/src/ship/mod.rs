//! What to send next, without a socket.
//!
//! [`Ship`] is a value: the driver tells it what happened ([`Input`], with the time) and carries out what it answers
//! ([`Action`]). Every request is idempotent, so a lost answer is repeated and a crash costs a few repeats at most.

mod backoff;
mod input;
mod items;
mod ledger;
#[cfg(test)]
mod model;
#[cfg(test)]
mod refusals;
mod state;

pub use backoff::Backoff;
pub use input::{
    Action, Answer, ArtifactInfo, BlobInfo, ChunkInfo, Ended, Input, Op, Outcome, Refusal,
};
pub use ledger::{Ledger, LedgerError};
pub use state::{MAX_IN_FLIGHT, Ship};
