//! Viewable at once: the chunks as they came, in one file with an index.

use trace_core::blob::BlobId;
use trace_core::chunk::archive;

use super::Work;
use crate::app::App;
use crate::catalog::{ArtifactRow, Form};
use crate::error::AppError;

/// Joins the chunks; they stay until the archive is durable.
pub(super) async fn publish(work: &Work<'_>) -> Result<u64, AppError> {
    let Work { app, job, record } = work;
    if record.form != Form::Live {
        return Ok(record.bytes);
    }
    let prefix = App::prefix(&job.org, record)?;
    let mut chunks = Vec::new();
    for row in app.catalog.chunks(&job.org, job.trace).await? {
        chunks.push(app.store.get(&prefix.chunk(u64::from(row.chunk_no))).await?);
    }
    let joined = tokio::task::spawn_blocking(move || {
        let (file, _) = archive::concat(chunks.iter().map(|chunk| &chunk[..]))?;
        let id = BlobId::of(&file);
        Ok::<_, AppError>((file, id))
    });
    let (file, id) = joined.await??;
    let bytes = file.len() as u64;
    app.store.put(&prefix.trace_file(), file.into()).await?;
    let row =
        ArtifactRow { name: "trace.ndjson.zst".to_owned(), sha256: id.hex(), bytes, ours: true };
    app.catalog.commit_artifact(&job.org, job.trace, &row, app.clock.now_ms()).await?;
    app.catalog.set_form(&job.org, job.trace, Form::Viewable, bytes).await?;
    Ok(bytes)
}
