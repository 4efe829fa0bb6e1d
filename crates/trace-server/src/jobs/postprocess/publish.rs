//! Viewable at once: the chunks as they came, in one file with an index.

use trace_core::chunk::archive;

use super::Work;
use crate::catalog::Form;
use crate::error::AppError;

/// Joins the chunks; they stay until the archive is durable.
pub(super) async fn publish(work: &Work<'_>) -> Result<u64, AppError> {
    let Work { app, job, record, prefix } = work;
    if record.form != Form::Live {
        return Ok(record.bytes);
    }
    let mut chunks = Vec::new();
    for row in app.catalog.chunks(&job.org, job.trace).await? {
        chunks.push(app.store.get(&prefix.chunk(u64::from(row.chunk_no))).await?);
    }
    let joining =
        tokio::task::spawn_blocking(move || archive::concat(chunks.iter().map(|chunk| &chunk[..])));
    let (file, _) = joining.await??;
    let bytes = file.len() as u64;
    work.publish_file("trace.ndjson.zst", &prefix.trace_file(), file.into()).await?;
    app.catalog.set_form(&job.org, job.trace, Form::Viewable, bytes).await?;
    Ok(bytes)
}
