//! Blobs: verified against their name, stored once for everybody, readable only through a trace that refers to them.

use std::fs::File;
use std::io::{self, Read, Write};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use trace_core::blob::{BlobId, HashingWriter, ObjectKey, is_compressed_media};

use super::body::{off_thread, refuse_announced};
use super::chunks::{refuse_finalized, wrong_digest};
use super::staging::{self, Held, Staged, StagedFile};
use crate::app::App;
use crate::catalog::{NewBlob, TraceRecord};
use crate::error::{AppError, Refusal};
use crate::org::OrgScope;

/// Which of these blobs the organisation does not hold yet. Those it holds are linked to the trace.
pub async fn claim_missing(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
    digests: &[String],
) -> Result<Vec<String>, AppError> {
    let limit = app.config.limits.missing_digests;
    if digests.len() > limit {
        let message = format!("{} digests in one call, at most {limit} are taken", digests.len());
        return Err(AppError::invalid("invalid", message, "ask in several calls").into());
    }
    let hexes: Vec<String> =
        digests.iter().map(|text| hex_of(text)).collect::<Result<_, AppError>>()?;
    let held = app.catalog.claim_blobs(org, record.trace.id, &hexes, app.clock.now_ms()).await?;
    let missing = digests.iter().zip(held).filter(|(_, held)| !held);
    Ok(missing.map(|(digest, _)| digest.clone()).collect())
}

/// Both spellings are taken, `sha256:<hex>` as it stands in events and the bare digits.
fn hex_of(text: &str) -> Result<String, AppError> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    let id = BlobId::from_hex(hex).map_err(|error| {
        AppError::invalid("invalid", error.to_string(), "send 64 hexadecimal digits in lower case")
    })?;
    Ok(id.hex())
}

/// Receives a blob. The whole body travels and is checked even when another organisation has stored the same bytes: whoever
/// skipped that would learn what others hold, and knowing a hash would be as good as having the content.
pub async fn receive(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
    id: BlobId,
    headers: &HeaderMap,
    body: Body,
) -> Result<StatusCode, AppError> {
    let limit = app.config.limits.blob_bytes;
    let is_zstd = is_zstd_encoded(headers)?;
    refuse_announced(headers, limit)?;
    let media_type = text_header(headers, header::CONTENT_TYPE.as_str())
        .unwrap_or("application/octet-stream")
        .to_owned();
    let staged = staging::receive(app, body, limit).await?;
    let blob = Checked::of(staged, id, is_zstd, media_type, limit).await?;
    keep(app, org, record, blob).await
}

/// A blob whose bytes were compared with its name.
#[derive(Debug)]
pub(super) struct Checked {
    id: BlobId,
    staged: Staged,
    /// Of the original bytes.
    size: u64,
    is_zstd: bool,
    media_type: String,
}

impl Checked {
    /// Inflates and hashes what was staged.
    pub(super) async fn of(
        staged: Staged,
        id: BlobId,
        is_zstd: bool,
        media_type: String,
        limit: u64,
    ) -> Result<Self, AppError> {
        let (staged, size) =
            if is_zstd { verified(staged, id, limit).await? } else { plain(staged, id)? };
        Ok(Self { id, staged, size, is_zstd, media_type })
    }
}

