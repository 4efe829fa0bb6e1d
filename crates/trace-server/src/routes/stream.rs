//! A trace as it happens.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::sse;
use super::traces::bad_params;
use crate::app::App;
use crate::auth::Reader;
use crate::error::AppError;
use crate::live::{Resume, feed};

/// Where to begin.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamParams {
    /// First seq, included. `Last-Event-ID` wins.
    from_seq: Option<u64>,
}

/// Streams every event from a seq on: what is there, then what comes.
#[utoipa::path(get, path = "/traces/{id}/stream", tag = "read",
    params(("id" = String, Path), StreamParams),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 404)))]
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path(id): Path<String>,
    params: Result<Query<StreamParams>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let Query(params) = params.map_err(|error| bad_params(&error))?;
    let record = app.trace(&org, &id).await?;
    let after_last = sse::last_seen(&headers).map(|seen| seen.saturating_add(1));
    let from_seq = after_last.or(params.from_seq).unwrap_or(1).max(1);
    let receiver = feed(&app, &org, record.trace.id, Resume { from_seq });
    Ok(sse::answer(receiver))
}
