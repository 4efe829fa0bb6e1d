//! What the edges can fail with, named by what was being done and where.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file operation that failed, with its deed and its path.
#[derive(Debug, Error)]
#[error("cannot {deed} `{}`", path.display())]
pub struct FileError {
    /// Such as `create directory`.
    pub deed: &'static str,
    /// Where.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: std::io::Error,
}

impl FileError {
    /// For `map_err`: names the deed and the path of an IO error.
    pub(super) fn at(deed: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { deed, path, source }
    }
}

/// Why a recorder cannot start, or a recovery cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecorderError {
    /// The spool cannot be written; choose another `root` or make room.
    #[error("the trace's directory cannot be prepared")]
    Spool(#[from] FileError),
    /// The options contradict the format.
    #[error("`{option}` is not usable: {reason}")]
    Option {
        /// Which one.
        option: &'static str,
        /// Why not.
        reason: String,
    },
    /// The system gives no more threads.
    #[error("cannot start the `{0}` thread")]
    Thread(&'static str, #[source] std::io::Error),
    /// Another recorder writes this trace.
    #[error("trace directory `{}` belongs to a living recorder", .0.display())]
    Owned(PathBuf),
}

/// An error and its causes on one line, for reports that people read.
pub(super) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
