//! The edits that replays were carried out with, as their records name them.

use serde::Serialize;

use crate::event::{Event, Kind, ReplayEdit, ReplayStart, Seq};

/// An edit of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatchRow {
    /// `a` or `b`.
    pub side: &'static str,
    /// The `replay.start` that names it.
    pub seq: Seq,
    /// The name of its file.
    pub name: String,
    /// The unified diff; none where it was too long to be recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
}

/// The edits of both sides without those that both have: B beside A is what was edited in between.
pub fn patches(a: &[Event], b: &[Event]) -> Vec<PatchRow> {
    let (a, b) = (edits(a), edits(b));
    let rows =
        |side: &'static str, own: &[(Seq, ReplayEdit)], other: &[(Seq, ReplayEdit)]| {
            let is_shared = |edit: &ReplayEdit| other.iter().any(|(_, known)| known == edit);
            let rows = own.iter().filter(|(_, edit)| !is_shared(edit)).map(|(seq, edit)| {
                PatchRow { side, seq: *seq, name: edit.name.clone(), patch: edit.patch.clone() }
            });
            rows.collect::<Vec<_>>()
        };
    [rows("a", &a, &b), rows("b", &b, &a)].concat()
}

fn edits(events: &[Event]) -> Vec<(Seq, ReplayEdit)> {
    let starts = events.iter().filter(|event| event.kind == Kind::ReplayStart);
    let read = |event: &Event| {
        let start = event.payload.read::<ReplayStart>("replay.start").ok()?;
        Some(start.edits.into_iter().map(|edit| (event.seq, edit)).collect::<Vec<_>>())
    };
    starts.filter_map(read).flatten().collect()
}
