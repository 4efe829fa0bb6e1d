//! `stats`: tables of what a trace consists of, the largest first.

use super::{Paint, bytes, duration, plain};
use crate::stats::{Blobs, Share, Stats};
use trace_render::one_line;

/// Rows of a table beyond this are summed up.
const MOST_ROWS: usize = 8;
/// Cells of a bar.
const BAR: usize = 20;

/// The whole page.
pub(crate) fn stats(stats: &Stats) -> String {
    let mut page = head(stats);
    page += &shares("By source", stats.sources.iter().map(|(name, share)| (*name, *share)));
    page += &shares("By kind", stats.kinds.iter().map(|(name, share)| (name.as_str(), *share)));
    page += &media(stats);
    page += &artifacts(stats);
    page += &hosts(stats);
    page += &slow(stats);
    page += &blobs(&stats.blobs);
    page += &gaps(stats);
    page
}

fn head(stats: &Stats) -> String {
    let statuses: Vec<String> =
        stats.statuses.iter().map(|(name, n)| format!("{n} {name}")).collect();
    let traces =
        if stats.traces == 1 { "1 trace".to_owned() } else { format!("{} traces", stats.traces) };
    let facts = [
        statuses.join(", "),
        format!("{} events", stats.events),
        format!("{} of lines", bytes(stats.line_bytes)),
    ];
    let dominates =
        stats.dominates.as_deref().map(|told| format!("  {}\n", Paint::Warn.on(plain(told))));
    format!(
        "\n{}  {}\n{}",
        Paint::Strong.on(traces),
        Paint::Faint.on(facts.join(" · ")),
        dominates.unwrap_or_default()
    )
}

fn shares<'a>(title: &str, all: impl Iterator<Item = (&'a str, Share)>) -> String {
    let rows = all.map(|(name, share)| {
        let told = format!(
            "{:>7} events  {:>9} in lines  {:>9} in blobs",
            share.events,
            bytes(share.line_bytes),
            bytes(share.blob_bytes)
        );
        (name.to_owned(), share.bytes(), told)
    });
    table(title, rows.collect())
}

fn media(stats: &Stats) -> String {
    let rows = stats.media_types.iter().map(|(name, media)| {
        (
            name.clone(),
            media.bytes,
            format!("{:>7} contents  {:>9}", media.contents, bytes(media.bytes)),
        )
    });
    table("By media type", rows.collect())
}

fn artifacts(stats: &Stats) -> String {
    let rows = stats
        .artifacts
        .iter()
        .map(|(name, size)| (name.clone(), *size, format!("{:>9}", bytes(*size))));
    table("Artifacts", rows.collect())
}

fn hosts(stats: &Stats) -> String {
    let rows = stats.hosts.iter().map(|(name, host)| {
        let failed = if host.failed > 0 {
            Paint::Bad.on(format!("  {} failed", host.failed))
        } else {
            String::new()
        };
        (
            name.clone(),
            host.bytes,
            format!("{:>7} requests  {:>9}{failed}", host.requests, bytes(host.bytes)),
        )
    });
    table("By host", rows.collect())
}

/// Rows with a bar of their share, the largest first.
fn table(title: &str, mut rows: Vec<(String, u64, String)>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let total = rows.iter().map(|row| row.1).sum::<u64>().max(1);
    let width =
        rows.iter().take(MOST_ROWS).map(|row| row.0.chars().count()).max().unwrap_or(0).min(40);
    let lines: String = rows
        .iter()
        .take(MOST_ROWS)
        .map(|(name, size, told)| {
            let share = *size as f64 / total as f64;
            let name: String = one_line(name).chars().take(width).collect();
            format!(
                "  {name:<width$}  {} {:>3.0} %  {told}\n",
                Paint::Faint.on(bar(share)),
                share * 100.0
            )
        })
        .collect();
    let more = rows.len().saturating_sub(MOST_ROWS);
    let more = if more > 0 {
        format!("  {}\n", Paint::Faint.on(format!("and {more} smaller ones")))
    } else {
        String::new()
    };
    format!("\n{}\n{lines}{more}", Paint::Strong.on(title))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share lies between 0 and 1"
)]
fn bar(share: f64) -> String {
    let full = (share * BAR as f64).round() as usize;
    "█".repeat(full.min(BAR)) + &"·".repeat(BAR - full.min(BAR))
}

fn slow(stats: &Stats) -> String {
    let line = |step: &crate::stats::SlowStep| {
        let place = if stats.traces > 1 {
            format!("{} (seq:{})", step.trace, step.seq)
        } else {
            format!("(seq:{})", step.seq)
        };
        format!(
            "  {:>9}  {} {}\n",
            duration(step.duration_ms),
            one_line(&step.title),
            Paint::Faint.on(place)
        )
    };
    let lines: String = stats.slow_steps.iter().map(line).collect();
    if lines.is_empty() {
        lines
    } else {
        format!("\n{}\n{lines}", Paint::Strong.on("Slowest steps"))
    }
}

fn blobs(blobs: &Blobs) -> String {
    if blobs.references == 0 {
        return String::new();
    }
    let ratio = blobs
        .dedup_ratio
        .map(|ratio| format!(", each byte stands for {ratio:.1}"))
        .unwrap_or_default();
    let mut text = format!(
        "\n{}\n  {} references to {} blobs, {} instead of {}{ratio}\n",
        Paint::Strong.on("Blobs"),
        blobs.references,
        blobs.distinct,
        bytes(blobs.distinct_bytes),
        bytes(blobs.referenced_bytes)
    );
    if let (Some(n), Some(size)) = (blobs.shared, blobs.shared_bytes) {
        text += &format!("  {n} of them ({}) are shared with other traces\n", bytes(size));
    }
    text
}

fn gaps(stats: &Stats) -> String {
    let lines: String = stats
        .gaps
        .iter()
        .map(|(code, n)| format!("  {} ×{n}\n", Paint::Warn.on(plain(code))))
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("\n{}\n{lines}", Paint::Strong.on("The record's own gaps"))
    }
}
