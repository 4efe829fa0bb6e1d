//! One pair of hands: claim, do, record, again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::postprocess;
use crate::app::App;
use crate::catalog::{CatalogError, Job, JobEnd};
use crate::error::AppError;

/// Works until the process ends. A finalize wakes it; without one it looks by itself, because another process may have enqueued.
pub(super) async fn work(app: Arc<App>, owner: String) {
    let pause = Duration::from_millis(app.config.jobs.poll_ms);
    loop {
        match run_due(&app, &owner).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the queue failed; it is asked again"),
        }
        tokio::select! {
            () = app.job_wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = app.shutdown.cancelled() => return,
        }
    }
}

/// Does one job that is due; false when there is none.
pub async fn run_due(app: &Arc<App>, owner: &str) -> Result<bool, CatalogError> {
    if app.shutdown.is_cancelled() {
        return Ok(false);
    }
    let lease = app.config.jobs.lease_ms;
    let Some(job) = app.catalog.claim_job(owner, app.clock.now_ms(), lease).await? else {
        return Ok(false);
    };
    let begun = Instant::now();
    let end = tokio::select! {
        end = attempt(app, &job) => end,
        () = hold_lease(app, &job) => {
            tracing::warn!(job = job.id, attempt = job.attempt, "another worker has this job now");
            return Ok(true);
        }
        () = app.shutdown.cancelled() => JobEnd::Released,
    };
    app.metrics.job(&job.kind, name(&end), begun.elapsed());
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(kind = job.kind, trace = %job.trace, ?end, took_ms, "job attempt ended");
    app.catalog.end_job(&job, &end).await?;
    Ok(true)
}

fn name(end: &JobEnd) -> &'static str {
    match end {
        JobEnd::Done => "done",
        JobEnd::Retry { .. } => "retry",
        JobEnd::Dead { .. } => "dead",
        JobEnd::Released => "released",
    }
}

async fn attempt(app: &Arc<App>, job: &Job) -> JobEnd {
    match run(app, job).await {
        Ok(()) => JobEnd::Done,
        Err(error) => {
            let error = text(error);
            tracing::error!(trace = %job.trace, attempt = job.attempt, error, "job failed");
            if job.attempt >= app.config.jobs.max_attempts {
                JobEnd::Dead { error }
            } else {
                let run_at = app.clock.now_ms() + backoff_ms(job.attempt);
                JobEnd::Retry { run_at, error }
            }
        }
    }
}

async fn run(app: &Arc<App>, job: &Job) -> Result<(), AppError> {
    match job.kind.as_str() {
        "postprocess" => postprocess::run(app, job).await,
        other => Err(AppError::Failed(anyhow::anyhow!("no job is of kind `{other}`"))),
    }
}

fn text(error: AppError) -> String {
    match error {
        AppError::Failed(error) => format!("{error:#}"),
        AppError::Refused(refusal) => format!("{refusal:?}"),
    }
}

/// 1 s, 2 s, 4 s, … up to 5 min.
fn backoff_ms(attempt: u32) -> i64 {
    1000_i64.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(300_000)
}

/// Renews the lease until it is lost.
async fn hold_lease(app: &App, job: &Job) {
    let lease = app.config.jobs.lease_ms;
    loop {
        tokio::time::sleep(Duration::from_millis(lease / 3)).await;
        match app.catalog.renew_job(job, app.clock.now_ms(), lease).await {
            Ok(true) => {}
            Ok(false) => return,
            // A failed renewal is no lost lease yet; the next one comes well before it runs out.
            Err(error) => tracing::warn!(job = job.id, %error, "lease not renewed"),
        }
    }
}
