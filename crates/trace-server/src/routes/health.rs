//! Is it alive, how does it feel, what can it do.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::AppError;

/// The state of the parts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `degraded`.
    status: &'static str,
    version: &'static str,
    catalog: bool,
    store: bool,
    /// Jobs that wait.
    queue_depth: u64,
}

/// Tells whether the parts answer; needs no credentials and tells nothing about tenants.
#[utoipa::path(get, path = "/health", tag = "operate",
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(crate) async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let jobs = app.catalog.job_counts(app.clock.now_ms()).await;
    let store = app.store.is_reachable().await;
    let is_well = jobs.is_ok() && store;
    let health = Health {
        status: if is_well { "ok" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        catalog: jobs.is_ok(),
        store,
        queue_depth: jobs.map_or(0, |counts| counts.ready),
    };
    let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

/// Counters for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operate",
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, AppError> {
    let jobs = app.catalog.job_counts(app.clock.now_ms()).await?;
    let text = app.metrics.render(jobs, app.hub.watchers());
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

/// This API, described.
#[utoipa::path(get, path = "/openapi.json", tag = "operate",
    responses((status = 200, body = serde_json::Value)))]
pub(crate) async fn openapi() -> Response {
    let text = crate::openapi_json();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
