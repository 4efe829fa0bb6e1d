//! What can go wrong, in the words of the one who typed the command.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::codes::Code;

/// The replayed test failed.
pub(crate) const FAILED: u8 = 1;
/// Wrong usage.
pub(crate) const USAGE: u8 = 2;
/// The replay could not be carried out.
pub(crate) const BLOCKED: u8 = 3;
/// The replay left the recorded path.
pub(crate) const DIVERGED: u8 = 4;
/// Anything else, such as a full disk.
pub(crate) const OTHER: u8 = 6;

/// Why a replay or a command did not get to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// Options that contradict each other, or name what is not there.
    #[error("{message}")]
    Usage {
        /// What is wrong, and what to type instead.
        message: String,
    },
    /// The replay cannot be carried out, for a reason that has a name.
    #[error("{message}")]
    Blocked {
        /// The reason.
        code: Code,
        /// What, where, what to do.
        message: String,
        /// The cause below.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A file operation that failed.
    #[error("cannot {deed} `{}`", path.display())]
    File {
        /// Such as `write`.
        deed: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Output could not be written.
    #[error("cannot write the output")]
    Output(#[from] std::io::Error),
    /// A value that is no JSON although it should be.
    #[error("what came back is not the JSON that was expected")]
    Json(#[from] serde_json::Error),
}

pub(crate) type Result<T> = std::result::Result<T, RunnerError>;

impl RunnerError {
    /// Wrong usage.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into() }
    }

    /// A replay that cannot be carried out.
    pub(crate) fn blocked(code: Code, message: impl Into<String>) -> Self {
        Self::Blocked { code, message: message.into(), source: None }
    }

    /// A replay that cannot be carried out because of something below.
    pub(crate) fn blocked_by(
        code: Code,
        message: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Blocked { code, message: message.into(), source: Some(Box::new(source)) }
    }

    /// For `map_err`: names the deed and the path of an IO error.
    pub(crate) fn at(deed: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { deed, path, source }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => USAGE,
            Self::Blocked { .. } => BLOCKED,
            Self::File { .. } | Self::Output(_) | Self::Json(_) => OTHER,
        }
    }

    /// The error and its causes on one line.
    pub(crate) fn told(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }

    /// `replay-runner run --json | head` closes the pipe early; that is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
