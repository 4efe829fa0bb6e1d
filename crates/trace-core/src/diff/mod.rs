//! Two traces side by side: what came out otherwise.
//!
//! Ids, ports, times and the order of parallel requests change in every run, so nothing is compared by position: steps are
//! aligned by their titles, requests by method and address, console lines by their text.

pub(crate) mod align;
mod body;
mod clone_rules;
mod clones;
mod compared;
mod console;
mod documents;
pub mod json;
pub(crate) mod network;
mod patch;
mod steps;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::blob::BlobId;
use crate::event::Event;
use crate::trace::SummaryBuilder;

pub use body::{BodyChange, ValueChange};
pub use clone_rules::{CloneRuleError, CloneRules};
pub use clones::{CloneRow, clone_states};
pub use compared::{CompareOptions, Compared, Dimension};
pub use console::ConsoleRow;
pub use documents::{DomRow, StepEnd, documents_of, dom_rows, rows_of, step_ends};
pub use network::{NetworkDiff, NetworkRow, NetworkSide};
pub use patch::{PatchRow, patches};
pub use steps::{StepRow, StepSide};

/// One of the two traces.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Its events in the order of seq.
    pub events: &'a [Event],
    /// Gives a blob's bytes, or none when they cannot be had; bodies are then compared by their digests alone.
    pub blob: &'a dyn Fn(&BlobId) -> Option<Vec<u8>>,
}

impl std::fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Side").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

/// A trace in a few words.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SideFacts {
    /// The trace's id.
    pub trace_id: String,
    /// The trace's short id.
    pub short_id: String,
    /// The test's title.
    pub title: String,
    /// `passed`, `failed`, `error`, `aborted`.
    pub status: String,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// The kind of failure.
    pub signature: Option<String>,
    /// The message of the error that ended it.
    pub error: Option<String>,
    /// Commit of the code under test.
    pub code_sha: Option<String>,
}

/// What differs between trace A and trace B.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceDiff {
    /// The first trace.
    pub a: SideFacts,
    /// The second trace.
    pub b: SideFacts,
    /// Every step of both.
    pub steps: Vec<StepRow>,
    /// Requests.
    pub network: NetworkDiff,
    /// Console lines that one side has more often.
    pub console: Vec<ConsoleRow>,
}

impl TraceDiff {
    /// Whether anything came out otherwise. Times never count, because they differ in every run.
    pub fn differs(&self) -> bool {
        self.a.status != self.b.status
            || self.a.signature != self.b.signature
            || self.steps.iter().any(StepRow::differs)
            || !self.network.rows.is_empty()
            || !self.console.is_empty()
    }

    /// The same diff seen from the other side.
    #[must_use]
    pub fn swapped(mut self) -> Self {
        std::mem::swap(&mut self.a, &mut self.b);
        self.steps.iter_mut().for_each(StepRow::swap);
        self.network.rows.iter_mut().for_each(NetworkRow::swap);
        self.console.iter_mut().for_each(ConsoleRow::swap);
        self
    }
}

/// Lays B beside A.
pub fn diff(a: &Side<'_>, b: &Side<'_>) -> TraceDiff {
    TraceDiff {
        a: facts(a.events),
        b: facts(b.events),
        steps: steps::rows(a.events, b.events),
        network: network::compare(a, b),
        console: console::rows(a.events, b.events),
    }
}

fn facts(events: &[Event]) -> SideFacts {
    let mut builder = SummaryBuilder::default();
    events.iter().for_each(|event| builder.push(event));
    let summary = builder.finish();
    SideFacts {
        trace_id: summary.trace_id,
        short_id: summary.short_id,
        title: summary.scenario.title,
        status: summary.status,
        duration_ms: summary.duration_ms,
        signature: summary.signature.map(|signature| signature.slug),
        error: summary.error,
        code_sha: summary.code_sha,
    }
}
