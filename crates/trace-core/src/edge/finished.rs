//! A finished trace's folder, as everything that has to get to a server.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::error::{FileError, RecorderError};
use super::layout::TraceDir;
use super::open::FileAt;
use super::{artifacts, files};
use crate::blob::{ArtifactName, BlobId, OrgId};
use crate::event::{Kind, TraceId};
use crate::ship::{ArtifactInfo, BlobInfo, Ended};
use crate::trace::{Manifest, ReadAt as _, ReadError, Summary, TraceReader};

/// Why a folder cannot be taken as a finished trace.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FinishedError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not the folder of a finished trace.
    #[error("`{}` is no finished trace; `molar-trace recover` finishes what a recorder left", .0.display())]
    NotFinished(PathBuf),
    /// The trace cannot be read.
    #[error("the trace cannot be read")]
    Read(#[from] ReadError),
    /// The folder's place does not fit the format.
    #[error(transparent)]
    Place(#[from] RecorderError),
}

/// A finished trace and what it consists of. Every size and digest stands in its own files and is checked by who receives it.
#[derive(Debug)]
pub struct FinishedTrace {
    pub(super) at: TraceDir,
    /// The payload of its `run.start`.
    pub run_start: String,
    /// Where each frame lies in the trace's file: offset and length. One frame is one chunk, numbered from 1.
    pub frames: Vec<(u64, u64)>,
    /// The blobs that are here.
    pub blobs: Vec<BlobInfo>,
    /// The named files that are here.
    pub artifacts: Vec<ArtifactInfo>,
    /// How it ended.
    pub ended: Ended,
    /// Blobs that it refers to and that are not here.
    pub missing_blobs: u64,
}

/// A larger list would be read into memory for no trace that anybody has recorded.
const MAX_LIST_BYTES: u64 = 256 << 20;
/// Frames of ours have about 1 MiB of lines; what an index claims beyond this is not read.
const MAX_FRAME_LEN: u64 = 64 << 20;

impl FinishedTrace {
    /// Reads the folder. It may come from anybody: nothing is read whole that could be large.
    pub fn load(dir: &Path) -> Result<Self, FinishedError> {
        let unfinished = || FinishedError::NotFinished(dir.to_owned());
        let dir = dir.canonicalize().map_err(|_| unfinished())?;
        let json = |name: &str| small(&dir.join(name));
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
        let reader = TraceReader::open(FileAt::open(&at.trace_file())?)?;
        let frames: Vec<(u64, u64)> =
            reader.index().frames.iter().map(|frame| (frame.offset, frame.len)).collect();
        if frames.iter().any(|(_, len)| *len > MAX_FRAME_LEN) {
            return Err(unfinished());
        }
        let start = reader.events().flatten().next().filter(|event| event.kind == Kind::RunStart);
        let run_start = start.ok_or_else(unfinished)?.payload.as_str().to_owned();
        let (blobs, missing_blobs) = blobs_here(&at, &manifest);
        // The vault is listed too, and is sent where it was kept.
        let here = |artifact: &ArtifactInfo| at.artifact(&artifact.name).is_file();
        let artifacts: Vec<_> =
            manifest.artifacts.iter().filter_map(artifacts::info).filter(here).collect();
        let (chunks, last_seq) = (frames.len() as u64, summary.last_seq);
        let ended = Ended { status: summary.status, chunks, last_seq };
        Ok(Self { at, run_start, frames, blobs, artifacts, ended, missing_blobs })
    }

    /// The trace.
    pub fn id(&self) -> TraceId {
        self.at.trace_id
    }

    /// The bytes of one of its frames.
    pub fn chunk(&self, (offset, len): (u64, u64)) -> Result<Vec<u8>, FinishedError> {
        let source = FileAt::open(&self.at.trace_file())?;
        Ok(source.read_at(offset, usize::try_from(len).unwrap_or(usize::MAX))?)
    }

    /// Where a blob's stored bytes lie.
    pub fn blob(&self, id: &BlobId) -> PathBuf {
        self.at.blob(id)
    }

    /// Where a named file lies.
    pub fn artifact(&self, name: &ArtifactName) -> PathBuf {
        self.at.artifact(name)
    }
}

fn small(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    let is_small = std::fs::metadata(path).is_ok_and(|found| found.len() <= MAX_LIST_BYTES);
    if is_small { files::read_if_any(path) } else { Ok(None) }
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
