//! What was wrong with a recording. Faults are data: the document goes on with what could be applied.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why events cannot be read at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DomError {
    /// A string or number that is none.
    #[error("events of a recorded document are not JSON")]
    Json(#[from] serde_json::Error),
    /// Something else than JSON at that byte.
    #[error("events of a recorded document are not JSON at byte `{at}`")]
    Malformed {
        /// Where.
        at: usize,
    },
    /// Not an array.
    #[error("events of a recorded document are no JSON array")]
    NotAnArray,
    /// Nested deeper than any page is.
    #[error("events of a recorded document are nested deeper than `{limit}`")]
    TooDeep {
        /// The limit in force.
        limit: usize,
    },
}

/// One event, or part of one, that could not be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Stable word for what happened, such as `node.unknown`.
    pub code: String,
    /// The rrweb id it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<i64>,
}

impl Fault {
    pub(super) fn of(code: &str, node: i64) -> Self {
        Self { code: code.to_owned(), node: Some(node) }
    }

    pub(super) fn plain(code: &str) -> Self {
        Self { code: code.to_owned(), node: None }
    }
}
