//! Answers for a replay's requests, looked up in what was recorded.
//!
//! A request is found by its exact key, then by a key without what changes from run to run, then by likeness; and if all
//! that fails it is a miss that names what came nearest. Nothing is ever passed on to a network from here.

mod body;
mod changes;
mod deltas;
mod entry;
pub(super) mod fields;
mod found;
mod matcher;
mod redacted;
mod reply;
mod score;
#[cfg(test)]
mod tests;
pub(super) mod volatile;

pub use changes::{Change, changes};
pub use deltas::Delta;
pub use entry::{Answer, Client, Entry, entries};
pub use fields::{Field, Place};
pub use found::{Asked, Found, Hit, Miss, Near, Phase, Tier, Use};
pub use matcher::Matcher;
pub use reply::{AnswerReply, BodyReply, HitReply, Reply};
pub use volatile::{Rules, Volatile};
