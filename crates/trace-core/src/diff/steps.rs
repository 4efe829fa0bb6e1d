//! Steps laid beside each other by their titles from the outside in.

use serde::Serialize;

use super::align::align;
use crate::event::{Event, Seq};
use crate::trace::{Step, StepStatus, StepTree};

/// One side's view of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepSide {
    /// Number of its first event.
    pub seq: Seq,
    /// How it came out.
    pub status: StepStatus,
    /// Milliseconds from its beginning to its end; none while unfinished.
    pub duration_ms: Option<f64>,
    /// The message of the error that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One step, on one side or on both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepRow {
    /// Its number, when it is a top-level `test.step`; that of A where both have one.
    pub index: Option<u64>,
    /// Its title.
    pub title: String,
    /// How deep it lies; 0 at the top.
    pub depth: usize,
    /// `test.step`, `implicit`, `hook`, `fixture`.
    pub category: String,
    /// A's view; none when only B has it.
    pub a: Option<StepSide>,
    /// B's view; none when only A has it.
    pub b: Option<StepSide>,
    /// It stands elsewhere in the order.
    pub moved: bool,
}

impl StepRow {
    /// One side alone has it, or it came out otherwise. Durations never count, because they differ in every run.
    pub fn differs(&self) -> bool {
        self.moved
            || self.a.as_ref().map(|side| side.status) != self.b.as_ref().map(|side| side.status)
    }

    pub(super) fn swap(&mut self) {
        std::mem::swap(&mut self.a, &mut self.b);
    }
}

/// Every step of both traces, in A's order with B's own where they belong.
pub(super) fn rows(a: &[Event], b: &[Event]) -> Vec<StepRow> {
    let (a, b) = (StepTree::build(a), StepTree::build(b));
    let names = |tree: &StepTree| tree.steps.iter().map(name).collect::<Vec<_>>();
    let pairs = align(&names(&a), &names(&b));
    pairs
        .iter()
        .filter_map(|pair| {
            let (left, right) = (pair.a.map(|at| &a.steps[at]), pair.b.map(|at| &b.steps[at]));
            let shown = left.or(right)?;
            Some(StepRow {
                index: left.and_then(|step| step.index).or(right.and_then(|step| step.index)),
                title: shown.title.clone(),
                depth: shown.path.len().saturating_sub(1),
                category: shown.category.clone(),
                a: left.map(side),
                b: right.map(side),
                moved: pair.moved,
            })
        })
        .collect()
}

/// What makes a step the same one in another run: ids and locations change, titles rarely do.
fn name(step: &Step) -> String {
    let path = if step.path.is_empty() { step.title.clone() } else { step.path.join("\u{1f}") };
    format!("{}\u{1f}{path}", step.category)
}

fn side(step: &Step) -> StepSide {
    StepSide {
        seq: step.first_seq,
        status: step.status,
        duration_ms: step.end_ms.map(|end| (end - step.start_ms).max(0.0)),
        error: step.error.clone(),
    }
}
