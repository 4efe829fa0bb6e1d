//! What lies before a step. Told by steps where an event has one, because events of one step may be numbered behind the
//! beginning of the next; by time otherwise.

use std::collections::HashMap;

use super::types::StepAt;
use crate::event::{Event, StepId};
use crate::replay::error::ReplayError;
use crate::trace::StepTree;

/// Everything before one top-level step.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// The step.
    pub step: StepAt,
    index: u64,
    /// Number of the top-level step around each step; none for hooks and the like.
    numbers: HashMap<StepId, Option<u64>>,
}

impl Past {
    /// What lies before the top-level step of that number.
    pub fn of(tree: &StepTree, index: u64) -> Result<Self, ReplayError> {
        let titles = || {
            let roots = tree.roots.iter().map(|at| &tree.steps[*at]);
            roots.filter_map(|step| Some(format!("{} `{}`", step.index?, step.title))).collect()
        };
        let step = tree
            .numbered(index)
            .ok_or_else(|| ReplayError::NoSuchStep { asked: index, titles: titles() })?;
        let mut numbers: HashMap<StepId, Option<u64>> = HashMap::new();
        for step in &tree.steps {
            let outer = step.parent.and_then(|at| numbers.get(&tree.steps[at].id).copied());
            numbers.insert(step.id.clone(), outer.unwrap_or(step.index));
        }
        let step = StepAt {
            id: step.id.clone(),
            title: step.title.clone(),
            seq: step.first_seq.get(),
            ts_ms: step.start_ms,
        };
        Ok(Self { step, index, numbers })
    }

    /// Whether the event lies before the step.
    pub fn has(&self, event: &Event) -> bool {
        match self.number(event) {
            Some(number) => number < self.index,
            None => event.ts.as_ms() < self.step.ts_ms,
        }
    }

    /// Whether the event belongs to the step itself or to a step in it.
    pub fn is_step_itself(&self, event: &Event) -> bool {
        self.number(event) == Some(self.index)
    }

    fn number(&self, event: &Event) -> Option<u64> {
        self.numbers.get(event.step_id.as_ref()?).copied().flatten()
    }
}
