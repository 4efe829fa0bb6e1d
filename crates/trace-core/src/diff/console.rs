//! Console lines as a multiset: how often each stands in either trace, whatever changes from run to run left out.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::{Event, Kind, Seq};
use crate::trace::normalise::normalise;
use crate::trace::read::text;

/// A line that one trace has more often than the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsoleRow {
    /// `log`, `warn`, `error`, `pageerror` …
    pub level: String,
    /// The text as it stands in the first trace that has it, with ids and numbers replaced.
    pub text: String,
    /// Its events in A.
    pub a: Vec<Seq>,
    /// Its events in B.
    pub b: Vec<Seq>,
}

impl ConsoleRow {
    pub(super) fn swap(&mut self) {
        std::mem::swap(&mut self.a, &mut self.b);
    }
}

/// The lines whose numbers differ, errors first.
pub(super) fn rows(a: &[Event], b: &[Event]) -> Vec<ConsoleRow> {
    let mut found: BTreeMap<Line, (Vec<Seq>, Vec<Seq>)> = BTreeMap::new();
    for event in a {
        if let Some(key) = key(event) {
            found.entry(key).or_default().0.push(event.seq);
        }
    }
    for event in b {
        if let Some(key) = key(event) {
            found.entry(key).or_default().1.push(event.seq);
        }
    }
    found
        .into_iter()
        .filter(|(_, (a, b))| a.len() != b.len())
        .map(|((_, level, text), (a, b))| ConsoleRow { level, text, a, b })
        .collect()
}

/// Not an error (errors come first), level, text.
type Line = (bool, String, String);

fn key(event: &Event) -> Option<Line> {
    if !matches!(event.kind, Kind::ConsoleLog | Kind::ConsoleError) {
        return None;
    }
    let level = text(event, "level").unwrap_or_default();
    Some((event.kind != Kind::ConsoleError, level, normalise(&text(event, "text")?)))
}
