//! A whole trace in one request.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::TraceDetail;
use super::traces;
use crate::app::App;
use crate::auth::Writer;
use crate::error::AppError;
use crate::ingest;

/// The trace of a bundle and where to go from here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BundleReply {
    #[serde(flatten)]
    trace: TraceDetail,
    /// The page of this trace.
    url: String,
    links: Links,
    /// Blobs that the trace refers to and that the bundle did not hold.
    missing_blobs: u64,
}

/// Addresses, relative to the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Links {
    trace: String,
    events: String,
    stream: String,
}

/// Takes a bundle over: the file that `molar-trace bundle` writes, as the body or as the file of a form.
#[utoipa::path(post, path = "/traces/ingest", tag = "ingest", request_body(content = Vec<u8>, content_type = "application/zstd"),
    responses((status = 201, body = BundleReply), (status = 200, body = BundleReply), (status = 409),
        (status = 413), (status = 422), (status = 507)))]
pub(crate) async fn ingest_bundle(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<BundleReply>), AppError> {
    let ingested = ingest::receive_bundle(&app, &org, &headers, body).await?;
    let id = ingested.record.trace.id;
    let at = |below: &str| format!("/v1/traces/{id}{below}");
    let links = Links { trace: at(""), events: at("/events"), stream: at("/stream") };
    let reply = BundleReply {
        trace: traces::detail_of(&app, &org, &ingested.record).await?,
        url: app.trace_url(id),
        links,
        missing_blobs: ingested.missing_blobs,
    };
    Ok((ingested.status, Json(reply)))
}
