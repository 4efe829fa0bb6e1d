//! Which recorded step a call belongs to.

use std::collections::HashMap;

use super::{RunnerStep, Tape};
use crate::trace::{Step, StepTree};

impl Tape {
    /// Finds the step of each call: by the runner's own record where there is one, otherwise by the middle of its time, because
    /// two clocks agree to a millisecond only.
    pub fn place(&mut self, tree: &StepTree) {
        let by_runner = by_runner(&self.runner, tree);
        let parents: HashMap<&str, &RunnerStep> =
            self.runner.iter().map(|step| (step.id.as_str(), step)).collect();
        for call in &mut self.calls {
            let known = call.runner_step.as_deref().filter(|id| parents.contains_key(id));
            let place = match known {
                Some(id) => around(id, &parents).find_map(|id| by_runner.get(id).copied()),
                None => call
                    .start_ms
                    .and_then(|start| at(f64::midpoint(start, call.end_ms.unwrap_or(start)), tree)),
            };
            call.step_id = place.map(|at| tree.steps[at].id.to_string());
            call.step = place.and_then(|at| number(at, tree));
        }
    }
}

/// The ids of a runner's step and of those around it, from the inside out.
fn around<'r>(
    id: &'r str,
    parents: &HashMap<&'r str, &'r RunnerStep>,
) -> impl Iterator<Item = &'r str> {
    let mut next = Some(id);
    let parents = parents.clone();
    // A broken record may hold a cycle.
    let most = parents.len() + 1;
    std::iter::from_fn(move || {
        let id = next?;
        next = parents.get(id).and_then(|step| step.parent.as_deref());
        Some(id)
    })
    .take(most)
}

/// The runner's steps that are steps of the trace: both stand in the order of their beginning, with the same titles.
fn by_runner<'r>(runner: &'r [RunnerStep], tree: &StepTree) -> HashMap<&'r str, usize> {
    let mut waiting: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (at, step) in tree.steps.iter().enumerate().rev() {
        waiting.entry((&step.category, &step.title)).or_default().push(at);
    }
    let mut found = HashMap::new();
    for step in runner {
        let key = (step.category.as_str(), step.title.as_str());
        if let Some(at) = waiting.get_mut(&key).and_then(Vec::pop) {
            found.insert(step.id.as_str(), at);
        }
    }
    found
}

/// The innermost step at that time.
fn at(ms: f64, tree: &StepTree) -> Option<usize> {
    let holds = |step: &Step| step.start_ms <= ms && step.end_ms.is_none_or(|end| ms <= end);
    tree.steps.iter().rposition(holds)
}

/// Number of the top-level step around a step.
fn number(at: usize, tree: &StepTree) -> Option<u64> {
    let mut at = at;
    while let Some(parent) = tree.steps[at].parent {
        at = parent;
    }
    tree.steps[at].index
}
