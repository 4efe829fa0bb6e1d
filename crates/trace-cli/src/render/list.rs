//! The list of traces.

use trace_render::status_sign;

use super::{Paint, bytes, duration, plain};
use crate::source::Row;

/// One line a trace; the failing step stands under the line of a failed one.
pub(crate) fn list(rows: &[Row]) -> String {
    let width =
        rows.iter().map(|row| row.scenario_title.chars().count()).max().unwrap_or(0).min(56);
    rows.iter().map(|row| line(row, width)).collect()
}

fn line(row: &Row, width: usize) -> String {
    let (sign, look) = status_sign(&row.status);
    let title: String = plain(&row.scenario_title).chars().take(width).collect();
    let took = row.duration_ms.map(duration).unwrap_or_default();
    let size = row.bytes.map(bytes).unwrap_or_default();
    let retry = if row.retry > 0 { format!(" retry {}", row.retry) } else { String::new() };
    let signature = row
        .failure_signature
        .as_deref()
        .map(|slug| Paint::Warn.on(plain(slug)))
        .unwrap_or_default();
    let head = format!(
        "{} {:<8} {}  {title:<width$}  {took:>9}  {size:>9}{retry}  {signature}\n",
        look.on(sign),
        row.status,
        Paint::Strong.on(&row.short_id)
    );
    let failed = row.failed_step.as_ref().map(|step| {
        let number = step.index.map(|index| format!("step {index} ")).unwrap_or_default();
        format!(
            "{:12}{}\n",
            "",
            Paint::Faint.on(format!("failed at {number}“{}”", plain(&step.title)))
        )
    });
    head + &failed.unwrap_or_default()
}
