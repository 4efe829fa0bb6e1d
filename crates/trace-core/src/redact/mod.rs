//! What a trace must not say: secrets are replaced before the first byte is written.
//!
//! A replaced value reads `[REDACTED:kind:n]`; `n` numbers the distinct originals of the trace in order of first appearance,
//! so equal values stay visibly equal and repeated runs produce the same text. Redacting twice changes nothing.

mod body;
mod cards;
mod check;
mod error;
mod json;
mod keys;
mod ledger;
mod pairs;
mod patterns;
mod prefilter;
mod redactor;
mod rules;
#[cfg(test)]
mod tests;
mod text;

pub use error::RedactError;
pub use ledger::{Original, VaultEntry};
pub use redactor::Redactor;
pub use rules::{ExtraRule, Rules};
