//! What differs between a request and a recorded one, for people.

use serde::Serialize;

use super::fields::{Place, Shape};
use crate::trace::normalise::cut;

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delta {
    /// Where it stands.
    pub place: Place,
    /// Its name there.
    pub name: String,
    /// What was recorded; none where the recorded request has no such value.
    pub recorded: Option<String>,
    /// What was asked for; none where this request has no such value.
    pub asked: Option<String>,
}

/// More than this are noise.
const MOST: usize = 8;
/// A value longer than this is cut.
const LONGEST: usize = 80;
/// Stands for a value that the record keeps in its vault.
const HIDDEN: &str = "[REDACTED]";

/// The first values that differ, in the order of place and name. Those that are `hidden` never show, because deltas are written
/// into the trace of the replay and into logs.
pub(super) fn deltas(
    recorded: &Shape,
    asked: &Shape,
    hidden: &dyn Fn(&super::Field) -> bool,
) -> Vec<Delta> {
    let (mut left, mut right) = (recorded.fields.iter().peekable(), asked.fields.iter().peekable());
    let mut found = Vec::new();
    while found.len() < MOST {
        let key = |field: &super::Field| (field.place, field.name.clone());
        let (one, other) =
            (left.peek().map(|field| key(field)), right.peek().map(|field| key(field)));
        let Some(first) = one.iter().chain(&other).min().cloned() else { break };
        let recorded = left.next_if(|field| key(field) == first);
        let asked = right.next_if(|field| key(field) == first);
        if recorded.map(|field| &field.value) != asked.map(|field| &field.value) {
            let shown = |field: &super::Field| {
                if hidden(field) { HIDDEN.to_owned() } else { cut(&field.value, LONGEST) }
            };
            let (place, name) = first;
            found.push(Delta {
                place,
                name,
                recorded: recorded.map(shown),
                asked: asked.map(shown),
            });
        }
    }
    found
}
