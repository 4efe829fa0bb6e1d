//! Closing a trace for writing.

use trace_core::TraceId;

use crate::app::App;
use crate::catalog::{FinalizeCommit, FinalizeRequest, Outcome};
use crate::error::AppError;
use crate::org::OrgScope;

/// Closes a complete trace and enqueues its postprocess.
pub async fn finalize(
    app: &App,
    org: &OrgScope,
    id: TraceId,
    outcome: Outcome,
    expect: (u32, u64),
) -> Result<(), AppError> {
    let request = FinalizeRequest { outcome, expect: Some(expect), reason: None, idle_since: None };
    close(app, org, id, &request).await
}

/// Closes a trace with whatever has arrived.
pub async fn abort(app: &App, org: &OrgScope, id: TraceId, reason: String) -> Result<(), AppError> {
    let outcome = Outcome::Aborted;
    let request = FinalizeRequest { outcome, expect: None, reason: Some(reason), idle_since: None };
    close(app, org, id, &request).await
}

/// Finishes traces whose recorder has vanished, so that none stays `running` for ever. Returns how many.
///
/// The trace is closed only if nothing has arrived since the look: a recorder that wakes up in between wins.
pub async fn sweep(app: &App) -> Result<u64, AppError> {
    let idle_ms = i64::try_from(app.config.jobs.idle_seconds.saturating_mul(1000))?;
    let before = app.clock.now_ms().saturating_sub(idle_ms);
    let mut closed = 0;
    for (org, id) in app.catalog.idle_traces(before, 100).await? {
        let reason = format!("nothing arrived for {} seconds", app.config.jobs.idle_seconds);
        let request = FinalizeRequest {
            outcome: Outcome::Aborted,
            expect: None,
            reason: Some(reason),
            idle_since: Some(before),
        };
        let _held = app.locks.hold(&org, id).await;
        let commit = app.catalog.finalize(&org, id, &request, app.clock.now_ms()).await?;
        if commit == FinalizeCommit::Closed {
            tracing::info!(%org, trace = %id, "finished an abandoned trace");
            closed += 1;
            announce(app, &org, id);
        }
    }
    Ok(closed)
}

async fn close(
    app: &App,
    org: &OrgScope,
    id: TraceId,
    request: &FinalizeRequest,
) -> Result<(), AppError> {
    let _held = app.locks.hold(org, id).await;
    match app.catalog.finalize(org, id, request, app.clock.now_ms()).await? {
        FinalizeCommit::Closed => {
            app.metrics.finalized(request.outcome);
            announce(app, org, id);
            Ok(())
        }
        FinalizeCommit::Already => Ok(()),
        other => Err(refusal(&other)),
    }
}

fn announce(app: &App, org: &OrgScope, id: TraceId) {
    app.hub.wake(org, id);
    app.job_wake.notify_one();
}

fn refusal(commit: &FinalizeCommit) -> AppError {
    match commit {
        FinalizeCommit::Missing(missing) => {
            let message = format!("{} chunks are missing", missing.len());
            let detail = "send the chunks named in `missing`, then finalize again";
            AppError::conflict("missing_chunks", message, detail)
                .with("missing", missing.clone())
                .into()
        }
        FinalizeCommit::Mismatch { chunks, last_seq } => {
            let message = format!("the server has {chunks} chunks up to seq {last_seq}");
            let detail = "finalize with the number of chunks and the last seq that were sent";
            AppError::invalid("bad_seq", message, detail).into()
        }
        FinalizeCommit::Other(outcome) => {
            let message = format!("this trace was finalized as `{outcome}`");
            AppError::conflict("finalized", message, "a trace is finalized once").into()
        }
        FinalizeCommit::Closed | FinalizeCommit::Already | FinalizeCommit::Awake => {
            AppError::Failed(anyhow::anyhow!("`{commit:?}` is no refusal"))
        }
    }
}
