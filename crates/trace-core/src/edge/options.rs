//! What a recorder is told, and what it tells in the end.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::blob::{ArtifactName, OrgId};
use crate::event::{ShortId, Timestamp, TraceId, WallMs};
use crate::redact::Rules;

use super::vault::VaultOptions;

/// How to record one trace.
#[derive(Debug, Clone)]
pub struct RecorderOptions {
    /// The local directory store; `.molar` by default.
    pub root: PathBuf,
    /// Whose trace it is; `local` without a server.
    pub org: OrgId,
    /// The trace's id.
    pub trace_id: TraceId,
    /// The wall clock at ts 0, in milliseconds since the epoch.
    pub wall_ms: WallMs,
    /// The payload of `run.start` as JSON text; format, ids and clock are filled in where they are missing.
    pub run_start: String,
    /// Where to ship to; without one the trace stays in `root`.
    pub server: Option<ServerOptions>,
    /// Keeps everything here until `finish`, so that a trace that is discarded instead was never anywhere else.
    pub hold: bool,
    /// What a trace must not say.
    pub rules: Rules,
    /// What becomes of the originals of redacted values.
    pub vault: VaultOptions,
    /// What people want hidden on pages.
    pub masks: Masks,
    /// Bounds of memory, disk and patience.
    pub limits: Limits,
}

/// What people want hidden on pages. Playwright's own trace knows nothing of it: what cannot be masked there is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Masks {
    /// The values of all form fields rather than of the sensitive ones only.
    pub inputs: bool,
    /// Elements by selector: their text, or the whole of them.
    pub elements: bool,
}

impl Masks {
    /// Whether a picture shows what is masked.
    pub(super) fn hide_pictures(self) -> bool {
        self.inputs || self.elements
    }
}

/// A companion server.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// Its address, such as `http://127.0.0.1:4173`.
    pub url: String,
    /// An API key with the scope `traces:write`.
    pub key: Option<String>,
}

impl std::fmt::Debug for ServerOptions {
    /// The key never reaches a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerOptions").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What a recorder may use. Beyond a bound events are dropped and counted, never waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that wait for the writer thread.
    pub queue_bytes: usize,
    /// Bytes of one trace on disk, blobs included.
    pub spool_bytes: u64,
    /// How long `finish` may take altogether.
    pub finish_timeout: Duration,
    /// How long `finish` waits for a server that makes no progress.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_bytes: 64 << 20,
            spool_bytes: 2 << 30,
            finish_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(5),
        }
    }
}

/// One event on its way to the recorder.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Time on the trace's axis.
    pub ts: Timestamp,
    /// The kind's name.
    pub kind: String,
    /// The step it belongs to.
    pub step_id: Option<String>,
    /// The payload's JSON text.
    pub payload: String,
    /// Bodies, images and states that become Content fields.
    pub contents: Vec<ContentDraft>,
}

/// An event without contents, borrowed from whoever has it.
#[derive(Debug, Clone, Copy)]
pub struct DraftRef<'a> {
    /// Time on the trace's axis.
    pub ts: Timestamp,
    /// The kind's name.
    pub kind: &'a str,
    /// The step it belongs to.
    pub step_id: Option<&'a str>,
    /// The payload's JSON text.
    pub payload: &'a str,
}

/// Bytes that become a Content field of the payload, inline or as a blob.
#[derive(Debug, Clone, Default)]
pub struct ContentDraft {
    /// The field's name; dots lead into objects, as in `data.content`.
    pub field: String,
    /// What the bytes are.
    pub media_type: String,
    /// The bytes.
    pub data: Vec<u8>,
    /// How many bytes of the original are missing; 0 when it is whole.
    pub truncated: u64,
}

/// How the trace ends.
#[derive(Debug, Clone, Default)]
pub struct Finish {
    /// Time on the trace's axis.
    pub ts: Timestamp,
    /// `passed`, `failed`, `error` or `aborted`.
    pub status: String,
    /// The other fields of `run.end` as JSON text; `status` and `counts` are filled in.
    pub payload: String,
}

/// What became of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shipped {
    /// It lies finished in the local store.
    Local,
    /// The server has all of it.
    Shipped {
        /// Where people look at it, when the server said so.
        url: Option<String>,
    },
    /// It lies whole in the spool, and a later process ships it.
    Spooled {
        /// Why it is not on the server yet.
        reason: String,
    },
    /// It was discarded and is nowhere.
    Discarded,
    /// The recorder was not done in time; its thread goes on, and a later process recovers what is left.
    Unfinished {
        /// What it was waiting for.
        reason: String,
    },
}

/// What a recorder did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishReport {
    /// The trace.
    pub trace_id: TraceId,
    /// Its short id.
    pub short_id: ShortId,
    /// Its directory; gone once it is shipped.
    pub dir: PathBuf,
    /// Events written, `run.end` included.
    pub events: u64,
    /// Bytes of lines.
    pub bytes: u64,
    /// Distinct blobs it refers to.
    pub blobs: u64,
    /// Events that were dropped.
    pub dropped: u64,
    /// Where it is now.
    pub shipped: Shipped,
    /// What went wrong, once each, for a person.
    pub problems: Vec<String>,
}

/// A file to be kept beside the trace.
#[derive(Debug, Clone)]
pub(super) struct ArtifactDraft {
    pub(super) name: ArtifactName,
    pub(super) path: PathBuf,
    pub(super) takes: bool,
}
