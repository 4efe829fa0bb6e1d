//! From a finalized trace to a finished one, step by step. Each step can be repeated with the same result, and each finished one is
//! recorded, so that an attempt after a crash begins where the last one was.

mod archive;
mod clean;
mod manifest;
mod outcome;
mod publish;
mod rrweb;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use trace_core::blob::{BlobId, ObjectKey, TracePrefix};

use crate::app::App;
use crate::catalog::{ArtifactRow, Job, TraceRecord, TraceRef};
use crate::error::AppError;

/// The steps in their order. Whatever makes the trace useful comes before what only makes it small: a failed trace is readable,
/// named and found within moments, the recompression of a long one takes its time afterwards.
#[derive(Debug, Clone, Copy)]
enum Step {
    Publish,
    Outcome,
    Manifest,
    Rrweb,
    Archive,
    Clean,
}

const STEPS: [Step; 6] =
    [Step::Publish, Step::Outcome, Step::Manifest, Step::Rrweb, Step::Archive, Step::Clean];

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Outcome => "outcome",
            Self::Manifest => "manifest",
            Self::Rrweb => "rrweb",
            Self::Archive => "archive",
            Self::Clean => "clean",
        }
    }

    async fn run(self, work: &Work<'_>) -> Result<Value, AppError> {
        Ok(match self {
            Self::Publish => json!({ "bytes": publish::publish(work).await? }),
            Self::Outcome => json!({ "status": outcome::outcome(work).await? }),
            Self::Manifest => json!({ "blobs": manifest::manifest(work).await? }),
            Self::Rrweb => {
                let extract = rrweb::rrweb(work).await?;
                let (segments, drift) = (extract.segments, extract.drift);
                json!({"segments": segments, "drift": drift, "missing": extract.missing})
            }
            Self::Archive => json!({ "bytes": archive::archive(work).await? }),
            Self::Clean => json!({ "chunks": clean::clean(work).await? }),
        })
    }
}

/// Everything a step needs.
struct Work<'a> {
    app: &'a Arc<App>,
    job: &'a Job,
    record: TraceRecord,
    prefix: TracePrefix,
}

impl Work<'_> {
    /// Writes a file beside the trace and its row; a second time replaces the first.
    async fn publish_file(
        &self,
        name: &str,
        key: &ObjectKey,
        bytes: Bytes,
    ) -> Result<(), AppError> {
        let id = BlobId::of(&bytes);
        let size = bytes.len() as u64;
        self.app.store.put(key, bytes).await?;
        self.file_row(name, id, size).await
    }

    /// The row of a file that is in the store.
    async fn file_row(&self, name: &str, id: BlobId, bytes: u64) -> Result<(), AppError> {
        let (org, trace, now) = (&self.job.org, self.job.trace, self.app.clock.now_ms());
        let row = ArtifactRow { name: name.to_owned(), sha256: id.hex(), bytes, ours: true };
        self.app.catalog.commit_artifact(org, trace, &row, now).await?;
        Ok(())
    }
}

/// Runs the steps that are not done yet.
pub(super) async fn run(app: &Arc<App>, job: &Job) -> Result<(), AppError> {
    for step in STEPS {
        if job.step_state.contains_key(step.name()) {
            continue;
        }
        // Read anew for each step, because the one before has changed it.
        let found = app.catalog.find_trace(&job.org, &TraceRef::Id(job.trace)).await?;
        let record =
            found.ok_or_else(|| anyhow::anyhow!("trace `{}` of the job is gone", job.trace))?;
        let prefix = App::prefix(&job.org, &record)?;
        let result = step.run(&Work { app, job, record, prefix }).await?;
        if !app.catalog.record_step(job, step.name(), &result).await? {
            let name = step.name();
            return Err(anyhow::anyhow!("another attempt has this job since step `{name}`").into());
        }
        // Whoever follows the trace waits for its outcome, and then for its archive.
        app.hub.wake(&job.org, job.trace);
    }
    Ok(())
}
