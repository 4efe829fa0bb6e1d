//! What recorders call. Everything is idempotent, and a 2xx means durable.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trace_core::blob::{ArtifactName, BlobId};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Writer;
use crate::catalog::Outcome;
use crate::error::AppError;
use crate::ingest::{self, ChunkReply, Registered};

type Answer<T> = Result<(StatusCode, Json<T>), AppError>;

/// Registers a trace with the payload of its `run.start`.
#[utoipa::path(post, path = "/traces", tag = "ingest", request_body = serde_json::Value,
    responses((status = 201, body = Registered), (status = 200, body = Registered), (status = 422)))]
pub(crate) async fn register(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    headers: HeaderMap,
    body: Body,
) -> Answer<Registered> {
    let body = ingest::read_body(&app, &headers, body, app.config.limits.json_bytes).await?;
    let new = ingest::parse_run_start(&body)?;
    let (status, reply) = ingest::register(&app, &org, &new).await?;
    Ok((status, Json(reply)))
}

/// Makes one chunk durable.
#[utoipa::path(put, path = "/traces/{id}/chunks/{n}", tag = "ingest", request_body = Vec<u8>,
    params(("id" = String, Path), ("n" = u32, Path), ("x-molar-sha256" = String, Header)),
    responses((status = 201, body = ChunkReply), (status = 200, body = ChunkReply),
        (status = 409), (status = 413), (status = 422), (status = 507)))]
pub(crate) async fn put_chunk(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    Path((id, chunk_no)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer<ChunkReply> {
    let record = app.trace(&org, &id).await?;
    let chunk_no: u32 = chunk_no.parse().map_err(|_| bad_number())?;
    if chunk_no == 0 {
        return Err(bad_number());
    }
    let promised = ingest::digest_header(&headers)?;
    let body = ingest::read_body(&app, &headers, body, app.config.limits.chunk_bytes).await?;
    let accepted = ingest::accept_chunk(&app, &org, &record, chunk_no, promised, body).await;
    let (status, reply) = accepted?;
    Ok((status, Json(reply)))
}

fn bad_number() -> AppError {
    let message = "the chunk's number is none";
    AppError::invalid("bad_seq", message, "number chunks 1, 2, 3, …").into()
}

/// Digests to ask about.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Digests {
    /// 64 hexadecimal digits each, with or without `sha256:`.
    sha256: Vec<String>,
}

/// Digests to send.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Missing {
    /// Spelled as they were asked.
    missing: Vec<String>,
}

/// Which blobs still have to be sent.
#[utoipa::path(post, path = "/traces/{id}/blobs/missing", tag = "ingest", request_body = Digests,
    params(("id" = String, Path)), responses((status = 200, body = Missing), (status = 422)))]
pub(crate) async fn missing_blobs(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Missing> {
    let record = app.trace(&org, &id).await?;
    let digests: Digests = json_body(&app, &headers, body).await?;
    let missing = ingest::claim_missing(&app, &org, &record, &digests.sha256).await?;
    Ok((StatusCode::OK, Json(Missing { missing })))
}

/// Makes one blob durable.
#[utoipa::path(put, path = "/traces/{id}/blobs/{sha256}", tag = "ingest", request_body = Vec<u8>,
    params(("id" = String, Path), ("sha256" = String, Path)),
    responses((status = 201), (status = 200), (status = 413), (status = 415), (status = 422),
        (status = 507)))]
pub(crate) async fn put_blob(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    Path((id, sha256)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer<serde_json::Value> {
    let record = app.trace(&org, &id).await?;
    let blob = BlobId::from_hex(&sha256).map_err(|error| {
        AppError::invalid(
            "invalid",
            error.to_string(),
            "name the blob by its SHA-256 in lower case",
        )
    })?;
    let status = ingest::receive_blob(&app, &org, &record, blob, &headers, body).await?;
    Ok((status, Json(serde_json::json!({ "sha256": blob.hex() }))))
}

/// Makes one artifact durable.
#[utoipa::path(put, path = "/traces/{id}/artifacts/{name}", tag = "ingest", request_body = Vec<u8>,
    params(("id" = String, Path), ("name" = String, Path), ("x-molar-sha256" = String, Header)),
    responses((status = 201), (status = 200), (status = 409), (status = 413), (status = 422),
        (status = 507)))]
pub(crate) async fn put_artifact(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer<serde_json::Value> {
    let record = app.trace(&org, &id).await?;
    let name: ArtifactName = name.parse().map_err(|error: trace_core::blob::KeyError| {
        let detail = "the names are `trace.playwright.zip`, `trace.playwright-2.zip` …, `video.webm`, `video-2.webm` …, `secrets.age`";
        AppError::invalid("invalid", error.to_string(), detail)
    })?;
    let status = ingest::receive_artifact(&app, &org, &record, &name, &headers, body).await?;
    Ok((status, Json(serde_json::json!({ "name": name.as_str() }))))
}

/// How a recording ended.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Finalize {
    status: Outcome,
    /// How many chunks were sent.
    chunks: u32,
    /// The last event's number.
    last_seq: u64,
}

/// A closed trace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Finalized {
    id: String,
    status: Outcome,
    url: String,
}

/// Closes a trace for writing.
#[utoipa::path(post, path = "/traces/{id}/finalize", tag = "ingest", request_body = Finalize,
    params(("id" = String, Path)),
    responses((status = 202, body = Finalized), (status = 409), (status = 422)))]
pub(crate) async fn finalize(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Finalized> {
    let id = app.trace(&org, &id).await?.trace.id;
    let wanted: Finalize = json_body(&app, &headers, body).await?;
    let expect = (wanted.chunks, wanted.last_seq);
    ingest::finalize(&app, &org, id, wanted.status, expect).await?;
    let (id, url) = (id.to_string(), app.trace_url(id));
    Ok((StatusCode::ACCEPTED, Json(Finalized { id, status: wanted.status, url })))
}

/// Why a recording ends early.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Abort {
    reason: String,
}

/// Closes a trace with what has arrived.
#[utoipa::path(post, path = "/traces/{id}/abort", tag = "ingest", request_body = Abort,
    params(("id" = String, Path)), responses((status = 202, body = Finalized), (status = 409)))]
pub(crate) async fn abort(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Finalized> {
    let id = app.trace(&org, &id).await?.trace.id;
    let wanted: Abort = json_body(&app, &headers, body).await?;
    ingest::abort(&app, &org, id, wanted.reason).await?;
    let (id, url) = (id.to_string(), app.trace_url(id));
    Ok((StatusCode::ACCEPTED, Json(Finalized { id, status: Outcome::Aborted, url })))
}

/// A small JSON body; what does not parse is told with its place.
pub(super) async fn json_body<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, AppError> {
    let body = ingest::read_body(app, headers, body, app.config.limits.json_bytes).await?;
    serde_json::from_slice(&body).map_err(|error| {
        let message = format!("the body is not what this call takes: {error}");
        AppError::invalid("invalid", message, "see the API's description at /v1/openapi.json")
            .into()
    })
}
