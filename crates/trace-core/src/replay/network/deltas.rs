//! What differs between a request and a recorded one, for people.

use serde::Serialize;

use super::fields::{Place, Shape};

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

/// The first values that differ, in the order of place and name.
pub(super) fn deltas(recorded: &Shape, asked: &Shape) -> Vec<Delta> {
    let (mut left, mut right) = (recorded.fields.iter().peekable(), asked.fields.iter().peekable());
    let mut found = Vec::new();
    while found.len() < MOST {
        let key = |field: &super::Field| (field.place, field.name.clone());
        let (one, other) =
            (left.peek().map(|field| key(field)), right.peek().map(|field| key(field)));
        let Some(first) = one.iter().chain(&other).min().cloned() else { break };
        let recorded = left.next_if(|field| key(field) == first).map(|field| &field.value);
        let asked = right.next_if(|field| key(field) == first).map(|field| &field.value);
        if recorded != asked {
            let (place, name) = first;
            found.push(Delta {
                place,
                name,
                recorded: recorded.map(|value| cut(value)),
                asked: asked.map(|value| cut(value)),
            });
        }
    }
    found
}

fn cut(value: &str) -> String {
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    value.chars().take(LONGEST - 1).chain(['…']).collect()
}
