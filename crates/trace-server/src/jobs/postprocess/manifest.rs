//! `manifest.json`: which blobs and artifacts the trace needs.

use trace_core::ndjson::Lines;
use trace_core::trace::{ArtifactRef, ManifestBuilder};

use super::Work;
use crate::error::AppError;
use crate::read::{self, ReadFailure, Source};

/// Writes the manifest; answers how many blobs the trace refers to.
///
/// A blob that the events name becomes the trace's own only if the organisation holds it: naming a digest opens nothing.
pub(super) async fn manifest(work: &Work<'_>) -> Result<usize, AppError> {
    let Work { app, job, prefix, .. } = work;
    let mut builder = read::read(app, &job.org, job.trace, references).await?;
    for row in app.catalog.artifacts(&job.org, job.trace).await?.into_iter().filter(|row| !row.ours)
    {
        builder.artifact(ArtifactRef { name: row.name, size: row.bytes, sha256: row.sha256 });
    }
    let manifest = builder.finish(job.trace);
    let digests: Vec<String> = manifest.blobs.iter().map(|blob| blob.sha256.clone()).collect();
    app.catalog.claim_blobs(&job.org, job.trace, &digests, app.clock.now_ms()).await?;
    let json = serde_json::to_vec(&manifest)?;
    work.publish_file("manifest.json", &prefix.manifest(), json.into()).await?;
    Ok(digests.len())
}

fn references(source: &Source) -> Result<ManifestBuilder, ReadFailure> {
    let mut builder = ManifestBuilder::default();
    for n in 0..source.n_frames() {
        for line in Lines::new(&source.lines(n)?) {
            builder.push_line(line.bytes);
        }
    }
    Ok(builder)
}
