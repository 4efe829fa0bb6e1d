//! Traces that a dead process left behind are ended, and then archived or shipped.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::event::TraceId;
use crate::ship::{BlobInfo, ChunkInfo, Ended, Input, Ledger};

use super::error::{FileError, RecorderError, explain};
use super::layout::{TraceDir, names};
use super::options::{Limits, ServerOptions, Shipped};
use super::owner::{Owner, RecorderFile};
use super::repair::{self, Repaired};
use super::uploader::{self, Job};
use super::{artifacts, blobs, files, finalize, vault};

/// One trace that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveredTrace {
    /// The trace.
    pub trace_id: TraceId,
    /// Where it lies, or lay until it was shipped.
    pub dir: PathBuf,
    /// How it ended; `aborted` when its process died before the end.
    pub status: String,
    /// Its events, the added `run.end` included.
    pub events: u64,
    /// Bytes of a half line that were cut off.
    pub lost_bytes: u64,
    /// Where it is now.
    pub shipped: Shipped,
}

/// What a recovery did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoverReport {
    /// The traces that were dealt with.
    pub traces: Vec<RecoveredTrace>,
    /// Traces that belong to living recorders; they were not touched.
    pub alive: usize,
    /// What could not be done, for a person.
    pub problems: Vec<String>,
}

/// Deals with every unfinished trace under `root` whose process is gone.
///
/// A trace that was recorded for a server is shipped to `server`, and stays in the spool without one; a local trace is
/// archived where it lies. `progress` hears of each trace as it is done. Two recoveries at once share the work.
pub fn recover(
    root: &Path,
    server: Option<&ServerOptions>,
    mut progress: impl FnMut(&RecoveredTrace),
) -> RecoverReport {
    let mut report = RecoverReport::default();
    for dir in trace_dirs(root) {
        match one(root, &dir, server, &mut report.problems) {
            Ok(Found::Dealt(trace)) => {
                progress(&trace);
                report.traces.push(trace);
            }
            Ok(Found::Alive) => report.alive += 1,
            Ok(Found::Finished) => {}
            Err(error) => report.problems.push(format!("`{}`: {}", dir.display(), explain(&error))),
        }
    }
    report
}

enum Found {
    Finished,
    Alive,
    Dealt(RecoveredTrace),
}

fn one(
    root: &Path,
    dir: &Path,
    server: Option<&ServerOptions>,
    problems: &mut Vec<String>,
) -> Result<Found, RecorderError> {
    let marker = dir.join(names::RECORDER);
    if !marker.exists() {
        return Ok(Found::Finished);
    }
    let owner = match Owner::take(dir) {
        Ok(Some(owner)) => owner,
        Ok(None) => return Ok(Found::Alive),
        // Somebody else finished and removed it just now.
        Err(_) if !marker.exists() => return Ok(Found::Finished),
        Err(error) => return Err(error.into()),
    };
    // Looked at again under the lock: another recovery may have been faster.
    if !marker.exists() {
        return Ok(Found::Finished);
    }
    let file = RecorderFile::read(dir).ok_or_else(unreadable)?;
    let org = file.org.parse().map_err(|_| unreadable())?;
    let at = TraceDir::new(root, &org, file.wall_ms, file.trace_id)?;
    if at.dir != dir {
        return Err(unreadable());
    }
    let Repaired { end, lost_bytes } = repair::repair(&at)?;
    if let Err(error) = vault::list(&at) {
        // A vault that is no vault any more must not keep the trace itself from being brought home.
        problems.push(format!("`{}`: {}", dir.display(), explain(&error)));
    }
    let (status, events) = (end.status.clone(), end.last_seq);
    let shipped = bring_home(&at, &file, end, server, owner)?;
    let (trace_id, dir) = (file.trace_id, at.dir);
    Ok(Found::Dealt(RecoveredTrace { trace_id, dir, status, events, lost_bytes, shipped }))
}

fn unreadable() -> RecorderError {
    RecorderError::Option {
        option: "recorder.json",
        reason: "it cannot be read, so nobody knows whose trace this is".to_owned(),
    }
}

fn bring_home(
    at: &TraceDir,
    file: &RecorderFile,
    end: Ended,
    server: Option<&ServerOptions>,
    owner: Owner,
) -> Result<Shipped, RecorderError> {
    match (&file.server, server) {
        (None, _) => {
            finalize::locally(at, None)?;
            Ok(Shipped::Local)
        }
        (Some(url), None) => Ok(Shipped::Spooled {
            reason: format!("it is meant for `{url}`, and no server is set"),
        }),
        (Some(_), Some(server)) => {
            let limits = Limits::default();
            let shipment = ship(at, end, server.clone(), Arc::new(owner))?;
            Ok(shipment.wait(limits.idle_timeout, Instant::now() + RECOVER_TIMEOUT))
        }
    }
}

/// One trace may be gigabytes; as long as it makes progress it gets this long.
const RECOVER_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(10);

/// Tells a new shipment everything that lies in the spool.
pub(super) fn ship(
    at: &TraceDir,
    end: Ended,
    server: ServerOptions,
    owner: Arc<Owner>,
) -> Result<uploader::Shipment, RecorderError> {
    let file = RecorderFile::read(&at.dir).ok_or_else(unreadable)?;
    let ledger = files::read_if_any(&at.own(names::SHIP))?.unwrap_or_default();
    // An unreadable ledger costs repeats, not data.
    let ledger = Ledger::parse(&String::from_utf8_lossy(&ledger)).unwrap_or_default();
    let shipment = uploader::start(Job::new(at, server, ledger, owner))?;
    for blob in blobs::references(at) {
        // A reference whose blob never came to be was noted for a line that was never written.
        if let Some(id) = blob.id().filter(|id| at.blob(id).exists()) {
            let (size, media_type) = (blob.size, blob.media_type);
            shipment.tell(Input::BlobReady(BlobInfo { id, size, media_type }));
        }
    }
    for artifact in artifacts::listed(at).iter().filter_map(artifacts::info) {
        shipment.tell(Input::ArtifactReady(artifact));
    }
    for n in 1..=end.chunks {
        if let Some(chunk) = files::read_if_any(&at.chunk(n))? {
            let sha256 = crate::blob::BlobId::of(&chunk).hex();
            shipment.tell(Input::ChunkReady(ChunkInfo {
                n,
                bytes_len: chunk.len() as u64,
                sha256,
            }));
        }
    }
    shipment.tell(Input::RunStarted(file.run_start.get().to_owned()));
    shipment.tell(Input::Ended(end));
    Ok(shipment)
}

/// Every trace directory under a root, finished or not, oldest day first.
pub fn trace_dirs(root: &Path) -> Vec<PathBuf> {
    // Organisation, year, month, day, trace.
    let mut level = vec![root.join("traces").join("runs")];
    for _ in 0..5 {
        level = level.iter().flat_map(|dir| subdirs(dir).unwrap_or_default()).collect();
    }
    level
}

/// A directory that vanishes meanwhile holds nothing that is left to do.
fn subdirs(dir: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = std::fs::read_dir(dir).map_err(FileError::at("read directory", dir))?;
    let mut dirs: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    dirs.sort();
    Ok(dirs)
}
