//! A trace as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::Deserialize;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

use super::traces::bad_params;
use crate::app::App;
use crate::auth::Reader;
use crate::error::AppError;
use crate::live::{Resume, feed};

/// Shorter than the patience of common proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

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
    let last_seen =
        headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let after_last = last_seen.map(|seen: u64| seen.saturating_add(1));
    let from_seq = after_last.or(params.from_seq).unwrap_or(1).max(1);
    let receiver = feed(&app, &org, record.trace.id, Resume { from_seq });
    let events = ReceiverStream::new(receiver).map(Ok::<_, Infallible>);
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = sse.into_response();
    // Buffering proxies would turn a live view into a slow one.
    let name = HeaderName::from_static("x-accel-buffering");
    response.headers_mut().insert(name, HeaderValue::from_static("no"));
    Ok(response)
}
