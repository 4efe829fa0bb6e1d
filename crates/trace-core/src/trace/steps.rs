//! Before and after pairs into a step tree. Ends without a beginning and beginnings without an end are kept, because a
//! killed worker leaves both.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::read::{error_message, integer, number, strings, text};
use crate::event::{Event, Kind, Seq, StepId, Timestamp};

/// How a step came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepStatus {
    /// Its body returned.
    Passed,
    /// Its body threw.
    Failed,
    /// It never ran.
    Skipped,
    /// It began and the trace ends without its end.
    Unfinished,
}

impl StepStatus {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Unfinished => "unfinished",
        }
    }
}

/// One step and what happened in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// Number of a top-level `test.step`, from 1.
    pub index: Option<u64>,
    /// Its title; the id when its beginning is missing.
    pub title: String,
    /// `test.step`, `implicit`, `hook`, `fixture`, or what a newer recorder wrote.
    pub category: String,
    /// Titles from the outside in.
    pub path: Vec<String>,
    /// Milliseconds on the trace's axis.
    pub start_ms: f64,
    /// Milliseconds on the trace's axis; none while unfinished.
    pub end_ms: Option<f64>,
    /// How it came out.
    pub status: StepStatus,
    /// The message of the error that ended it.
    pub error: Option<String>,
    /// Position in [`StepTree::steps`] of the step it lies in.
    pub parent: Option<usize>,
    /// Positions in [`StepTree::steps`] of the steps in it, in order of their beginning.
    pub children: Vec<usize>,
    /// Number of its first event.
    pub first_seq: Seq,
    /// Number of its last event, those of steps in it included.
    pub last_seq: Seq,
    /// Events that name this step itself.
    pub events: u64,
    /// Failed requests, answers of status 400 and above, and console errors among them.
    pub problems: u64,
}

/// The steps of a trace in order of their beginning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepTree {
    /// Every step.
    pub steps: Vec<Step>,
    /// Positions of the top-level ones.
    pub roots: Vec<usize>,
}

impl StepTree {
    /// The tree of a whole trace.
    pub fn build<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut builder = StepTreeBuilder::default();
        events.into_iter().for_each(|event| builder.push(event));
        builder.finish()
    }

    /// The step of that id.
    pub fn get(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// The top-level `test.step` of that number.
    pub fn numbered(&self, index: u64) -> Option<&Step> {
        self.roots.iter().map(|at| &self.steps[*at]).find(|step| step.index == Some(index))
    }

    /// The first failed top-level step. When none says so (a timeout kills the test between two events), the first unfinished one.
    pub fn failed_step(&self) -> Option<&Step> {
        let roots = || self.roots.iter().map(|at| &self.steps[*at]);
        let failed = roots().find(|step| step.status == StepStatus::Failed);
        failed.or_else(|| roots().find(|step| step.status == StepStatus::Unfinished))
    }

    /// The innermost step that failed in `step`; `step` itself when no child did.
    pub fn deepest_failure<'a>(&'a self, step: &'a Step) -> &'a Step {
        let mut at = step;
        let failing =
            |step: &Step| matches!(step.status, StepStatus::Failed | StepStatus::Unfinished);
        while let Some(child) =
            at.children.iter().map(|child| &self.steps[*child]).find(|step| failing(step))
        {
            at = child;
        }
        at
    }
}

/// Builds the tree while a trace is read.
#[derive(Debug, Clone, Default)]
pub struct StepTreeBuilder {
    tree: StepTree,
    places: HashMap<StepId, usize>,
    numbered: u64,
}

impl StepTreeBuilder {
    /// Takes in the next event.
    pub fn push(&mut self, event: &Event) {
        let Some(id) = &event.step_id else { return };
        match event.kind {
            Kind::StepStart if !self.places.contains_key(id) => self.begin(id, event),
            Kind::StepEnd => self.end(id, event),
            _ => {}
        }
        self.count(id, event);
    }

    /// The tree as far as it has grown.
    pub fn tree(&self) -> &StepTree {
        &self.tree
    }

    /// The tree; steps without an end stay unfinished.
    pub fn finish(self) -> StepTree {
        self.tree
    }

    fn begin(&mut self, id: &StepId, event: &Event) {
        // Only a step that is known already can be a parent, so a broken recorder cannot build a cycle.
        let parent = text(event, "parent_id").and_then(|parent| parent.parse::<StepId>().ok());
        let parent = parent.and_then(|parent| self.places.get(&parent).copied());
        let category = text(event, "category").unwrap_or_else(|| "test.step".to_owned());
        let index = (parent.is_none() && category == "test.step").then(|| {
            self.numbered =
                integer(event, "index").unwrap_or_else(|| self.numbered.saturating_add(1));
            self.numbered
        });
        let title = text(event, "title").unwrap_or_else(|| id.as_str().to_owned());
        let path = strings(event, "path").unwrap_or_else(|| vec![title.clone()]);
        let step = Step { index, title, category, path, parent, ..blank(id, event) };
        self.add(step);
    }

    fn end(&mut self, id: &StepId, event: &Event) {
        let at = if let Some(at) = self.places.get(id) {
            *at
        } else {
            let began = event.ts.as_ms() - number(event, "duration_ms").unwrap_or(0.0);
            self.add(Step { start_ms: began.max(0.0), ..blank(id, event) })
        };
        let step = &mut self.tree.steps[at];
        step.end_ms = Some(event.ts.as_ms());
        step.error = error_message(event);
        step.status = match text(event, "status").as_deref() {
            Some("failed") => StepStatus::Failed,
            Some("skipped") => StepStatus::Skipped,
            Some("passed") => StepStatus::Passed,
            _ if step.error.is_some() => StepStatus::Failed,
            _ => StepStatus::Passed,
        };
    }

    fn add(&mut self, step: Step) -> usize {
        let at = self.tree.steps.len();
        self.places.insert(step.id.clone(), at);
        match step.parent {
            Some(parent) => self.tree.steps[parent].children.push(at),
            None => self.tree.roots.push(at),
        }
        self.tree.steps.push(step);
        at
    }

    fn count(&mut self, id: &StepId, event: &Event) {
        let Some(at) = self.places.get(id).copied() else { return };
        let step = &mut self.tree.steps[at];
        step.events += 1;
        step.problems += u64::from(super::read::is_problem(event));
        let mut outer = Some(at);
        while let Some(at) = outer {
            let step = &mut self.tree.steps[at];
            step.first_seq = step.first_seq.min(event.seq);
            step.last_seq = step.last_seq.max(event.seq);
            outer = step.parent;
        }
    }
}

fn blank(id: &StepId, event: &Event) -> Step {
    Step {
        id: id.clone(),
        index: None,
        title: id.as_str().to_owned(),
        category: "test.step".to_owned(),
        path: Vec::new(),
        start_ms: Timestamp::as_ms(event.ts),
        end_ms: None,
        status: StepStatus::Unfinished,
        error: None,
        parent: None,
        children: Vec::new(),
        first_seq: event.seq,
        last_seq: event.seq,
        events: 0,
        problems: 0,
    }
}
