//! How a replay came out: one value, whoever asks.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{BLOCKED, DIVERGED, FAILED, OTHER};

/// Where a replay stands, on its way and at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Decided, nothing done yet.
    Ready,
    /// Code, clones and browser are put where they were.
    Restoring,
    /// Steps before N are answered from the record.
    Skipping,
    /// Step N and what follows runs.
    Running,
    /// The browser stands at step N, and nobody drives it on.
    Held,
    /// The test passed.
    Passed,
    /// The test failed as tests fail.
    Failed,
    /// The test failed after it had left the recorded path.
    Diverged,
    /// It could not be carried out.
    Blocked,
}

impl State {
    /// Whether nothing comes after it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Passed | Self::Failed | Self::Diverged | Self::Blocked)
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Restoring => "restoring",
            Self::Skipping => "skipping",
            Self::Running => "running",
            Self::Held => "held",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Diverged => "diverged",
            Self::Blocked => "blocked",
        }
    }
}

/// The trace of the replay itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Child {
    /// Its id.
    pub trace_id: String,
    /// Its directory.
    pub directory: PathBuf,
}

/// The end of a replay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// `passed`, `failed`, `diverged` or `blocked`; of `open` also `held`.
    pub state: State,
    /// Names the reason of a block or a divergence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What, where, what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The replay's id.
    pub replay_id: String,
    /// Which run of a held replay it is, from 1; none of one that is not held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// Id of the source trace; empty when it was never opened.
    pub parent_trace_id: String,
    /// The step that it began at.
    pub from_step: u64,
    /// The replay's own trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Child>,
    /// How faithful it was, per channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Value>,
    /// Milliseconds of each action of the pipeline, and `total`.
    pub timings_ms: Map<String, Value>,
}

impl Outcome {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self.state {
            State::Passed | State::Held => 0,
            State::Failed => FAILED,
            State::Diverged => DIVERGED,
            State::Blocked => BLOCKED,
            State::Ready | State::Restoring | State::Skipping | State::Running => OTHER,
        }
    }
}
