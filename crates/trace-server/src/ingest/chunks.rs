//! Live chunks.

use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use serde::Serialize;
use trace_core::blob::BlobId;
use utoipa::ToSchema;

use super::body::off_thread;
use super::check;
use crate::app::App;
use crate::catalog::{ChunkCommit, ChunkRow, TraceRecord};
use crate::error::AppError;
use crate::org::OrgScope;

/// What a recorder learns from a chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChunkReply {
    /// Last chunk number of the gapless durable prefix: the spool may forget up to here.
    pub high_water: u32,
    /// Somebody follows this trace live, so that smaller chunks are worth their price.
    pub watching: bool,
}

/// Makes a chunk durable and tells how far the trace is.
///
/// The order is what the promise rests on: check, object with fsync, row with commit, answer. A crash between object and row
/// leaves an object that no row names; the recorder sends the chunk again and it is written over.
pub async fn accept(
    app: &Arc<App>,
    org: &OrgScope,
    record: &TraceRecord,
    chunk_no: u32,
    promised: BlobId,
    body: Bytes,
) -> Result<(StatusCode, ChunkReply), AppError> {
    let id = record.trace.id;
    let found = digest(&body).await?;
    if found != promised {
        return Err(wrong_digest(promised, found));
    }
    let _held = app.locks.hold(org, id).await;
    if let Some(known) = app.catalog.chunk(org, id, chunk_no).await? {
        return already(app, org, record, &known, found);
    }
    if record.finalized_ms.is_some() {
        return Err(finalized());
    }
    let max = app.config.limits.chunk_raw_bytes;
    let bytes = body.clone();
    let row = off_thread(move || check::check(id, chunk_no, found.hex(), &bytes, max)).await?;
    let key = App::prefix(org, record)?.chunk(u64::from(chunk_no));
    app.store.put(&key, body).await?;
    let commit = app.catalog.commit_chunk(org, id, &row, app.clock.now_ms()).await?;
    answer(app, org, record, &row, &commit)
}

async fn digest(body: &Bytes) -> Result<BlobId, AppError> {
    let body = body.clone();
    off_thread(move || Ok(BlobId::of(&body))).await
}

pub(super) fn wrong_digest(promised: BlobId, found: BlobId) -> AppError {
    let message =
        format!("the body's SHA-256 is `{}`, promised was `{}`", found.hex(), promised.hex());
    let detail = "the body was damaged on its way or is another one; send it again";
    AppError::invalid("digest_mismatch", message, detail).into()
}

fn finalized() -> AppError {
    let detail = "register a new trace for further events";
    AppError::conflict("finalized", "this trace is finalized and takes no more data", detail).into()
}

/// The refusal of data for a closed trace, for blobs and artifacts as well.
pub(super) fn refuse_finalized(record: &TraceRecord) -> Result<(), AppError> {
    if record.finalized_ms.is_some() { Err(finalized()) } else { Ok(()) }
}

fn already(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
    known: &ChunkRow,
    found: BlobId,
) -> Result<(StatusCode, ChunkReply), AppError> {
    let commit = if known.sha256 == found.hex() {
        ChunkCommit::Known { high_water: record.high_water.max(known_prefix(record, known)) }
    } else {
        ChunkCommit::Conflict
    };
    answer(app, org, record, known, &commit)
}

/// The record was read before the lock was free; a chunk that directly follows its mark has moved it at least so far.
fn known_prefix(record: &TraceRecord, known: &ChunkRow) -> u32 {
    if known.chunk_no == record.high_water + 1 { known.chunk_no } else { record.high_water }
}

fn answer(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
    row: &ChunkRow,
    commit: &ChunkCommit,
) -> Result<(StatusCode, ChunkReply), AppError> {
    let id = record.trace.id;
    let watching = app.hub.is_watched(org, id);
    match *commit {
        ChunkCommit::Added { high_water, .. } => {
            app.metrics.chunk(row.bytes);
            app.hub.wake(org, id);
            Ok((StatusCode::CREATED, ChunkReply { high_water, watching }))
        }
        ChunkCommit::Known { high_water } => {
            Ok((StatusCode::OK, ChunkReply { high_water, watching }))
        }
        ChunkCommit::Conflict => {
            let message = format!("chunk {} is known with other bytes", row.chunk_no);
            let detail = "a chunk never changes once it is sent; number the new one higher";
            Err(AppError::conflict("chunk_conflict", message, detail).into())
        }
        ChunkCommit::Finalized => Err(finalized()),
        ChunkCommit::Gap { wanted, found, neighbour } => {
            let message = format!(
                "chunk {} does not join chunk {neighbour}: seq {wanted} would, found {found}",
                row.chunk_no
            );
            let detail =
                "seq counts up by one over all chunks; cut the chunks again from the spool";
            Err(AppError::invalid("bad_seq", message, detail).into())
        }
    }
}
