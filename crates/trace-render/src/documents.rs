//! `diff`: documents at the ends of steps, and the edits of replays.

use trace_core::diff::{DomRow, PatchRow};
use trace_core::dom::{DomChange, DomOp};

use crate::{Paint, one_line, plain};

/// Places of one step beyond this are counted, not printed.
const MOST_PLACES: usize = 20;

/// Each step with how alike its documents are, and where they differ.
pub(super) fn dom(rows: &[DomRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("\n{}\n{}", Paint::Strong.on("Documents"), rows.iter().map(row).collect::<String>())
}

fn row(row: &DomRow) -> String {
    let mark = if row.differs() { Paint::Warn.on("~") } else { " ".to_owned() };
    let likeness = match (row.likeness, row.a_lines, row.b_lines) {
        (Some(likeness), ..) => format!("{:.1} % alike", likeness * 100.0),
        (None, Some(_), _) => "only in A".to_owned(),
        (None, None, _) => "only in B".to_owned(),
    };
    let lines = match (row.removed, row.added) {
        (0, 0) => String::new(),
        (removed, added) => format!(", lines -{removed} +{added}"),
    };
    let mut text = format!(
        "  {mark} {:>2} {}  {}\n",
        row.index,
        one_line(&row.title),
        Paint::Faint.on(format!("{likeness}{lines}"))
    );
    text.extend(row.places.iter().take(MOST_PLACES).map(place));
    let more = row.more_places + row.places.len().saturating_sub(MOST_PLACES);
    if more > 0 {
        text += &format!("        {}\n", Paint::Faint.on(format!("and {more} further places")));
    }
    text
}

fn place(change: &DomChange) -> String {
    let what = one_line(&change.what);
    let what = match change.op {
        DomOp::Added => Paint::Good.on(format!("+ {what}")),
        DomOp::Removed => Paint::Bad.on(format!("- {what}")),
        DomOp::Changed => what,
    };
    format!("        {} {what}\n", one_line(&change.place))
}

/// The edits that one side alone was carried out with.
pub(super) fn patch(rows: &[PatchRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("\n{}\n{}", Paint::Strong.on("Edits"), rows.iter().map(edit).collect::<String>())
}

fn edit(row: &PatchRow) -> String {
    let seq = Paint::Faint.on(format!("(seq:{})", row.seq));
    let side = row.side.to_uppercase();
    let mut text = format!("  {} {} {seq}\n", Paint::Strong.on(side), one_line(&row.name));
    let Some(patch) = &row.patch else {
        return text + "      too long to be recorded\n";
    };
    for line in patch.lines() {
        let shown = plain(line);
        text += &match line.as_bytes().first() {
            Some(b'+') => format!("      {}\n", Paint::Good.on(shown)),
            Some(b'-') => format!("      {}\n", Paint::Bad.on(shown)),
            _ => format!("      {shown}\n"),
        };
    }
    text
}