/// Takes a checked blob over.
pub(super) async fn keep(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
    blob: Checked,
) -> Result<StatusCode, AppError> {
    let Checked { id, staged, size, is_zstd, media_type } = blob;
    if app.catalog.trace_blob(org, record.trace.id, &id.hex()).await?.is_some() {
        return Ok(StatusCode::OK);
    }
    refuse_finalized(record)?;
    let stored = put(app, id, staged, is_zstd, &media_type).await?;
    let (stored_bytes, zstd) = stored;
    let new = NewBlob { sha256: id.hex(), size, media_type, stored_bytes, zstd };
    let added = app.catalog.commit_blob(org, record.trace.id, &new, app.clock.now_ms()).await?;
    app.metrics.blob(size);
    Ok(if added { StatusCode::CREATED } else { StatusCode::OK })
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_zstd_encoded(headers: &HeaderMap) -> Result<bool, AppError> {
    match text_header(headers, header::CONTENT_ENCODING.as_str()) {
        None | Some("" | "identity") => Ok(false),
        Some("zstd") => Ok(true),
        Some(other) => {
            let message = format!("content encoding `{other}` is not taken");
            let detail =
                "send the bytes as they are, or as one zstd frame with `content-encoding: zstd`";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Err(Refusal::new(status, "unsupported", "unsupported_encoding", message, detail).into())
        }
    }
}

/// An uncompressed body is the blob itself.
fn plain(staged: Staged, id: BlobId) -> Result<(Staged, u64), AppError> {
    if staged.id != id {
        return Err(wrong_digest(id, staged.id));
    }
    let size = staged.bytes;
    Ok((staged, size))
}

/// A compressed body must decompress to the blob; it is then stored as it came.
async fn verified(staged: Staged, id: BlobId, limit: u64) -> Result<(Staged, u64), AppError> {
    off_thread(move || {
        let (found, size) = match &staged.held {
            Held::Memory(bytes) => inflate(&bytes[..], limit)?,
            Held::File(file) => inflate(File::open(file.path())?, limit)?,
        };
        if found != id {
            return Err(wrong_digest(id, found));
        }
        Ok((staged, size))
    })
    .await
}

/// Name and size of what one zstd frame decompresses to, read through a window: a bomb costs time up to the limit and no memory.
fn inflate(compressed: impl Read, limit: u64) -> Result<(BlobId, u64), AppError> {
    let mut decoder = zstd::Decoder::new(compressed)?.single_frame();
    decoder.window_log_max(27)?;
    let mut capped = decoder.by_ref().take(limit + 1);
    let mut hashing = HashingWriter::new(io::sink());
    io::copy(&mut capped, &mut hashing).map_err(|error| bad_frame(&error))?;
    let (_, id, size) = hashing.finish();
    if size > limit {
        return Err(AppError::too_large(limit));
    }
    let mut rest = Vec::new();
    decoder.finish().take(1).read_to_end(&mut rest)?;
    if rest.is_empty() { Ok((id, size)) } else { Err(bad_frame(&"bytes follow the frame")) }
}

fn bad_frame(error: &dyn std::fmt::Display) -> AppError {
    let message = format!("the body is not one whole zstd frame: {error}");
    let detail = "compress the blob into one frame, or send it uncompressed";
    AppError::invalid("bad_frame", message, detail).into()
}

/// Puts the blob into the store unless it lies there already; returns stored bytes and whether they are a frame.
async fn put(
    app: &App,
    id: BlobId,
    staged: Staged,
    is_zstd: bool,
    media_type: &str,
) -> Result<(u64, bool), AppError> {
    if let Some(known) = app.catalog.stored_blob(&id.hex()).await? {
        return Ok((known.stored_bytes, known.zstd));
    }
    let key = ObjectKey::blob(&id);
    let staged = if is_zstd || is_compressed_media(media_type) {
        staged
    } else {
        compressed(app, staged).await?
    };
    staged.store(app, &key).await?;
    Ok((staged.bytes, is_zstd || !is_compressed_media(media_type)))
}

async fn compressed(app: &App, staged: Staged) -> Result<Staged, AppError> {
    let target = StagedFile::reserve(app)?;
    off_thread(move || {
        let id = staged.id;
        match &staged.held {
            Held::Memory(bytes) => {
                let frame = Bytes::from(deflate(&bytes[..], Vec::new())?);
                Ok(Staged { id, bytes: frame.len() as u64, held: Held::Memory(frame) })
            }
            Held::File(source) => {
                let file = deflate(File::open(source.path())?, File::create_new(target.path())?)?;
                let bytes = file.metadata()?.len();
                Ok(Staged { id, bytes, held: Held::File(target) })
            }
        }
    })
    .await
}

fn deflate<W: Write>(mut source: impl Read, target: W) -> io::Result<W> {
    let mut encoder = zstd::Encoder::new(target, 3)?;
    encoder.include_checksum(true)?;
    io::copy(&mut source, &mut encoder)?;
    encoder.finish()
}
