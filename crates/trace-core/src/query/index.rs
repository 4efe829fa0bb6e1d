//! Which step lies in which, and the numbers of the top-level ones.

use std::collections::HashMap;

use crate::event::Event;
use crate::scan;

/// How far up a chain of parents is followed; a cycle written by a broken recorder ends here.
const MAX_PARENTS: usize = 128;

/// The steps of a trace as far as queries need them. Grows while a trace is read.
#[derive(Debug, Clone, Default)]
pub struct StepIndex {
    steps: HashMap<Box<str>, Place>,
}

#[derive(Debug, Clone, Default)]
struct Place {
    number: Option<u64>,
    parent: Option<Box<str>>,
}

impl StepIndex {
    /// Notes a step: its number when it is a top-level `test.step`, its parent when it lies in another.
    pub fn add(&mut self, id: &str, number: Option<u64>, parent: Option<&str>) {
        self.steps.insert(id.into(), Place { number, parent: parent.map(Into::into) });
    }

    /// Takes in the event when it is a `step.start`.
    pub fn observe(&mut self, event: &Event) {
        if let (crate::Kind::StepStart, Some(id)) = (&event.kind, &event.step_id) {
            self.add_payload(id.as_str(), event.payload.as_str().as_bytes());
        }
    }

    /// Takes in a raw line when it is a `step.start`.
    pub fn observe_line(&mut self, line: &[u8]) {
        let Some(target) = super::target::Target::of_line(line) else { return };
        if let ("step.start", Some(id)) = (target.kind.as_ref(), &target.step) {
            self.add_payload(id, line);
        }
    }

    fn add_payload(&mut self, id: &str, payload: &[u8]) {
        let number = scan::field(payload, "index").and_then(|found| {
            std::str::from_utf8(found.raw).ok().and_then(|text| text.parse().ok())
        });
        let parent = scan::string_field(payload, "parent_id");
        self.add(id, number, parent.as_deref());
    }

    /// The number of the top-level step that is or holds `id`.
    pub fn number(&self, id: &str) -> Option<u64> {
        self.upwards(id).find_map(|(_, place)| place.number)
    }

    /// True when `id` is `outer` or lies in it, however deep.
    pub fn is_within(&self, id: &str, outer: &str) -> bool {
        self.upwards(id).any(|(id, place)| id == outer || place.parent.as_deref() == Some(outer))
    }

    /// The ids of the steps that are or lie in top-level steps `low..=high`.
    pub fn ids_in(&self, low: u64, high: u64) -> Vec<&str> {
        let inside = |id: &str| self.number(id).is_some_and(|n| (low..=high).contains(&n));
        self.steps.keys().map(AsRef::as_ref).filter(|id| inside(id)).collect()
    }

    /// The ids of the step `outer` and of every step in it.
    pub fn ids_within(&self, outer: &str) -> Vec<&str> {
        self.steps.keys().map(AsRef::as_ref).filter(|id| self.is_within(id, outer)).collect()
    }

    fn upwards<'a>(&'a self, id: &'a str) -> impl Iterator<Item = (&'a str, &'a Place)> {
        let find = |id: &str| self.steps.get_key_value(id).map(|(id, place)| (id.as_ref(), place));
        let up = move |found: &(&'a str, &'a Place)| found.1.parent.as_deref().and_then(find);
        std::iter::successors(find(id), up).take(MAX_PARENTS)
    }
}
