//! Documents at the end of each top-level step, line by line of their outlines.

use std::time::{Duration, Instant};

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use trace_core::Event;
use trace_core::trace::{Step, StepTree};

use super::documents::outlines;
use crate::error::AppError;

/// Changed lines that are shown of one step; the rest is counted.
const MAX_CHANGES: usize = 200;
/// Two very long documents without much in common are compared coarsely.
const PATIENCE: Duration = Duration::from_secs(5);

/// One step's documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DomRow {
    /// The step's number.
    pub(super) index: u64,
    /// The step's title.
    pub(super) title: String,
    /// Lines of A's outline; none when A has no such step, or has not ended it.
    pub(super) a_lines: Option<usize>,
    /// The same in B.
    pub(super) b_lines: Option<usize>,
    /// Lines that B alone has.
    pub(super) added: usize,
    /// Lines that A alone has.
    pub(super) removed: usize,
    /// Those lines in their order, `-` in front of A's and `+` in front of B's.
    pub(super) changes: Vec<String>,
}

impl DomRow {
    pub(super) fn differs(&self) -> bool {
        self.added + self.removed > 0 || self.a_lines.is_some() != self.b_lines.is_some()
    }
}

type OneSide<'a> = (&'a [Event], &'a [u8]);

/// A row for each top-level step of either side, or for the one that was asked for.
pub(super) fn rows(
    a: OneSide<'_>,
    b: OneSide<'_>,
    step: Option<u64>,
) -> Result<Vec<DomRow>, AppError> {
    let (a, b) = (ends(a, step)?, ends(b, step)?);
    let mut numbers: Vec<u64> = a.iter().chain(&b).map(|end| end.index).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let deadline = Instant::now() + PATIENCE;
    Ok(numbers.into_iter().filter_map(|index| row(index, &a, &b, deadline)).collect())
}

/// A step's end and what the pages were then.
struct End {
    index: u64,
    title: String,
    lines: Vec<String>,
}

fn ends((events, extract): OneSide<'_>, step: Option<u64>) -> Result<Vec<End>, AppError> {
    let tree = StepTree::build(events);
    let is_asked = |found: &&Step| found.index.is_some_and(|n| step.is_none_or(|step| step == n));
    let mut steps: Vec<(f64, &Step)> =
        tree.steps.iter().filter(is_asked).filter_map(|step| Some((step.end_ms?, step))).collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let times: Vec<f64> = steps.iter().map(|(end, _)| *end).collect();
    let outlines = outlines(extract, &times)?;
    let end = |((_, step), lines): ((f64, &Step), Vec<String>)| End {
        index: step.index.unwrap_or_default(),
        title: step.title.clone(),
        lines,
    };
    Ok(steps.into_iter().zip(outlines).map(end).collect())
}

fn row(index: u64, a: &[End], b: &[End], deadline: Instant) -> Option<DomRow> {
    let of = |ends: &'_ [End]| ends.iter().position(|end| end.index == index);
    let (a, b) = (of(a).map(|at| &a[at]), of(b).map(|at| &b[at]));
    let title = a.or(b)?.title.clone();
    let empty = Vec::new();
    let lines = (a.map_or(&empty, |end| &end.lines), b.map_or(&empty, |end| &end.lines));
    let (a_lines, b_lines) = (a.map(|end| end.lines.len()), b.map(|end| end.lines.len()));
    let mut found =
        DomRow { index, title, a_lines, b_lines, added: 0, removed: 0, changes: Vec::new() };
    if a.is_none() || b.is_none() {
        return Some(found);
    }
    for op in capture_diff_slices_deadline(Algorithm::Myers, lines.0, lines.1, Some(deadline)) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (old, new) = (&lines.0[op.old_range()], &lines.1[op.new_range()]);
        (found.removed, found.added) = (found.removed + old.len(), found.added + new.len());
        let told = old.iter().map(|line| format!("-{line}"));
        found.changes.extend(told.chain(new.iter().map(|line| format!("+{line}"))));
    }
    found.changes.truncate(MAX_CHANGES);
    Some(found)
}
