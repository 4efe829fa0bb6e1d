//! What a replay has to know of its source before anything is opened.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use trace_core::edge;
use trace_core::event::RunStart;
use trace_core::trace::{Step, StepTree};
use trace_core::{Event, Kind};

use crate::codes::Code;
use crate::error::{Result, RunnerError};

/// A top-level `test.step`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct StepFact {
    /// Its number, from 1.
    pub(crate) index: u64,
    /// Its title.
    pub(crate) title: String,
    /// Its id in the trace.
    pub(crate) id: String,
    /// Wall clock at its beginning, in epoch milliseconds.
    pub(crate) wall_ms: f64,
}

/// A trace as a replay sees it.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The trace's first event.
    pub(crate) start: RunStart,
    /// Its top-level steps, in order.
    pub(crate) steps: Vec<StepFact>,
    /// The seed that the test's pages and its own numbers were drawn from.
    pub(crate) rng_seed: Option<String>,
}

impl Facts {
    /// Step `number`, or a sentence that says which there are.
    pub(crate) fn step(&self, number: u64) -> Result<&StepFact> {
        self.steps.iter().find(|step| step.index == number).ok_or_else(|| {
            let there = match self.steps.as_slice() {
                [] => {
                    "it has no top-level `test.step` at all, so it can only be run whole".to_owned()
                }
                steps => format!("it has {} top-level steps", steps.len()),
            };
            let message = format!("trace {} has no step {number}: {there}", self.start.trace_id);
            RunnerError::blocked(Code::NoSuchStep, message)
        })
    }
}

/// Reads a trace's directory.
pub(crate) fn read(dir: &Path) -> Result<Facts> {
    let unreadable = |error: &dyn std::error::Error| {
        RunnerError::usage(format!("`{}` cannot be read as a trace: {error}", dir.display()))
    };
    let trace = edge::open_trace(dir).map_err(|error| unreadable(&error))?;
    let events = trace.read_all().events;
    let start = events.iter().find(|event| event.kind == Kind::RunStart);
    let start = start.ok_or_else(|| {
        RunnerError::usage(format!(
            "`{}` has no `run.start`, so nothing says which test it is",
            dir.display()
        ))
    })?;
    let start: RunStart = start.payload.read("run.start").map_err(|error| unreadable(&error))?;
    let tree = StepTree::build(&events);
    Ok(Facts { steps: steps(&tree, &start), rng_seed: events.iter().find_map(rng_seed), start })
}

fn steps(tree: &StepTree, start: &RunStart) -> Vec<StepFact> {
    let fact = |step: &Step| {
        Some(StepFact {
            index: step.index?,
            title: step.title.clone(),
            id: step.id.as_str().to_owned(),
            wall_ms: start.wall_ms as f64 + step.start_ms,
        })
    };
    tree.roots.iter().filter_map(|at| fact(&tree.steps[*at])).collect()
}

fn rng_seed(event: &Event) -> Option<String> {
    let named = |name: &str| event.payload.field("name").is_some_and(|found| found == name);
    if event.kind != Kind::ScenarioEvent || !named("rng.seed") {
        return None;
    }
    match event.payload.field("data.seed")? {
        Value::String(seed) => Some(seed),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}
