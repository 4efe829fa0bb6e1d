//! What can go wrong, in the words of the one who typed the command.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The command did its work and found something: two traces differ, a check failed, a trace still waits.
pub(crate) const FOUND: u8 = 1;
/// Wrong usage.
pub(crate) const USAGE: u8 = 2;
/// The trace is damaged or no trace; what could be read was printed.
pub(crate) const DAMAGED: u8 = 3;
/// There is no such trace.
pub(crate) const NOT_FOUND: u8 = 4;
/// The server refused or does not answer.
pub(crate) const SERVER: u8 = 5;
/// Anything else, such as a full disk.
pub(crate) const FAILED: u8 = 6;

/// Why a command failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CliError {
    /// No trace of that id or path.
    #[error("no trace `{id}` in {place}; `molar-trace ls` lists what is there")]
    NotFound {
        /// What was asked for.
        id: String,
        /// Where it was looked for.
        place: String,
    },
    /// A query that cannot be parsed; the text shows the place.
    #[error("the query cannot be read\n{rendered}")]
    Query {
        /// The query with a caret under the fault.
        rendered: String,
    },
    /// Options that contradict each other.
    #[error("{message}")]
    Usage {
        /// What is wrong, and what to type instead.
        message: String,
    },
    /// The server refused or could not be reached.
    #[error("{message}")]
    Server {
        /// What the server said, and what to do.
        message: String,
        /// The cause below.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// A file could not be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file could not be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A trace could not be scrubbed.
    #[error("cannot scrub")]
    Scrub(#[source] Box<trace_core::edge::scrub::ScrubError>),
    /// A vault could not be read.
    #[error("cannot read the vault")]
    Vault(#[source] Box<trace_core::edge::vault::VaultError>),
    /// Output could not be written.
    #[error("cannot write the output")]
    Output(#[from] std::io::Error),
    /// A value that is no JSON although it should be.
    #[error("what came back is not the JSON that was expected")]
    Json(#[from] serde_json::Error),
}

/// For `map_err`: names the file that could not be written.
pub(crate) fn unwritable(path: &Path) -> impl FnOnce(std::io::Error) -> CliError {
    let path = path.to_owned();
    move |error| CliError::Write { path, source: Box::new(error) }
}

impl CliError {
    /// Names the file that could not be read.
    pub(crate) fn unreadable(
        path: &Path,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Read { path: path.to_owned(), source: Box::new(source) }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Query { .. } | Self::Usage { .. } => USAGE,
            Self::NotFound { .. } => NOT_FOUND,
            Self::Read { .. } => DAMAGED,
            Self::Server { .. } => SERVER,
            Self::Write { .. }
            | Self::Scrub(_)
            | Self::Vault(_)
            | Self::Output(_)
            | Self::Json(_) => FAILED,
        }
    }

    /// `molar-trace cat | head` closes the pipe early; that is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
