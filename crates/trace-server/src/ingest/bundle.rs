//! A whole trace in one request: `trace-bundle.tar.zst`, for machines that ship after the run.
//!
//! Everything in it is looked at before the trace is registered, so a bundle that is refused leaves no half trace. What follows are
//! the same steps, with the same promises, as when a recorder ships piece by piece.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use trace_core::blob::{ArtifactName, BlobId};
use trace_core::chunk::frame::MAGIC;
use trace_core::edge::{BundleError, BundleLimits, FinishedError, FinishedTrace, unpack_bundle};

use super::blobs::Checked;
use super::body::{off_thread, refuse_announced};
use super::staging::{self, Staged, StagedDir};
use super::{artifacts, blobs, check, chunks, finalize, register};
use crate::app::App;
use crate::catalog::{NewTrace, Outcome, TraceRecord};
use crate::config::LimitsConfig;
use crate::error::{AppError, Refusal};
use crate::org::OrgScope;

const DETAIL: &str = "send a file that `molar-trace bundle` wrote for one trace";

/// What became of a bundle.
#[derive(Debug)]
pub struct Ingested {
    /// 201, or 200 when the trace was known.
    pub status: StatusCode,
    /// The trace as it stands now.
    pub record: TraceRecord,
    /// Blobs that the trace refers to and that the bundle did not hold.
    pub missing_blobs: u64,
}

/// Receives a bundle, as the body or as the one file of a form, and takes its trace over.
pub async fn receive(
    app: &Arc<App>,
    org: &OrgScope,
    headers: &HeaderMap,
    body: Body,
) -> Result<Ingested, AppError> {
    let limits = &app.config.limits;
    refuse_announced(headers, limits.bundle_bytes)?;
    let body = file_of(headers, body).await?;
    let (bytes, seconds) = (limits.bundle_bytes, limits.bundle_seconds);
    let staged = staging::receive_within(app, body, bytes, seconds).await?;
    take(app, org, staged).await
}

/// Takes over the trace of a bundle that lies on this machine; the file goes.
pub async fn take_file(
    app: &Arc<App>,
    org: &OrgScope,
    file: std::path::PathBuf,
) -> Result<Ingested, AppError> {
    let staged = off_thread(move || Staged::of_file(file)).await?;
    take(app, org, staged).await
}

async fn take(app: &Arc<App>, org: &OrgScope, staged: Staged) -> Result<Ingested, AppError> {
    let dir = StagedDir::make(app)?;
    let limits = app.config.limits.clone();
    let mut opened = off_thread(move || Opened::new(&staged, dir, &limits)).await?;
    let loaded = opened.blobs(&app.config.limits).await?;
    let (status, _) = register::register(app, org, &opened.new).await?;
    let id = opened.new.id.to_string();
    let record = app.trace(org, &id).await?;
    keep(app, org, &record, &opened, loaded).await?;
    let expect = (u32::try_from(opened.trace.ended.chunks)?, opened.trace.ended.last_seq);
    finalize::finalize(app, org, opened.new.id, opened.outcome, expect).await?;
    let record = app.trace(org, &id).await?;
    Ok(Ingested { status, record, missing_blobs: opened.trace.missing_blobs })
}

/// The file itself: a form's first part with a file name, else the body as it is.
async fn file_of(headers: &HeaderMap, body: Body) -> Result<Body, AppError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(form) = content_type.filter(|text| text.starts_with("multipart/")) else {
        return Ok(body);
    };
    let boundary = multer::parse_boundary(form).map_err(|error| bad_form(&error))?;
    let mut form = multer::Multipart::new(body.into_data_stream(), boundary);
    while let Some(part) = form.next_field().await.map_err(|error| bad_form(&error))? {
        if part.file_name().is_some() || part.name() == Some("bundle") {
            return Ok(Body::from_stream(part));
        }
    }
    Err(refused("the form has no file".to_owned()))
}

fn bad_form(error: &multer::Error) -> AppError {
    refused(format!("the body is not the form that it says it is: {error}"))
}

fn refused(message: String) -> AppError {
    AppError::invalid("bad_bundle", message, DETAIL).into()
}

/// An unpacked bundle whose lines have been read.
struct Opened {
    trace: Arc<FinishedTrace>,
    new: NewTrace,
    outcome: Outcome,
    artifacts: Vec<(ArtifactName, BlobId, Staged)>,
    /// Last, so that the files go before their folder does.
    _dir: StagedDir,
}

impl Opened {
    fn new(staged: &Staged, dir: StagedDir, limits: &LimitsConfig) -> Result<Self, AppError> {
        let trace = Arc::new(unpack(staged, dir.path(), limits)?);
        let new = register::parse(trace.run_start.as_bytes())?;
        if new.id != trace.id() {
            return Err(refused("its `run.start` names another trace than its list".to_owned()));
        }
        let ended = &trace.ended;
        let outcome =
            ended.status.parse().map_err(|error| refused(format!("`status`: {error}")))?;
        let last_seq = check_chunks(&trace, limits)?;
        if last_seq != ended.last_seq {
            let (said, message) = (ended.last_seq, "its summary says that it ends with seq");
            return Err(refused(format!("{message} {said}, its last line has {last_seq}")));
        }
        let mut artifacts = Vec::new();
        for artifact in &trace.artifacts {
            let path = trace.artifact(&artifact.name);
            if path.metadata()?.len() > limits.artifact_bytes {
                return Err(AppError::too_large(limits.artifact_bytes));
            }
            let promised = BlobId::from_hex(&artifact.sha256)
                .map_err(|error| refused(format!("`{}`: {error}", artifact.name)))?;
            let staged = Staged::of_file(path)?;
            if staged.id != promised {
                return Err(chunks::wrong_digest(promised, staged.id));
            }
            artifacts.push((artifact.name.clone(), promised, staged));
        }
        Ok(Self { trace, new, outcome, artifacts, _dir: dir })
    }

