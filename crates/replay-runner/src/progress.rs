//! What is told while a replay runs: lines of the runner itself, and those that its worker appends to a file.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outcome::State;
use crate::pipeline::Action;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Epoch milliseconds.
    pub(crate) at_ms: u64,
    pub(crate) state: State,
    /// The action of the pipeline; none on lines of the worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<Action>,
    /// Number of a top-level step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<Value>,
}

impl Progress {
    /// A line of the runner.
    pub(crate) fn of(state: State, action: Action, message: impl Into<String>) -> Self {
        Self {
            at_ms: now_ms(),
            state,
            action: Some(action),
            step: None,
            code: None,
            message: Some(message.into()),
            detail: None,
        }
    }
}

/// Epoch milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
