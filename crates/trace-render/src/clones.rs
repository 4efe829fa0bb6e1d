//! `diff`: the states of clones.

use trace_core::diff::CloneRow;
use trace_core::diff::json::{JsonChange, JsonOp};

use crate::{Paint, one_line};

/// Changes of one clone beyond this are counted, not printed.
const MOST_CHANGES: usize = 20;

/// The clones whose states differ; ids and times of a live clone are new in every run, so this tells and does not judge.
pub(super) fn clones(rows: &[CloneRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("\n{}\n{}", Paint::Strong.on("Clones"), rows.iter().map(clone).collect::<String>())
}

fn clone(row: &CloneRow) -> String {
    let seq = |side: Option<trace_core::Seq>| {
        side.map_or_else(|| "nothing".to_owned(), |seq| format!("seq:{seq}"))
    };
    let seqs = Paint::Faint.on(format!("({} → {})", seq(row.a), seq(row.b)));
    let of = row.projection.as_ref().map(|said| format!(" {}", one_line(said))).unwrap_or_default();
    let mut text = format!("  {} {}{of} {seqs}\n", Paint::Warn.on("~"), one_line(&row.clone));
    text.extend(row.changes.iter().take(MOST_CHANGES).map(change));
    let more = row.more + row.changes.len().saturating_sub(MOST_CHANGES);
    if more > 0 {
        text +=
            &format!("      {}\n", Paint::Faint.on(format!("and {more} more; --json has them")));
    }
    text
}

fn change(change: &JsonChange) -> String {
    let shown = |value: &Option<serde_json::Value>| {
        value.as_ref().map(|value| one_line(&value.to_string())).unwrap_or_default()
    };
    let (before, after) = (shown(&change.before), shown(&change.after));
    let what = match change.op {
        JsonOp::Add => Paint::Good.on(format!("+ {after}")),
        JsonOp::Remove => Paint::Bad.on(format!("- {before}")),
        JsonOp::Replace => format!("{} → {}", Paint::Bad.on(before), Paint::Good.on(after)),
        JsonOp::Move => format!("moved to {}", change.to.as_deref().unwrap_or_default()),
    };
    format!("      {} {what}\n", one_line(&change.pointer))
}
