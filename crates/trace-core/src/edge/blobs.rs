//! Blobs of the local store: stored once, referred to by trace, removed only when no trace refers to them.
//!
//! Recorders note a reference and look for the blob under a shared lock of `blobs.lock`; whoever removes blobs scans the
//! references and deletes under the exclusive one. So a blob cannot vanish between "it is there already" and the line that
//! refers to it, and a process that dies leaves no lock behind.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::blob::{BlobId, is_compressed_media};
use crate::chunk::Compressor;

use super::error::FileError;
use super::files;
use super::layout::{TraceDir, blob_path, names};

/// One line of `blobs.jsonl`, and one entry of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BlobRef {
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) media_type: String,
}

impl BlobRef {
    /// The blob it names; none when the line was damaged.
    pub(super) fn id(&self) -> Option<BlobId> {
        BlobId::from_hex(&self.sha256).ok()
    }
}

/// The blobs of one trace as it is written.
#[derive(Debug)]
pub(super) struct BlobWriter {
    at: TraceDir,
    lock: File,
    refs: File,
    known: HashSet<BlobId>,
}

/// What storing a blob did.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) reference: BlobRef,
    pub(super) id: BlobId,
    /// Whether this trace met it for the first time.
    pub(super) is_new: bool,
    /// Bytes that were added to the disk.
    pub(super) added_bytes: u64,
}

impl BlobWriter {
    pub(super) fn open(at: &TraceDir) -> Result<Self, FileError> {
        let lock = open_lock(&at.root)?;
        let known = references(at).iter().filter_map(BlobRef::id).collect();
        let refs = files::append(&at.own(names::BLOBS))?;
        Ok(Self { at: at.clone(), lock, refs, known })
    }

    pub(super) fn len(&self) -> u64 {
        self.known.len() as u64
    }

    /// Stores the bytes under their name unless they are there already.
    pub(super) fn put(
        &mut self,
        data: &[u8],
        media_type: &str,
        compressor: &mut Compressor,
    ) -> Result<Placed, FileError> {
        let id = BlobId::of(data);
        let (sha256, size) = (id.hex(), data.len() as u64);
        let reference = BlobRef { sha256, size, media_type: media_type.to_owned() };
        let is_new = !self.known.contains(&id);
        let mut added_bytes = 0;
        if is_new {
            self.lock.lock_shared().map_err(FileError::at("lock", &self.at.root))?;
            let stored = self.put_locked(data, &reference, &id, compressor);
            // A failed unlock is undone by the next lock of this handle or by the end of the process.
            drop(self.lock.unlock());
            added_bytes = stored?;
            self.known.insert(id);
        }
        Ok(Placed { reference, id, is_new, added_bytes })
    }

    fn put_locked(
        &mut self,
        data: &[u8],
        reference: &BlobRef,
        id: &BlobId,
        compressor: &mut Compressor,
    ) -> Result<u64, FileError> {
        use std::io::Write as _;
        let line = serde_json::to_string(reference).unwrap_or_default() + "\n";
        let list = self.at.own(names::BLOBS);
        self.refs.write_all(line.as_bytes()).map_err(FileError::at("append to", &list))?;
        let path = blob_path(&self.at.root, id);
        if path.exists() {
            return Ok(0);
        }
        path.parent().map_or(Ok(()), files::create_dir_all)?;
        let frame = if is_compressed_media(&reference.media_type) {
            None
        } else {
            // Without memory to compress, the plain bytes are a valid blob as well.
            compressor.compress(data).ok()
        };
        let bytes = frame.as_deref().unwrap_or(data);
        files::write_whole(&path, bytes)?;
        Ok(bytes.len() as u64)
    }
}

pub(super) fn open_lock(root: &Path) -> Result<File, FileError> {
    files::append(&root.join("blobs.lock"))
}

/// What `blobs.jsonl` lists; a half line at its end is a blob whose event was never written.
pub(super) fn references(at: &TraceDir) -> Vec<BlobRef> {
    let bytes = files::read_if_any(&at.own(names::BLOBS)).ok().flatten().unwrap_or_default();
    let lines = bytes.split(|byte| *byte == b'\n');
    let mut seen = HashSet::new();
    lines
        .filter_map(|line| serde_json::from_slice::<BlobRef>(line).ok())
        .filter(|reference| seen.insert(reference.sha256.clone()))
        .collect()
}

/// Removes the trace's directory and those of its blobs that no other trace under the root refers to.
pub(super) fn remove_trace(at: &TraceDir) -> Result<(), FileError> {
    let mine = needed(&at.dir);
    let lock = remove_free(&at.root, mine, Some(&at.dir))?.0;
    let removed = std::fs::remove_dir_all(&at.dir).map_err(FileError::at("remove", &at.dir));
    drop(lock);
    removed
}

/// Removes those of the blobs that no trace under the root refers to; the others are told.
pub(super) fn remove_unneeded(root: &Path, old: HashSet<String>) -> Result<Vec<String>, FileError> {
    Ok(remove_free(root, old, None)?.1)
}

/// Removes the blobs that no trace but `except` refers to; the lock is held as long as its file lives.
fn remove_free(
    root: &Path,
    mut free: HashSet<String>,
    except: Option<&Path>,
) -> Result<(File, Vec<String>), FileError> {
    let lock = open_lock(root)?;
    lock.lock().map_err(FileError::at("lock", root))?;
    let mut kept = Vec::new();
    for other in super::recover::trace_dirs(root) {
        if except != Some(&other) && !free.is_empty() {
            let names = needed(&other);
            kept.extend(free.extract_if(|sha256| names.contains(sha256)));
        }
    }
    for id in free.iter().filter_map(|sha256| BlobId::from_hex(sha256).ok()) {
        files::remove_if_any(&blob_path(root, &id))?;
    }
    kept.sort();
    Ok((lock, kept))
}

/// SHA-256 of the blobs that the trace in a folder needs: by its list while it is written, by its manifest afterwards.
pub fn needed(dir: &Path) -> HashSet<String> {
    #[derive(Deserialize)]
    struct Manifest {
        blobs: Vec<BlobRef>,
    }
    let list = files::read_if_any(&dir.join(names::BLOBS)).ok().flatten().unwrap_or_default();
    let lines = list.split(|byte| *byte == b'\n');
    let mut found: HashSet<String> = lines
        .filter_map(|line| serde_json::from_slice::<BlobRef>(line).ok())
        .map(|blob| blob.sha256)
        .collect();
    let manifest = files::read_if_any(&dir.join("manifest.json")).ok().flatten();
    let manifest = manifest.and_then(|text| serde_json::from_slice::<Manifest>(&text).ok());
    found.extend(manifest.into_iter().flat_map(|m| m.blobs).map(|blob| blob.sha256));
    found
}
