//! Live chunks go once the archive is durable.

use super::Work;
use crate::catalog::Form;
use crate::error::AppError;

/// Removes the chunks' objects; their rows stay, so that a recorder that asks again still hears that it sent them.
pub(super) async fn clean(work: &Work<'_>) -> Result<usize, AppError> {
    let Work { app, job, record, prefix } = work;
    if record.form != Form::Archived {
        return Err(anyhow::anyhow!("trace `{}` is not archived yet", job.trace).into());
    }
    let rows = app.catalog.chunks(&job.org, job.trace).await?;
    for row in &rows {
        app.store.delete(&prefix.chunk(u64::from(row.chunk_no))).await?;
    }
    Ok(rows.len())
}
