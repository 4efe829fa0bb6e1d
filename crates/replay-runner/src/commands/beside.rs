//! What differs between two traces, in lines for people.

use trace_core::diff::json::JsonOp;
use trace_core::diff::{
    CloneRow, Compared, ConsoleRow, Dimension, DomRow, NetworkRow, NetworkSide, PatchRow, StepRow,
    StepSide,
};

/// Changes of one clone and places of one step beyond this are counted, not printed.
const MOST: usize = 20;

/// What was asked for; everything but documents when nothing was named.
pub(super) fn for_people(found: &Compared) -> String {
    let is_asked = |dimension: Dimension| {
        found.dimension.map_or(dimension != Dimension::Dom, |asked| asked == dimension)
    };
    let mut text = String::new();
    if is_asked(Dimension::Steps) {
        text += "\nSteps\n";
        let top = |row: &&StepRow| row.category == "test.step" && row.depth == 0;
        text.extend(found.diff.steps.iter().filter(top).map(step));
    }
    if is_asked(Dimension::Network) {
        let (same, others) = (found.diff.network.same, found.diff.network.rows.len());
        text += &format!("Requests: {same} the same, {others} that differ\n");
        text.extend(found.diff.network.rows.iter().map(exchange));
    }
    if is_asked(Dimension::Console) {
        text.extend(found.diff.console.iter().map(console));
    }
    if is_asked(Dimension::Clones) {
        text.extend(found.clones.iter().map(clone));
    }
    if is_asked(Dimension::Dom) {
        text += "\nDocuments\n";
        text.extend(found.dom.iter().map(document));
    }
    if is_asked(Dimension::Patch) {
        text.extend(found.patch.iter().map(edit));
    }
    text
}

fn step(row: &StepRow) -> String {
    let side =
        |side: &Option<StepSide>| side.as_ref().map_or("absent", |side| side.status.as_str());
    let (a, b) = (side(&row.a), side(&row.b));
    let sign = if row.differs() { "~" } else { " " };
    let index = row.index.map(|index| format!("{index} ")).unwrap_or_default();
    format!("{sign} {index}{}: {a} -> {b}\n", row.title)
}

fn exchange(row: &NetworkRow) -> String {
    let status = |side: &Option<NetworkSide>| match side.as_ref().map(|side| side.status) {
        None => "absent".to_owned(),
        Some(None) => "no answer".to_owned(),
        Some(Some(status)) => status.to_string(),
    };
    let bodies = [("request", &row.request_body), ("answer", &row.response_body)];
    let changed: Vec<&str> =
        bodies.iter().filter(|(_, change)| change.is_some()).map(|(name, _)| *name).collect();
    let changed = if changed.is_empty() {
        String::new()
    } else {
        format!(", other {}", changed.join(" and "))
    };
    format!("~ {}: {} -> {}{changed}\n", row.name, status(&row.a), status(&row.b))
}

fn console(row: &ConsoleRow) -> String {
    let (a, b) = (row.a.len(), row.b.len());
    format!("~ console {}: {} ({a} -> {b} times)\n", row.level, row.text)
}

fn clone(row: &CloneRow) -> String {
    let of = row.projection.as_ref().map(|said| format!(" {said}")).unwrap_or_default();
    let mut text = format!("~ clone {}{of}\n", row.clone);
    for change in row.changes.iter().take(MOST) {
        let shown = |value: &Option<serde_json::Value>| {
            value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string)
        };
        let what = match change.op {
            JsonOp::Move => format!("moved to {}", change.to.as_deref().unwrap_or_default()),
            _ => format!("{} -> {}", shown(&change.before), shown(&change.after)),
        };
        text += &format!("    {} {what}\n", change.pointer);
    }
    text + &more(row.more + row.changes.len().saturating_sub(MOST))
}

fn document(row: &DomRow) -> String {
    let sign = if row.differs() { "~" } else { " " };
    let likeness = match (row.likeness, row.a_lines) {
        (Some(likeness), _) => format!("{:.1} % alike", likeness * 100.0),
        (None, Some(_)) => "only in the source".to_owned(),
        (None, None) => "only in the replay".to_owned(),
    };
    let mut text = format!("{sign} {} {}: {likeness}\n", row.index, row.title);
    for place in row.places.iter().take(MOST) {
        let op = serde_json::to_value(place.op).unwrap_or_default();
        let op = op.as_str().unwrap_or_default();
        text += &format!("    {op} in {}: {}\n", place.place, place.what);
    }
    text + &more(row.more_places + row.places.len().saturating_sub(MOST))
}

fn edit(row: &PatchRow) -> String {
    let side = if row.side == "a" { "the source" } else { "the replay" };
    let patch = row.patch.as_deref().unwrap_or("too long to be recorded");
    let lines = patch.lines().map(|line| format!("    {line}\n"));
    format!("edit of {side}: {}\n{}", row.name, lines.collect::<String>())
}

fn more(n: usize) -> String {
    if n == 0 { String::new() } else { format!("    and {n} more; --json has them\n") }
}
