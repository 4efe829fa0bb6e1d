//! What the list can be asked for.

use super::words::{Source, Status, Tier};
use crate::clock::EpochMs;

/// The filters of the list; each one that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Where it stands.
    pub status: Option<Status>,
    /// What started the run.
    pub source: Option<Source>,
    /// Slug or hash of the failure.
    pub signature: Option<String>,
    /// How near the bytes are.
    pub tier: Option<Tier>,
    /// An FTS5 expression made of our own tokens, never the caller's text.
    pub tokens: Option<String>,
    /// Slug or id of the scenario.
    pub scenario: Option<String>,
    /// The run's id.
    pub run: Option<String>,
    /// Registered at or after.
    pub from_ms: Option<EpochMs>,
    /// Registered before.
    pub to_ms: Option<EpochMs>,
    /// Only pinned, or only unpinned.
    pub pinned: Option<bool>,
    /// Continue behind this row.
    pub after: Option<ListCursor>,
    /// At most so many.
    pub limit: u32,
}

/// The last row of a page: time and id, so that rows made meanwhile shift nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCursor {
    /// Its time.
    pub created_ms: EpochMs,
    /// Its id, which settles equal times.
    pub trace_id: String,
}

impl ListCursor {
    /// `<ms>.<uuid>`.
    pub fn encode(&self) -> String {
        format!("{}.{}", self.created_ms, self.trace_id)
    }

    /// Reads what [`ListCursor::encode`] wrote.
    pub fn decode(text: &str) -> Option<Self> {
        let (created, id) = text.split_once('.')?;
        let id: trace_core::TraceId = id.parse().ok()?;
        Some(Self { created_ms: created.parse().ok()?, trace_id: id.to_string() })
    }
}
