//! What can go wrong, in the words of the one who typed the command.

use std::path::PathBuf;

use thiserror::Error;

/// Wrong usage.
pub(crate) const USAGE: u8 = 2;
/// The trace is damaged; what could be read was printed.
pub(crate) const DAMAGED: u8 = 3;

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
    /// Recovery failed as a whole.
    #[error("cannot recover what lies in `{path}`")]
    Recover {
        /// The root that was searched.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Output could not be written.
    #[error("cannot write the output")]
    Output(#[from] std::io::Error),
    /// A value that is no JSON although it should be.
    #[error("what came back is not the JSON that was expected")]
    Json(#[from] serde_json::Error),
}

impl CliError {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Query { .. } => USAGE,
            _ => 1,
        }
    }

    /// `molar-trace cat | head` closes the pipe early; that is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
