//! What came out: `summary.json`, the row's status and failure, the words to find it by, the pin.

use serde_json::json;
use trace_core::ndjson::{Lines, decode_line};
use trace_core::trace::{SearchText, Summary, SummaryBuilder};

use super::Work;
use crate::catalog::{Outcome, PostRow, Status};
use crate::error::AppError;
use crate::read::{self, ReadFailure, Source};

/// Reads the trace once and updates its row.
pub(super) async fn outcome(work: &Work<'_>) -> Result<Status, AppError> {
    let Work { app, job, record, prefix } = work;
    let (summary, search_text) = read::read(app, &job.org, job.trace, digest).await?;
    let json = serde_json::to_vec(&summary)?;
    work.publish_file("summary.json", &prefix.summary(), json.into()).await?;
    let outcome = record.outcome.unwrap_or(Outcome::Aborted);
    let pin = outcome == Outcome::Failed && app.catalog.pins_failed(&job.org).await?;
    let row = row(&summary, outcome, search_text, pin);
    app.catalog.set_outcome(&job.org, job.trace, &row, app.clock.now_ms()).await?;
    Ok(row.status)
}

fn digest(source: &Source) -> Result<(Summary, String), ReadFailure> {
    let (mut summary, mut search) = (SummaryBuilder::default(), SearchText::default());
    for n in 0..source.n_frames() {
        let raw = source.lines(n)?;
        summary.push_bytes(&raw);
        for line in Lines::new(&raw) {
            if let Ok(event) = decode_line(line.bytes) {
                summary.push(&event);
                search.push(&event);
            }
        }
    }
    let summary = summary.finish();
    if let Some(signature) = &summary.signature {
        search.add(&signature.slug);
    }
    Ok((summary, search.finish()))
}

/// How the recorder closed the trace decides the status; what the events say decides the rest.
fn row(summary: &Summary, outcome: Outcome, search_text: String, pin: bool) -> PostRow {
    let failed = (outcome != Outcome::Passed).then_some(summary);
    let signature = failed.and_then(|summary| summary.signature.as_ref());
    let failed_step = failed.and_then(|summary| summary.failed_step.as_ref());
    let failed_step = failed_step
        .map(|step| json!({"index": step.index, "id": step.id, "title": step.title}).to_string());
    PostRow {
        status: outcome.into(),
        duration_ms: Some(summary.duration_ms),
        events: summary.total_lines,
        failure_signature: signature.map(|signature| signature.slug.clone()),
        failure_hash: signature.map(|signature| signature.hash.clone()),
        failed_step,
        search_text,
        pin,
    }
}
