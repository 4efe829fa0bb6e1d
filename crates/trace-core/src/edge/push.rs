//! A finished trace of this machine, sent to a server.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::error::{FileError, RecorderError};
use super::layout::TraceDir;
use super::open::FileAt;
use super::options::{ServerOptions, Shipped};
use super::uploader::{self, Job};
use super::{artifacts, blobs, files};
use crate::blob::{BlobId, OrgId};
use crate::event::Kind;
use crate::ship::{ArtifactInfo, BlobInfo, ChunkInfo, Ended, Input};
use crate::trace::{Manifest, ReadError, Summary, TraceReader};

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pushed {
    /// Where people look at it, when the server said so.
    pub url: Option<String>,
    /// Bytes of chunks, blobs and artifacts, those included that the server had already.
    pub bytes: u64,
    /// Blobs that the trace refers to and that are not here.
    pub missing_blobs: u64,
}

/// Why a trace was not pushed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PushError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not the folder of a finished trace.
    #[error("`{}` is no finished trace; `molar-trace recover` finishes what a recorder left", .0.display())]
    NotFinished(PathBuf),
    /// The trace cannot be read.
    #[error("the trace cannot be read")]
    Read(#[from] ReadError),
    /// The options are unusable, or the shipper cannot start.
    #[error(transparent)]
    Start(#[from] RecorderError),
    /// The server refused, or does not answer; the trace stays as it is, and a later push goes on.
    #[error("{0}")]
    Server(String),
}

/// How a push is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushProgress {
    /// Bytes on the other side.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// How often `progress` hears.
const MOMENT: Duration = Duration::from_millis(100);
/// A server that has never answered is not there.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);
/// One that has may be busy; no single piece takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sends the finished trace in `dir`. Everything is asked for before it is sent, so a push that was cut off goes on, and one
/// that is repeated sends nothing twice. Nothing here is changed.
pub fn push(
    dir: &Path,
    server: &ServerOptions,
    mut progress: impl FnMut(PushProgress),
) -> Result<Pushed, PushError> {
    let cargo = Cargo::load(dir)?;
    let mut job = Job::finished(&cargo.at, server.clone(), cargo.frames.clone());
    job.ask_for_artifacts(&cargo.artifacts)?;
    let total = cargo.bytes();
    let shipment = uploader::start(job)?;
    let missing_blobs = cargo.missing_blobs;
    cargo.tell(&shipment);
    let (mut steps, mut moved_at) = (0, Instant::now());
    loop {
        match shipment.wait_a_moment(MOMENT) {
            Some(Shipped::Shipped { url }) => {
                progress(PushProgress { done: total, total });
                return Ok(Pushed { url, bytes: total, missing_blobs });
            }
            Some(Shipped::Spooled { reason }) => return Err(PushError::Server(reason)),
            _ => {}
        }
        if shipment.steps() != steps {
            (steps, moved_at) = (shipment.steps(), Instant::now());
        }
        let patience = if steps == 0 { FIRST_PATIENCE } else { PATIENCE };
        if moved_at.elapsed() > patience {
            let why = shipment.last_error().map_or_else(String::new, |why| format!(" ({why})"));
            return Err(PushError::Server(format!("the server makes no progress{why}")));
        }
        progress(PushProgress { done: shipment.done_bytes().min(total), total });
    }
}

/// Everything of one trace that is sent.
struct Cargo {
    at: TraceDir,
    run_start: String,
    frames: Vec<(u64, u64)>,
    chunks: Vec<ChunkInfo>,
    blobs: Vec<BlobInfo>,
    artifacts: Vec<ArtifactInfo>,
    ended: Ended,
    missing_blobs: u64,
}

impl Cargo {
    fn load(dir: &Path) -> Result<Self, PushError> {
        let unfinished = || PushError::NotFinished(dir.to_owned());
        let dir = dir.canonicalize().map_err(|_| unfinished())?;
        let json = |name: &str| files::read_if_any(&dir.join(name));
        let manifest = json("manifest.json")?.ok_or_else(unfinished)?;
        let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|_| unfinished())?;
        let summary = json("summary.json")?.ok_or_else(unfinished)?;
        let summary: Summary = serde_json::from_slice(&summary).map_err(|_| unfinished())?;
        let root = dir.ancestors().nth(7).ok_or_else(unfinished)?;
        let org = dir.ancestors().nth(4).and_then(Path::file_name).unwrap_or_default();
        let org: OrgId = org.to_string_lossy().parse().map_err(|_| unfinished())?;
        let at = TraceDir::new(root, &org, summary.wall_ms, manifest.trace_id)?;
        if at.dir != dir {
            return Err(unfinished());
        }
        let file = at.trace_file();
        let reader = TraceReader::open(FileAt::open(&file)?)?;
        let start = reader.events().flatten().next().filter(|event| event.kind == Kind::RunStart);
        let run_start = start.ok_or_else(unfinished)?.payload.as_str().to_owned();
        let frames: Vec<(u64, u64)> =
            reader.index().frames.iter().map(|frame| (frame.offset, frame.len)).collect();
        let chunks = chunks(&file, &frames)?;
        let (blobs, missing_blobs) = blobs_here(&at, &manifest);
        // The vault is listed too, and is sent where it was kept.
        let here = |artifact: &ArtifactInfo| at.artifact(&artifact.name).is_file();
        let artifacts: Vec<_> =
            manifest.artifacts.iter().filter_map(artifacts::info).filter(here).collect();
        let (n, last_seq) = (chunks.len() as u64, summary.last_seq);
        let ended = Ended { status: summary.status, chunks: n, last_seq };
        Ok(Self { at, run_start, frames, chunks, blobs, artifacts, ended, missing_blobs })
    }

    fn bytes(&self) -> u64 {
        let chunks = self.chunks.iter().map(|chunk| chunk.bytes_len);
        let blobs = self.blobs.iter().map(|blob| blob.size);
        let artifacts = self.artifacts.iter().map(|artifact| artifact.size);
        chunks.chain(blobs).chain(artifacts).sum()
    }

    fn tell(self, shipment: &uploader::Shipment) {
        self.blobs.into_iter().for_each(|blob| shipment.tell(Input::BlobReady(blob)));
        let artifacts = self.artifacts.into_iter();
        artifacts.for_each(|artifact| shipment.tell(Input::ArtifactReady(artifact)));
        self.chunks.into_iter().for_each(|chunk| shipment.tell(Input::ChunkReady(chunk)));
        shipment.tell(Input::RunStarted(self.run_start));
        shipment.tell(Input::Ended(self.ended));
    }
}

