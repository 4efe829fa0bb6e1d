//! Named files beside the trace.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use trace_core::blob::{ArtifactName, BlobId};

use super::body::{digest_header, refuse_announced};
use super::chunks::{refuse_finalized, wrong_digest};
use super::staging::{self, Staged};
use crate::app::App;
use crate::catalog::{ArtifactRow, TraceRecord};
use crate::error::AppError;
use crate::org::OrgScope;

/// Receives an artifact: streamed into staging while it is hashed, then into the store, then acknowledged.
pub async fn receive(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
    name: &ArtifactName,
    headers: &HeaderMap,
    body: Body,
) -> Result<StatusCode, AppError> {
    let limit = app.config.limits.artifact_bytes;
    let promised = digest_header(headers)?;
    refuse_announced(headers, limit)?;
    let staged = staging::receive(app, body, limit).await?;
    keep(app, org, record, name, promised, &staged).await
}

/// Takes a staged artifact over.
pub(super) async fn keep(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
    name: &ArtifactName,
    promised: BlobId,
    staged: &Staged,
) -> Result<StatusCode, AppError> {
    if staged.id != promised {
        return Err(wrong_digest(promised, staged.id));
    }
    let id = record.trace.id;
    let _held = app.locks.hold(org, id).await;
    let known = app.catalog.artifacts(org, id).await?;
    if let Some(known) = known.iter().find(|known| known.name == name.as_str()) {
        return if known.sha256 == promised.hex() { Ok(StatusCode::OK) } else { Err(other(name)) };
    }
    refuse_finalized(record)?;
    staged.store(app, &App::prefix(org, record)?.artifact(name)).await?;
    let row = ArtifactRow {
        name: name.to_string(),
        sha256: promised.hex(),
        bytes: staged.bytes,
        ours: false,
    };
    app.catalog.commit_artifact(org, id, &row, app.clock.now_ms()).await?;
    Ok(StatusCode::CREATED)
}

fn other(name: &ArtifactName) -> AppError {
    let message = format!("artifact `{name}` is known with other bytes");
    let detail = "an artifact never changes once it is sent; number the new one higher";
    AppError::conflict("artifact_conflict", message, detail).into()
}
