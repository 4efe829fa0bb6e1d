//! Reports of the core as JavaScript objects.

use napi_derive::napi;
use trace_core::edge::{self, Shipped};

/// What a recorder did.
#[napi(object)]
#[derive(Debug)]
pub struct FinishReport {
    /// The trace's UUID.
    pub trace_id: String,
    /// Nine characters that name the trace.
    pub short_id: String,
    /// Its directory; gone once it is shipped.
    pub dir: String,
    /// Events written, `run.end` included.
    pub events: f64,
    /// Bytes of lines.
    pub bytes: f64,
    /// Distinct blobs the trace refers to.
    pub blobs: f64,
    /// Events that were dropped because a limit was reached; the trace tells about them too.
    pub dropped: f64,
    /// Where the trace is: `local` lies finished in `root`, `shipped` is on the server, `spooled` waits for a later process
    /// to ship it, `unfinished` was not closed in time and is recovered by a later process.
    /// `discarded` is nowhere.
    #[napi(ts_type = "'local' | 'shipped' | 'spooled' | 'unfinished' | 'discarded'")]
    pub outcome: String,
    /// Where people look at it, when the server said so.
    pub url: Option<String>,
    /// Why it is spooled or unfinished.
    pub reason: Option<String>,
    /// What went wrong, once each, for a person.
    pub problems: Vec<String>,
}

impl From<edge::FinishReport> for FinishReport {
    fn from(report: edge::FinishReport) -> Self {
        let (outcome, url, reason) = whereabouts(report.shipped);
        Self {
            trace_id: report.trace_id.to_string(),
            short_id: report.short_id.to_string(),
            dir: report.dir.display().to_string(),
            events: report.events as f64,
            bytes: report.bytes as f64,
            blobs: report.blobs as f64,
            dropped: report.dropped as f64,
            outcome: outcome.to_owned(),
            url,
            reason,
            problems: report.problems,
        }
    }
}

/// One trace that `recover` dealt with.
#[napi(object)]
#[derive(Debug)]
pub struct RecoveredTrace {
    /// The trace's UUID.
    pub trace_id: String,
    /// Its directory; gone once it is shipped.
    pub dir: String,
    /// How it ended; `aborted` when its process died before the end.
    pub status: String,
    /// Its events, the added `run.end` included.
    pub events: f64,
    /// Bytes of a half line that were cut off.
    pub lost_bytes: f64,
    /// Where the trace is now, as in `FinishReport`.
    #[napi(ts_type = "'local' | 'shipped' | 'spooled' | 'unfinished'")]
    pub outcome: String,
    /// Where people look at it, when the server said so.
    pub url: Option<String>,
    /// Why it is spooled or unfinished.
    pub reason: Option<String>,
}

/// What `recover` did.
#[napi(object)]
#[derive(Debug)]
pub struct RecoverReport {
    /// The traces that were dealt with.
    pub traces: Vec<RecoveredTrace>,
    /// Traces of living processes, which were left alone.
    pub alive: f64,
    /// What could not be done, for a person.
    pub problems: Vec<String>,
}

impl From<edge::RecoverReport> for RecoverReport {
    fn from(report: edge::RecoverReport) -> Self {
        Self {
            traces: report.traces.into_iter().map(Into::into).collect(),
            alive: report.alive as f64,
            problems: report.problems,
        }
    }
}

/// A trace that was removed to make room.
#[napi(object)]
#[derive(Debug)]
pub struct PrunedTrace {
    /// Where it lay.
    pub dir: String,
    /// How it had ended.
    pub status: String,
}

/// What `prune` did.
#[napi(object)]
#[derive(Debug)]
pub struct PruneReport {
    /// The traces that were removed, in that order.
    pub traces: Vec<PrunedTrace>,
    /// Bytes that are free now.
    pub freed_bytes: f64,
    /// Bytes that the store still has.
    pub kept_bytes: f64,
    /// Traces that wait for a server or are being written; they are never removed.
    pub unfinished: f64,
    /// Half files of killed processes that were removed.
    pub halves: f64,
    /// What could not be done, for a person.
    pub problems: Vec<String>,
}

impl From<edge::PruneReport> for PruneReport {
    fn from(report: edge::PruneReport) -> Self {
        let removed = |trace: edge::Pruned| PrunedTrace {
            dir: trace.dir.display().to_string(),
            status: trace.status,
        };
        Self {
            traces: report.traces.into_iter().map(removed).collect(),
            freed_bytes: report.freed_bytes as f64,
            kept_bytes: report.kept_bytes as f64,
            unfinished: report.unfinished as f64,
            halves: report.halves as f64,
            problems: report.problems,
        }
    }
}

impl From<edge::RecoveredTrace> for RecoveredTrace {
    fn from(trace: edge::RecoveredTrace) -> Self {
        let (outcome, url, reason) = whereabouts(trace.shipped);
        Self {
            trace_id: trace.trace_id.to_string(),
            dir: trace.dir.display().to_string(),
            status: trace.status,
            events: trace.events as f64,
            lost_bytes: trace.lost_bytes as f64,
            outcome: outcome.to_owned(),
            url,
            reason,
        }
    }
}

fn whereabouts(shipped: Shipped) -> (&'static str, Option<String>, Option<String>) {
    match shipped {
        Shipped::Local => ("local", None, None),
        Shipped::Discarded => ("discarded", None, None),
        Shipped::Shipped { url } => ("shipped", url, None),
        Shipped::Spooled { reason } => ("spooled", None, Some(reason)),
        Shipped::Unfinished { reason } => ("unfinished", None, Some(reason)),
        // The core's enum may grow; what this addon does not know it cannot call finished.
        other => ("unfinished", None, Some(format!("{other:?}"))),
    }
}
