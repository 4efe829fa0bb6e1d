//! From a request to a queued replay.

use std::sync::Arc;

use trace_core::TraceId;

use super::check;
use crate::app::App;
use crate::catalog::{NewReplay, Replay, ReplayRequest, Requested, TraceRecord};
use crate::error::{AppError, Refusal};
use crate::org::OrgScope;

/// Enqueues a replay of the trace; the replay, and whether it is new.
pub async fn request(
    app: &Arc<App>,
    org: &OrgScope,
    record: &TraceRecord,
    request: ReplayRequest,
    idempotency_key: Option<String>,
) -> Result<(Replay, bool), AppError> {
    check::trace(record)?;
    check::request(&request)?;
    check::step(app, org, record, request.from_step).await?;
    let new = NewReplay {
        id: new_id()?,
        trace: record.trace.id,
        project: record.trace.project.clone(),
        request,
        idempotency_key,
    };
    let limit = app.config.layer2.open_per_org;
    match app.catalog.request_replay(org, &new, limit, app.clock.now_ms()).await? {
        Requested::New(replay) => Ok((replay, true)),
        Requested::Known(replay) => Ok((replay, false)),
        Requested::KeyReused => {
            let message = "this `idempotency-key` belongs to another request";
            let detail = "draw a new key for a new request, or repeat the old one as it was";
            Err(AppError::conflict("key_reused", message, detail).into())
        }
        Requested::TooMany => Err(too_many(limit)),
    }
}

fn new_id() -> Result<String, AppError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(TraceId::from_random(random).to_string())
}

fn too_many(limit: u64) -> AppError {
    let message = format!("{limit} replays of this organisation are waiting or running");
    let detail = "wait for some of them, or cancel them";
    let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
    Refusal::new(status, "too_many", "too_many_replays", message, detail)
        .with("limit", limit)
        .into()
}
