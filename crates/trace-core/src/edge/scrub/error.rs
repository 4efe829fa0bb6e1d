//! Why a trace cannot be scrubbed.

use std::path::PathBuf;

use thiserror::Error;

use super::super::error::FileError;
use crate::redact::RedactError;

/// Why a trace cannot be scrubbed. No message holds the secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScrubError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Somebody else is at work in the directory.
    #[error("`{}` is being written by another process; try again when it is done", .0.display())]
    Busy(PathBuf),
    /// Recorded, or left behind by a dead process.
    #[error("`{}` is no finished trace; `molar-trace recover` finishes what a dead process left", .0.display())]
    Unfinished(PathBuf),
    /// A scrub was cut off in the middle.
    #[error("an earlier scrub of `{}` was cut off; run it again without `--dry-run`, which finishes it", .0.display())]
    CutOff(PathBuf),
    /// Not a trace any more.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing to look for.
    #[error("there is nothing to look for: the value is empty, or shorter than 4 bytes")]
    TooShort,
    /// The values cannot be looked for.
    #[error("the values cannot be looked for")]
    Values(#[from] RedactError),
    /// The pattern is no regular expression, or matches everything.
    #[error("the pattern is not usable: {0}")]
    Pattern(String),
}