fn chunks(file: &Path, frames: &[(u64, u64)]) -> Result<Vec<ChunkInfo>, PushError> {
    use crate::trace::ReadAt as _;
    let source = FileAt::open(file)?;
    let mut chunks = Vec::with_capacity(frames.len());
    for (n, (offset, len)) in (1..).zip(frames) {
        let bytes = source.read_at(*offset, usize::try_from(*len).unwrap_or(usize::MAX))?;
        chunks.push(ChunkInfo { n, bytes_len: *len, sha256: BlobId::of(&bytes).hex() });
    }
    Ok(chunks)
}

/// The blobs that are here, and how many are not.
fn blobs_here(at: &TraceDir, manifest: &Manifest) -> (Vec<BlobInfo>, u64) {
    let mut here = Vec::new();
    let mut missing = 0;
    for blob in &manifest.blobs {
        match BlobId::from_hex(&blob.sha256) {
            Ok(id) if at.blob(&id).exists() => {
                let (size, media_type) = (blob.size, blob.media_type.clone());
                here.push(BlobInfo { id, size, media_type });
            }
            _ => missing += 1,
        }
    }
    (here, missing)
}

/// Removes a trace and the blobs that no other trace of its folder needs.
pub fn remove_finished(dir: &Path) -> Result<(), PushError> {
    let Cargo { at, .. } = Cargo::load(dir)?;
    Ok(blobs::remove_trace(&at)?)
}
