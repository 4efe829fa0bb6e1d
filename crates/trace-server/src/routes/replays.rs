//! Replays of traces.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::ingest::json_body;
use super::replay_shapes::{ReplayDetail, ReplayRow};
use super::shapes::TraceRow;
use super::sse;
use crate::app::App;
use crate::auth::{Reader, Replayer};
use crate::catalog::{Replay, ReplayRequest};
use crate::error::AppError;
use crate::org::OrgScope;
use crate::replays;

/// More lines help nobody in one answer; a stream has them all.
const MAX_PROGRESS: u32 = 1000;

/// Has the test of a trace replayed from one of its steps on.
#[utoipa::path(post, path = "/traces/{id}/replay", tag = "replay", request_body = ReplayRequest,
    params(("id" = String, Path), ("idempotency-key" = Option<String>, Header)),
    responses((status = 202, body = ReplayDetail), (status = 200, body = ReplayDetail), (status = 404),
        (status = 409), (status = 413), (status = 422), (status = 429)))]
pub(crate) async fn request(
    State(app): State<Arc<App>>,
    Replayer(org): Replayer,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<ReplayDetail>), AppError> {
    let record = app.trace(&org, &id).await?;
    let wanted: ReplayRequest = json_body(&app, &headers, body).await?;
    let key = idempotency_key(&headers)?;
    let (replay, is_new) = replays::request(&app, &org, &record, wanted, key).await?;
    let status = if is_new { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(detail_of(&app, &org, &replay).await?)))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, AppError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= 200);
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        let message = "the header `idempotency-key` is no key";
        AppError::invalid("invalid", message, "send 1 to 200 letters of plain ASCII").into()
    })
}

async fn detail_of(app: &App, org: &OrgScope, replay: &Replay) -> Result<ReplayDetail, AppError> {
    let waiting = replays::waiting(app, org, replay).await?;
    let lines = app.catalog.replay_progress(org, &replay.new.id, 0, MAX_PROGRESS).await?;
    Ok(ReplayDetail::of(replay, waiting, &lines))
}

/// One replay: where it stands, what was told so far, how it came out.
#[utoipa::path(get, path = "/replays/{id}", tag = "replay", params(("id" = String, Path)),
    responses((status = 200, body = ReplayDetail), (status = 404)))]
pub(crate) async fn detail(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path(id): Path<String>,
) -> Result<Json<ReplayDetail>, AppError> {
    let replay = replays::find(&app, &org, &id).await?;
    Ok(Json(detail_of(&app, &org, &replay).await?))
}

/// The replays of one trace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayList {
    /// Replays that this server was asked for, newest first, at most 200.
    items: Vec<ReplayRow>,
    /// Traces that say that they are replays of this one, oldest first, at most 200; also those that were carried out elsewhere.
    children: Vec<TraceRow>,
}

/// Lists the replays of a trace, and the traces that came out of any.
#[utoipa::path(get, path = "/traces/{id}/replays", tag = "replay", params(("id" = String, Path)),
    responses((status = 200, body = ReplayList), (status = 404)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path(id): Path<String>,
) -> Result<Json<ReplayList>, AppError> {
    let id = app.trace(&org, &id).await?.trace.id;
    let mut items = Vec::new();
    for replay in app.catalog.replays_of(&org, id).await? {
        let waiting = replays::waiting(&app, &org, &replay).await?;
        items.push(ReplayRow::of(&replay, waiting));
    }
    let children = app.catalog.children(&org, id).await?;
    Ok(Json(ReplayList { items, children: children.iter().map(TraceRow::of).collect() }))
}

/// Ends a replay. A running one is `cancelled` once its worker has closed what it had opened.
#[utoipa::path(post, path = "/replays/{id}/cancel", tag = "replay", params(("id" = String, Path)),
    responses((status = 202, body = ReplayDetail), (status = 404), (status = 409)))]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Replayer(org): Replayer,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ReplayDetail>), AppError> {
    let replay = replays::cancel(&app, &org, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(detail_of(&app, &org, &replay).await?)))
}

/// Streams every line of progress: what was told, then what comes.
#[utoipa::path(get, path = "/replays/{id}/events", tag = "replay",
    params(("id" = String, Path), ("last-event-id" = Option<u64>, Header)),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 404)))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let replay = replays::find(&app, &org, &id).await?;
    let after = sse::last_seen(&headers).unwrap_or(0);
    Ok(sse::answer(replays::feed(&app, &org, replay.new.id, after)))
}
