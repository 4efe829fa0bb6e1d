//! From a finalized trace to a finished one, step by step. Each step can be repeated, and each finished one is recorded, so that an
//! attempt after a crash begins where the last one was.

mod publish;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::app::App;
use crate::catalog::{Job, TraceRecord, TraceRef};
use crate::error::AppError;

/// Everything a step needs.
struct Work<'a> {
    app: &'a Arc<App>,
    job: &'a Job,
    record: TraceRecord,
}

impl Work<'_> {
    fn is_done(&self, step: &str) -> bool {
        self.job.step_state.contains_key(step)
    }

    /// Records a step; an attempt that has lost the job must not go on.
    async fn done(&self, step: &str, result: Value) -> Result<(), AppError> {
        if self.app.catalog.record_step(self.job, step, &result).await? {
            Ok(())
        } else {
            Err(AppError::Failed(anyhow::anyhow!("step `{step}`: another attempt has this job")))
        }
    }
}

/// Runs the steps that are not done yet.
pub(super) async fn run(app: &Arc<App>, job: &Job) -> Result<(), AppError> {
    let found = app.catalog.find_trace(&job.org, &TraceRef::Id(job.trace)).await?;
    let record =
        found.ok_or_else(|| anyhow::anyhow!("trace `{}` of the job is gone", job.trace))?;
    let work = Work { app, job, record };
    if !work.is_done("publish") {
        let bytes = publish::publish(&work).await?;
        work.done("publish", json!({ "bytes": bytes })).await?;
    }
    app.hub.wake(&job.org, job.trace);
    Ok(())
}
