//! What a trace must not say: secrets are replaced before the first byte is written.
//!
//! A replaced value reads `[REDACTED:kind:n]`; `n` numbers the distinct originals of the trace in order of first appearance,
//! so equal values stay visibly equal and repeated runs produce the same text. Redacting twice changes nothing.
//!
//! A secret is known by its place (a cookie, a password field), its name, its shape, or because it was met before or told:
//! what a place gave away is learnt and goes wherever it appears later, in any usual encoding.

mod body;
mod cards;
mod check;
mod encoded;
mod error;
mod find;
mod json;
mod keys;
mod learnt;
mod ledger;
mod literal;
mod markup;
mod pairs;
mod patterns;
mod prefilter;
mod redactor;
mod rules;
mod spellings;
#[cfg(test)]
mod tests;
mod text;

pub use error::RedactError;
pub use ledger::{Original, VaultEntry};
pub use literal::Literals;
pub use redactor::Redactor;
pub use rules::{ExtraRule, Rules};
