//! Jobs as values.

use serde_json::{Map, Value};
use trace_core::TraceId;

use crate::clock::EpochMs;
use crate::org::OrgScope;

/// A claimed job. `(id, attempt)` is the fencing token: whoever holds an older attempt can no longer write.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The row.
    pub id: i64,
    /// Whose it is.
    pub org: OrgScope,
    /// What to do.
    pub kind: String,
    /// Unique: enqueuing twice is one job.
    pub key: String,
    /// The trace it is about.
    pub trace: TraceId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// `ready`, `running`, `done` or `dead`.
    pub state: String,
    /// Steps that are done, with what they found.
    pub step_state: Map<String, Value>,
    /// What the last attempt died of.
    pub error: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// Everything is done.
    Done,
    /// Again at that time.
    Retry {
        /// When.
        run_at: EpochMs,
        /// Why.
        error: String,
    },
    /// Given up.
    Dead {
        /// Why.
        error: String,
    },
    /// Put back untouched: the process is ending. It does not count as an attempt that failed.
    Released,
}

/// Gauges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Waiting.
    pub ready: u64,
    /// Claimed.
    pub running: u64,
    /// Given up.
    pub dead: u64,
    /// Age of the oldest that is due, in milliseconds.
    pub oldest_due_ms: u64,
}
