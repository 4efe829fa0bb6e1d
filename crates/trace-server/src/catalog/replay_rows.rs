//! Replays as values.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trace_core::TraceId;
use utoipa::ToSchema;

use super::words::ReplayState;
use crate::clock::EpochMs;
use crate::org::OrgScope;

/// What was asked for. Kept as it came, because another worker may have to begin anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// Number of the top-level step to begin at, from 1.
    pub from_step: u64,
    /// What is changed in the worker's copy of the suite, in this order.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// How the browser gets to that step; `fast-forward` when absent.
    #[serde(default)]
    pub strategy: Strategy,
    /// Who answers the application's requests from that step on; `hybrid` when absent.
    #[serde(default)]
    pub app_mode: AppMode,
    /// Name of the suite in a worker's configuration; may be left out when only one fits the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// Restores no simulator although the trace has snapshots.
    #[serde(default)]
    pub without_clones: bool,
    /// Ends the replay after so many seconds; the suite's own limit when absent or larger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// A unified diff.
    Patch {
        /// The diff itself, its paths relative to the repository's root or to the suite's folder.
        text: String,
    },
}

/// How the browser gets to step N.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Steps before N are driven again, over recorded network.
    #[default]
    FastForward,
    /// The browser's state is restored, and calls of earlier steps are answered from the record.
    Restore,
    /// Restore, and fast-forward when that is not faithful.
    Auto,
}

impl Strategy {
    /// The word on the wire, and on the runner's command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FastForward => "fast-forward",
            Self::Restore => "restore",
            Self::Auto => "auto",
        }
    }
}

/// Who answers the application's own requests from step N on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AppMode {
    /// The running application.
    Live,
    /// The record.
    Recorded,
    /// The record up to step N, the running application from there on.
    #[default]
    Hybrid,
}

impl AppMode {
    /// The word on the wire, and on the runner's command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Recorded => "recorded",
            Self::Hybrid => "hybrid",
        }
    }
}

/// A replay to enqueue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReplay {
    /// Drawn by the server.
    pub id: String,
    /// The source.
    pub trace: TraceId,
    /// Playwright's project of the source.
    pub project: String,
    /// What was asked for.
    pub request: ReplayRequest,
    /// What the caller names this request by, so that repeating it starts nothing twice.
    pub idempotency_key: Option<String>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Requested {
    /// Enqueued.
    New(Replay),
    /// The same request was made before under this key.
    Known(Replay),
    /// Another request was made before under this key.
    KeyReused,
    /// The organisation has as many unfinished replays as it may have.
    TooMany,
}

/// A replay's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// What was enqueued.
    pub new: NewReplay,
    /// Where it stands.
    pub state: ReplayState,
    /// Names the reason of a block, a divergence or a wait.
    pub code: Option<String>,
    /// What, where, what to do.
    pub message: Option<String>,
    /// The replay's own trace.
    pub child: Option<TraceId>,
    /// What it had in common with its source.
    pub certificate: Option<Value>,
    /// Milliseconds of each action.
    pub timings: Option<Value>,
    /// How often a worker took it.
    pub attempt: u32,
    /// When somebody asked it to end.
    pub cancel_ms: Option<EpochMs>,
    /// When it was asked for.
    pub created_ms: EpochMs,
    /// When a worker took it last.
    pub started_ms: Option<EpochMs>,
    /// When it came to its final state.
    pub ended_ms: Option<EpochMs>,
}

/// One line of progress, numbered from 1 within its replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressLine {
    /// Its number.
    pub n: u64,
    /// The line, as JSON.
    pub line: String,
}

/// What became of a request to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It was queued and is over now.
    Done,
    /// Its worker has been told.
    Asked,
    /// It had ended before.
    Over(ReplayState),
    /// There is none.
    Missing,
}

/// A replay that waits, as far as a worker has to know it to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReplay {
    /// Whose it is.
    pub org: OrgScope,
    /// Its id.
    pub id: String,
    /// Playwright's project of the source.
    pub project: String,
    /// The suite that was asked for.
    pub suite: Option<String>,
}

/// A replay that a worker has. `(id, attempt)` is the fencing token: whoever holds an older attempt can no longer write.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedReplay {
    /// Whose it is.
    pub org: OrgScope,
    /// The row as it was claimed.
    pub replay: Replay,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayEnd {
    /// A final state, or `queued` when it is put back untouched.
    pub state: ReplayState,
    /// Names the reason.
    pub code: Option<String>,
    /// What, where, what to do.
    pub message: Option<String>,
    /// The replay's own trace, once it is in the catalog.
    pub child: Option<TraceId>,
    /// What it had in common with its source.
    pub certificate: Option<Value>,
    /// Milliseconds of each action.
    pub timings: Option<Value>,
}

/// How long replays wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How many workers may vanish with one replay.
    pub lost: u32,
    /// How long a replay waits for a worker, in milliseconds.
    pub queue_ms: i64,
}

/// A suite that a worker can replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Whose traces it takes.
    pub org: String,
    /// Its name.
    pub suite: String,
    /// Playwright's projects; every one when empty.
    #[serde(default)]
    pub projects: Vec<String>,
}

impl Offer {
    /// Whether this is a suite for such a trace.
    pub fn fits(&self, org: &OrgScope, project: &str, suite: Option<&str>) -> bool {
        self.org == org.as_str()
            && suite.is_none_or(|name| name == self.suite)
            && (self.projects.is_empty() || self.projects.iter().any(|name| name == project))
    }
}

/// A worker that has told about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRow {
    /// Its name.
    pub worker: String,
    /// What it can replay.
    pub offers: Vec<Offer>,
    /// When it was heard of last.
    pub seen_ms: EpochMs,
}
