//! A finished trace of this machine, sent to a server.

use std::path::Path;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::blobs;
use super::error::{FileError, RecorderError};
use super::finished::{FinishedError, FinishedTrace};
use super::options::{ServerOptions, Shipped};
use super::uploader::{self, Job};
use crate::blob::BlobId;
use crate::ship::{ChunkInfo, Input};

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
    /// The folder is none of a finished trace.
    #[error(transparent)]
    Unusable(#[from] FinishedError),
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
    let trace = FinishedTrace::load(dir)?;
    let chunks = chunks(&trace)?;
    let mut job = Job::finished(&trace.at, server.clone(), trace.frames.clone());
    job.ask_for_artifacts(&trace.artifacts)?;
    let (total, missing_blobs) = (bytes(&trace), trace.missing_blobs);
    let shipment = uploader::start(job)?;
    tell(trace, chunks, &shipment);
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

/// Bytes of chunks, blobs and artifacts.
fn bytes(trace: &FinishedTrace) -> u64 {
    let chunks = trace.frames.iter().map(|(_, len)| *len);
    let blobs = trace.blobs.iter().map(|blob| blob.size);
    let artifacts = trace.artifacts.iter().map(|artifact| artifact.size);
    chunks.chain(blobs).chain(artifacts).sum()
}

fn tell(trace: FinishedTrace, chunks: Vec<ChunkInfo>, shipment: &uploader::Shipment) {
    trace.blobs.into_iter().for_each(|blob| shipment.tell(Input::BlobReady(blob)));
    let artifacts = trace.artifacts.into_iter();
    artifacts.for_each(|artifact| shipment.tell(Input::ArtifactReady(artifact)));
    chunks.into_iter().for_each(|chunk| shipment.tell(Input::ChunkReady(chunk)));
    shipment.tell(Input::RunStarted(trace.run_start));
    shipment.tell(Input::Ended(trace.ended));
}

fn chunks(trace: &FinishedTrace) -> Result<Vec<ChunkInfo>, FinishedError> {
    let info = |(n, frame)| {
        let bytes = trace.chunk(frame)?;
        Ok(ChunkInfo { n, bytes_len: bytes.len() as u64, sha256: BlobId::of(&bytes).hex() })
    };
    (1..).zip(trace.frames.iter().copied()).map(info).collect()
}

/// Removes a trace and the blobs that no other trace of its folder needs.
pub fn remove_finished(dir: &Path) -> Result<(), PushError> {
    let trace = FinishedTrace::load(dir)?;
    Ok(blobs::remove_trace(&trace.at)?)
}
