//! Blobs of a trace.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use trace_core::blob::{BlobId, ObjectKey, decode_stored};

use super::files::{Handover, Part, part, respond};
use crate::app::App;
use crate::auth::Reader;
use crate::error::AppError;

/// Reads a blob of this trace, decompressed. Knowing a digest gives nothing: the trace itself must refer to the blob.
#[utoipa::path(get, path = "/traces/{id}/blobs/{sha256}", tag = "read",
    params(("id" = String, Path), ("sha256" = String, Path), ("range" = Option<String>, Header)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206), (status = 304), (status = 404), (status = 416)))]
pub(crate) async fn blob(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path((id, sha256)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let record = app.trace(&org, &id).await?;
    let blob = BlobId::from_hex(&sha256).map_err(|_| AppError::not_found())?;
    let row = app.catalog.trace_blob(&org, record.trace.id, &sha256).await?;
    let row = row.ok_or_else(AppError::not_found)?;
    let tag = format!("\"{sha256}\"");
    let part = part(&headers, row.size, &tag)?;
    let body = match &part {
        Part::Known => Body::empty(),
        Part::Whole => Body::from(content(&app, blob).await?),
        Part::Range(range) => {
            let (from, to) = (usize::try_from(range.start)?, usize::try_from(range.end)?);
            let bytes = content(&app, blob).await?;
            Body::from(bytes.slice(from.min(bytes.len())..to.min(bytes.len())))
        }
    };
    let handover = Handover {
        size: row.size,
        tag: &tag,
        media_type: shown_as(&row.media_type),
        file_name: &sha256,
        is_immutable: true,
    };
    Ok(respond(&handover, &part, body))
}

/// The original bytes, proved by their name.
pub(crate) async fn content(app: &App, blob: BlobId) -> Result<Bytes, AppError> {
    let limit = usize::try_from(app.config.limits.blob_bytes)?;
    let stored = app.store.get(&ObjectKey::blob(&blob)).await?;
    let raw = tokio::task::spawn_blocking(move || decode_stored(&blob, &stored, limit)).await??;
    Ok(raw.into())
}

/// Pictures and videos that browsers draw without running anything; all else is bytes. SVG is a document with scripts.
fn shown_as(media_type: &str) -> &'static str {
    const SHOWN: [&str; 7] = [
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/gif",
        "image/avif",
        "video/webm",
        "video/mp4",
    ];
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    SHOWN
        .into_iter()
        .find(|shown| essence.eq_ignore_ascii_case(shown))
        .unwrap_or("application/octet-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_could_run_keeps_its_type() {
        for (recorded, served) in [
            ("image/png", "image/png"),
            ("IMAGE/PNG; a=b", "image/png"),
            ("image/svg+xml", "application/octet-stream"),
            ("text/html", "application/octet-stream"),
            ("application/javascript", "application/octet-stream"),
            ("", "application/octet-stream"),
        ] {
            assert_eq!(shown_as(recorded), served, "{recorded}");
        }
    }
}