    /// Every blob, compared with its name.
    async fn blobs(&mut self, limits: &LimitsConfig) -> Result<Vec<Checked>, AppError> {
        let mut checked = Vec::with_capacity(self.trace.blobs.len());
        let limit = limits.blob_bytes;
        for blob in &self.trace.blobs {
            let path = self.trace.blob(&blob.id);
            let (staged, is_zstd) = off_thread(move || {
                if path.metadata()?.len() > limit {
                    return Err(AppError::too_large(limit));
                }
                let staged = Staged::of_file(path)?;
                let is_zstd = begins_like_zstd(&staged)?;
                Ok((staged, is_zstd))
            })
            .await?;
            // Whoever stored the blob first chose the encoding, and a blob may be a zstd file itself: its name tells.
            let is_zstd = is_zstd && staged.id != blob.id;
            let media_type = clean(&blob.media_type);
            checked.push(Checked::of(staged, blob.id, is_zstd, media_type, limit).await?);
        }
        Ok(checked)
    }
}

fn unpack(staged: &Staged, into: &Path, limits: &LimitsConfig) -> Result<FinishedTrace, AppError> {
    let files = limits.bundle_files;
    let of_bundle = BundleLimits { bytes: limits.bundle_bytes, files, list_bytes: files * 320 };
    let list = unpack_bundle(staged.reader()?, into, &of_bundle, |_, _| {}).map_err(refusal)?;
    let [listed] = list.traces.as_slice() else {
        let message = format!("the bundle holds {} traces, this call takes one", list.traces.len());
        let detail = "`molar-trace push` sends several, or bundle them one by one";
        return Err(AppError::invalid("bad_bundle", message, detail).into());
    };
    let Some(prefix) = listed.prefix() else {
        return Err(refused("its trace has no place".to_owned()));
    };
    let trace = FinishedTrace::load(&into.join(prefix.as_str()));
    trace.map_err(|error| match error {
        FinishedError::Read(error) => refused(format!("its trace cannot be read: {error}")),
        FinishedError::File(error) if error.source.kind() != std::io::ErrorKind::NotFound => {
            error.into()
        }
        _ => refused("its trace is not finished, or its manifest belongs to another".to_owned()),
    })
}

fn refusal(error: BundleError) -> AppError {
    match error {
        BundleError::File(error) => error.into(),
        BundleError::TooLarge { what, found, limit } => {
            let message = format!("the bundle has {found} {what}, at most {limit} are taken");
            let detail = "push the trace piece by piece with `molar-trace push`";
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            Refusal::new(status, "too_large", "too_large", message, detail)
                .with("limit", limit)
                .into()
        }
        BundleError::Archive(error) => refused(format!("the archive cannot be read: {error}")),
        error => refused(error.to_string()),
    }
}

/// Every chunk is one, and joins its neighbour; gives the last seq.
fn check_chunks(trace: &FinishedTrace, limits: &LimitsConfig) -> Result<u64, AppError> {
    let mut last_seq = 0;
    for (n, frame) in (1..).zip(trace.frames.iter().copied()) {
        if frame.1 > limits.chunk_bytes {
            return Err(AppError::too_large(limits.chunk_bytes));
        }
        let bytes = trace.chunk(frame).map_err(|error| refused(error.to_string()))?;
        let row = check::check(trace.id(), n, String::new(), &bytes, limits.chunk_raw_bytes)?;
        if row.first_seq != last_seq + 1 {
            let message =
                format!("its frame {n} begins with seq {}, not {}", row.first_seq, last_seq + 1);
            return Err(AppError::invalid("bad_seq", message, DETAIL).into());
        }
        last_seq = row.last_seq;
    }
    Ok(last_seq)
}

fn begins_like_zstd(staged: &Staged) -> Result<bool, AppError> {
    use std::io::Read as _;
    let mut head = Vec::new();
    staged.reader()?.take(MAGIC.len() as u64).read_to_end(&mut head)?;
    Ok(head == MAGIC)
}

/// A media type comes from recorded pages; what is no header value is not kept as one.
fn clean(media_type: &str) -> String {
    let fits = !media_type.is_empty() && media_type.bytes().all(|b| (0x20..0x7f).contains(&b));
    if fits { media_type.to_owned() } else { "application/octet-stream".to_owned() }
}

/// Chunks, blobs and artifacts, each as if it had come alone.
async fn keep(
    app: &Arc<App>,
    org: &OrgScope,
    record: &TraceRecord,
    opened: &Opened,
    loaded: Vec<Checked>,
) -> Result<(), AppError> {
    for (n, frame) in (1..).zip(opened.trace.frames.iter().copied()) {
        let trace = Arc::clone(&opened.trace);
        let bytes = off_thread(move || Ok(Bytes::from(trace.chunk(frame)?))).await?;
        let promised = BlobId::of(&bytes);
        chunks::accept(app, org, record, n, promised, bytes).await?;
    }
    for blob in loaded {
        blobs::keep(app, org, record, blob).await?;
    }
    for (name, promised, staged) in &opened.artifacts {
        artifacts::keep(app, org, record, name, *promised, staged).await?;
    }
    Ok(())
}
