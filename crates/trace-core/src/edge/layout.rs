//! Where a trace's files lie under the root. Keys come from `blob::keys`; the names of the spool's own files are built here.

use std::path::{Path, PathBuf};

use crate::blob::{ArtifactName, BlobId, ObjectKey, OrgId, TracePrefix};
use crate::event::{TraceId, WallMs};

use super::error::RecorderError;

/// The directory of one trace and the root it lies under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TraceDir {
    pub(super) root: PathBuf,
    pub(super) dir: PathBuf,
    pub(super) trace_id: TraceId,
    prefix: TracePrefix,
}

impl TraceDir {
    pub(super) fn new(
        root: &Path,
        org: &OrgId,
        wall_ms: WallMs,
        trace_id: TraceId,
    ) -> Result<Self, RecorderError> {
        let prefix = TracePrefix::new(org, wall_ms, trace_id).map_err(|error| {
            RecorderError::Option { option: "wall_ms", reason: error.to_string() }
        })?;
        Ok(Self { root: root.to_owned(), dir: root.join(prefix.as_str()), trace_id, prefix })
    }

    fn at(&self, key: &ObjectKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    pub(super) fn live(&self) -> PathBuf {
        self.dir.join("live")
    }

    /// The open chunk: lines as text.
    pub(super) fn open_chunk(&self, n: u64) -> PathBuf {
        self.at(&self.prefix.open_chunk(n))
    }

    /// A cut chunk: one zstd frame.
    pub(super) fn chunk(&self, n: u64) -> PathBuf {
        self.at(&self.prefix.chunk(n))
    }

    pub(super) fn artifact(&self, name: &ArtifactName) -> PathBuf {
        self.at(&self.prefix.artifact(name))
    }

    pub(super) fn blob(&self, id: &BlobId) -> PathBuf {
        blob_path(&self.root, id)
    }

    /// Files of other programs that grow while the trace is written; private, and gone once it is finished.
    pub(super) fn raw(&self) -> PathBuf {
        self.dir.join("raw")
    }

    pub(super) fn trace_file(&self) -> PathBuf {
        self.at(&self.prefix.trace_file())
    }

    pub(super) fn summary(&self) -> PathBuf {
        self.at(&self.prefix.summary())
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.at(&self.prefix.manifest())
    }

    /// One of the spool's own files, see [`names`].
    pub(super) fn own(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Where a blob lies under a root.
pub(super) fn blob_path(root: &Path, id: &BlobId) -> PathBuf {
    root.join(ObjectKey::blob(id).as_str())
}

/// The spool's own files; they vanish when the trace is finished.
pub(super) mod names {
    /// Who records, for people and for recovery.
    pub(in crate::edge) const RECORDER: &str = "recorder.json";
    /// Held locked by the process that writes the trace.
    pub(in crate::edge) const LOCK: &str = "recorder.lock";
    /// What the cut chunks hold: last seq, counts.
    pub(in crate::edge) const TALLY: &str = "tally.json";
    /// The blobs this trace refers to, one JSON line each.
    pub(in crate::edge) const BLOBS: &str = "blobs.jsonl";
    /// The artifacts beside this trace, one JSON line each.
    pub(in crate::edge) const ARTIFACTS: &str = "artifacts.jsonl";
    /// How the trace ended; there once nothing more comes.
    pub(in crate::edge) const END: &str = "end.json";
    /// What the server has acknowledged.
    pub(in crate::edge) const SHIP: &str = "ship.json";
    /// How its process died, when somebody saw it.
    pub(in crate::edge) const DEATH: &str = "death.json";
    /// Room for the last lines on a disk that has become full meanwhile.
    pub(in crate::edge) const RESERVE: &str = "reserve";
    /// All of them.
    pub(in crate::edge) const ALL: &[&str] =
        &[RECORDER, TALLY, BLOBS, ARTIFACTS, SHIP, DEATH, RESERVE, END, LOCK];
}
