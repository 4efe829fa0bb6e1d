//! Why rules cannot be used.

use thiserror::Error;

/// Rules that do not compile or do not fire.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RedactError {
    /// A user's pattern is no regular expression.
    #[error("redaction rule `{name}` has a pattern that does not compile; correct `redact.extra`")]
    Pattern {
        /// The rule's name.
        name: String,
        /// What the compiler said.
        #[source]
        source: regex::Error,
    },
    /// A user's rule has a name that cannot stand in a placeholder.
    #[error("redaction rule `{0}` needs a name of 1 to 32 of the characters A-Z a-z 0-9 _ -")]
    Name(String),
    /// More values than one search can look for.
    #[error("too many values to look for at once")]
    Literals(#[source] aho_corasick::BuildError),
    /// A planted secret came through.
    #[error(
        "redaction rule `{0}` did not catch its planted secret; recording stops rather than leaking"
    )]
    Silent(String),
}
