//! Who is asking, and what may they do.

mod extract;
mod key;
mod scope;

pub use extract::{Reader, Replayer, Writer};
pub use key::{ApiKey, KeyParseError};
pub use scope::{Scope, Scopes};
