//! A bound for the local store: finished traces go before the disk is full, the oldest that passed first.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::blob::BlobId;

use super::error::{FileError, explain};
use super::layout::{blob_path, names};
use super::owner::Owner;
use super::{blobs, files, recover};

/// A trace that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pruned {
    /// Where it lay.
    pub dir: PathBuf,
    /// How it had ended.
    pub status: String,
}

/// What a pruning did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PruneReport {
    /// The traces that were removed, in that order.
    pub traces: Vec<Pruned>,
    /// Bytes that are free now.
    pub freed_bytes: u64,
    /// Bytes that the store still has.
    pub kept_bytes: u64,
    /// Traces that wait for a server or are being written; they are never removed.
    pub unfinished: usize,
    /// Half files of killed processes that were removed.
    pub halves: usize,
    /// What could not be done, for a person.
    pub problems: Vec<String>,
}

/// Removes finished traces and unreferenced blobs until the store has at most `max_bytes`; without a limit it only removes
/// what killed processes left half written.
///
/// Safe beside living recorders: they store blobs under the same lock.
pub fn prune(root: &Path, max_bytes: Option<u64>) -> PruneReport {
    let mut report = PruneReport::default();
    if !root.join("traces").is_dir() {
        return report;
    }
    if let Err(error) = locked(root, max_bytes, &mut report) {
        report.problems.push(explain(&error));
    }
    report
}

fn locked(root: &Path, max_bytes: Option<u64>, report: &mut PruneReport) -> Result<(), FileError> {
    let lock = blobs::open_lock(root)?;
    lock.lock().map_err(FileError::at("lock", root))?;
    let mut store = Store::read(root, report);
    report.kept_bytes = store.bytes();
    let Some(max_bytes) = max_bytes else { return Ok(()) };
    if store.bytes() <= max_bytes {
        return Ok(());
    }
    store.remove_unreferenced(report)?;
    // What passed is missed least; among equals the oldest.
    store.traces.sort_by_key(|trace| (trace.status != "passed", trace.ended));
    let mut traces = std::mem::take(&mut store.traces).into_iter();
    while store.bytes() > max_bytes {
        let Some(trace) = traces.next() else { break };
        store.remove(trace, report)?;
    }
    report.kept_bytes = store.bytes();
    Ok(())
}

/// A recorder has written its first file this long after it made the directory.
const STARTED: Duration = Duration::from_mins(1);

/// A finished trace.
#[derive(Debug)]
struct Finished {
    dir: PathBuf,
    status: String,
    ended: SystemTime,
    bytes: u64,
    blobs: Vec<BlobId>,
}

#[derive(Debug, Default)]
struct StoredBlob {
    bytes: u64,
    references: usize,
}

/// What lies under a root.
#[derive(Debug)]
struct Store {
    root: PathBuf,
    traces: Vec<Finished>,
    blobs: HashMap<BlobId, StoredBlob>,
    /// Bytes of traces, finished or not.
    trace_bytes: u64,
}

impl Store {
    fn read(root: &Path, report: &mut PruneReport) -> Self {
        let mut store = Self {
            root: root.to_owned(),
            traces: Vec::new(),
            blobs: HashMap::new(),
            trace_bytes: 0,
        };
        store.read_blobs(report);
        for dir in recover::trace_dirs(root) {
            store.read_trace(dir, report);
        }
        store
    }

    /// No recorder writes a blob while the lock is held, so half files are those of the dead.
    fn read_blobs(&mut self, report: &mut PruneReport) {
        let all = self.root.join("blobs").join("sha256");
        for dir in std::fs::read_dir(all).into_iter().flatten().flatten().map(|e| e.path()) {
            report.halves += files::sweep(&dir);
            let first = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                let rest = entry.file_name().to_string_lossy().into_owned();
                let Ok(id) = BlobId::from_hex(&format!("{first}{rest}")) else { continue };
                let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                self.blobs.insert(id, StoredBlob { bytes, references: 0 });
            }
        }
    }

    fn read_trace(&mut self, dir: PathBuf, report: &mut PruneReport) {
        let bytes = bytes_below(&dir);
        let blobs: Vec<BlobId> =
            blobs::needed(&dir).iter().filter_map(|name| BlobId::from_hex(name).ok()).collect();
        if is_remains(&dir) && Owner::take(&dir).is_ok_and(|owner| owner.is_some()) {
            match files::remove_dir_if_any(&dir) {
                Ok(()) => report.halves += 1,
                Err(error) => report.problems.push(explain(&error)),
            }
            return;
        }
        self.trace_bytes += bytes;
        for id in &blobs {
            if let Some(blob) = self.blobs.get_mut(id) {
                blob.references += 1;
            }
        }
        if dir.join(names::RECORDER).exists() || dir.join(names::LOCK).exists() {
            report.unfinished += 1;
            return;
        }
        let status = status_of(&dir);
        let ended = std::fs::metadata(dir.join("summary.json")).and_then(|file| file.modified());
        let ended = ended.unwrap_or(SystemTime::UNIX_EPOCH);
        self.traces.push(Finished { dir, status, ended, bytes, blobs });
    }

    fn bytes(&self) -> u64 {
        self.trace_bytes + self.blobs.values().map(|blob| blob.bytes).sum::<u64>()
    }

    fn remove_unreferenced(&mut self, report: &mut PruneReport) -> Result<(), FileError> {
        let free: Vec<BlobId> =
            self.blobs.iter().filter(|(_, blob)| blob.references == 0).map(|(id, _)| *id).collect();
        free.into_iter().try_for_each(|id| self.remove_blob(id, report))
    }

    fn remove_blob(&mut self, id: BlobId, report: &mut PruneReport) -> Result<(), FileError> {
        files::remove_if_any(&blob_path(&self.root, &id))?;
        report.freed_bytes += self.blobs.remove(&id).map_or(0, |blob| blob.bytes);
        Ok(())
    }

    fn remove(&mut self, trace: Finished, report: &mut PruneReport) -> Result<(), FileError> {
        // The trace goes first: blobs that a kill leaves behind are found by the next pruning, missing ones by readers.
        files::remove_dir_if_any(&trace.dir)?;
        self.trace_bytes = self.trace_bytes.saturating_sub(trace.bytes);
        report.freed_bytes += trace.bytes;
        for id in trace.blobs {
            let Some(blob) = self.blobs.get_mut(&id) else { continue };
            blob.references = blob.references.saturating_sub(1);
            if blob.references == 0 {
                self.remove_blob(id, report)?;
            }
        }
        report.traces.push(Pruned { dir: trace.dir, status: trace.status });
        Ok(())
    }
}

/// Neither begun nor finished: a removal that was killed. A recorder that is about to begin has a younger directory.
fn is_remains(dir: &Path) -> bool {
    let changed = std::fs::metadata(dir).and_then(|dir| dir.modified());
    !dir.join(names::RECORDER).exists()
        && !dir.join("trace.ndjson.zst").exists()
        && changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > STARTED))
}

fn status_of(dir: &Path) -> String {
    #[derive(serde::Deserialize)]
    struct Row {
        status: String,
    }
    let text = files::read_if_any(&dir.join("summary.json")).ok().flatten().unwrap_or_default();
    serde_json::from_slice::<Row>(&text).map_or_else(|_| "unknown".to_owned(), |row| row.status)
}

fn bytes_below(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
