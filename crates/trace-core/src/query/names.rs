//! The documented names, and the one that was probably meant.

use super::KindPattern;
use super::error::QueryDiagnostic;
use super::expr::Literal;
use super::lex::Spanned;
use crate::event::Kind;

/// Every payload field of the format's table, plus the envelope.
const FIELDS: &[&str] = &[
    "agent",
    "api",
    "args",
    "artifact",
    "attachment",
    "body",
    "body_missing",
    "branch",
    "canceled",
    "capture",
    "category",
    "cause",
    "clock_ms",
    "clone",
    "code",
    "code_sha",
    "column",
    "content",
    "count",
    "counts",
    "data",
    "delay_ms",
    "digest",
    "direction",
    "duration_ms",
    "end_ts",
    "environment",
    "epoch",
    "error",
    "errors",
    "events",
    "expected",
    "expected_status",
    "first_ts",
    "format",
    "frame",
    "frame_url",
    "from_cache",
    "from_ms",
    "from_service_worker",
    "generation",
    "headers",
    "height",
    "image",
    "index",
    "input",
    "key",
    "kind",
    "last_ts",
    "level",
    "line",
    "location",
    "locator",
    "message",
    "method",
    "name",
    "negated",
    "opcode",
    "output",
    "page",
    "params",
    "parent_id",
    "pass",
    "path",
    "project",
    "rate",
    "reason",
    "received",
    "recorder",
    "redirected_from",
    "remote",
    "repeat_each",
    "request_id",
    "resource_type",
    "result",
    "retry",
    "rev",
    "run",
    "scenario",
    "schema",
    "seeds",
    "seq",
    "short_id",
    "snapshot",
    "soft",
    "source",
    "stack",
    "start_ts",
    "state",
    "status",
    "status_text",
    "step",
    "step_id",
    "stream",
    "text",
    "timing",
    "title",
    "to_ms",
    "trace_id",
    "ts",
    "url",
    "value",
    "wall_ms",
    "when",
    "width",
    "worker",
];

/// A field that no table has, when a documented one is close to it. Own fields of tests stay silent.
pub(super) fn check_field(name: &str, position: usize) -> Option<QueryDiagnostic> {
    if FIELDS.contains(&name) {
        return None;
    }
    let near = nearest(name, FIELDS.iter().copied())?;
    Some(QueryDiagnostic {
        code: "unknown_field",
        position,
        length: name.len(),
        message: format!("no documented field is called `{name}`"),
        suggestion: Some(near.to_owned()),
    })
}

/// A kind that this version does not know; it may still be in the trace.
pub(super) fn check_kind(pattern: &KindPattern, position: usize) -> Option<QueryDiagnostic> {
    if Kind::KNOWN.iter().any(|kind| pattern.matches(kind.as_str())) {
        return None;
    }
    let near = nearest(pattern.as_str(), Kind::KNOWN.iter().map(Kind::as_str));
    Some(QueryDiagnostic {
        code: "unknown_kind",
        position,
        length: pattern.as_str().len(),
        message: format!("no known kind matches `{}`", pattern.as_str()),
        suggestion: near.map(str::to_owned),
    })
}

/// A `*` in the value of a payload field, where it stands for itself.
pub(super) fn check_wildcard(value: &Spanned<Literal>) -> Option<QueryDiagnostic> {
    let Literal::Text(text) = &value.value else { return None };
    text.contains('*').then(|| QueryDiagnostic {
        code: "literal_wildcard",
        position: value.start,
        length: text.len(),
        message: "`*` is a wildcard in kinds only and stands for itself here".to_owned(),
        suggestion: Some(format!("contains \"{}\"", text.trim_matches('*'))),
    })
}

/// The closest name within a third of the length, at most two edits away.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).min(2);
    let scored = known.map(|known| (edits(name, known, limit), known));
    scored
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours between two names; more than `limit` is not counted out.
fn edits(a: &str, b: &str, limit: usize) -> usize {
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
