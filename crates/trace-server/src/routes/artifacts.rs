//! Named files beside the trace.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use trace_core::blob::{ArtifactName, ObjectKey, TracePrefix};

use super::files::{Handover, Part, part, respond};
use crate::app::App;
use crate::auth::Reader;
use crate::error::AppError;

/// Reads an artifact, whole or in part.
#[utoipa::path(get, path = "/traces/{id}/artifacts/{name}", tag = "read",
    params(("id" = String, Path), ("name" = String, Path), ("range" = Option<String>, Header)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206), (status = 304), (status = 404), (status = 416)))]
pub(crate) async fn artifact(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let record = app.trace(&org, &id).await?;
    let prefix = App::prefix(&org, &record)?;
    let (key, media_type) = place(&prefix, &name).ok_or_else(AppError::not_found)?;
    let rows = app.catalog.artifacts(&org, record.trace.id).await?;
    let row = rows.into_iter().find(|row| row.name == name).ok_or_else(AppError::not_found)?;
    // The object itself, not the row, says how long it is: an archive may just have replaced what the row describes.
    let meta = app.store.head(&key).await?;
    let tag = format!("\"{}-{}\"", row.sha256, meta.size);
    let part = part(&headers, meta.size, &tag)?;
    let body = match &part {
        Part::Known => Body::empty(),
        Part::Whole => Body::from_stream(app.store.stream(&key, 0..0).await?),
        Part::Range(range) => Body::from_stream(app.store.stream(&key, range.clone()).await?),
    };
    let is_immutable = !row.ours;
    let handover =
        Handover { size: meta.size, tag: &tag, media_type, file_name: &name, is_immutable };
    Ok(respond(&handover, &part, body))
}

/// Where a name lies and what it is served as; none for names that do not exist. The stored type of an upload never counts.
fn place(prefix: &TracePrefix, name: &str) -> Option<(ObjectKey, &'static str)> {
    match name {
        "trace.ndjson.zst" => Some((prefix.trace_file(), "application/zstd")),
        "rrweb-events.ndjson.zst" => Some((prefix.rrweb(), "application/zstd")),
        "summary.json" => Some((prefix.summary(), "application/json")),
        "manifest.json" => Some((prefix.manifest(), "application/json")),
        other => {
            let name: ArtifactName = other.parse().ok()?;
            Some((prefix.artifact(&name), name.media_type()))
        }
    }
}
