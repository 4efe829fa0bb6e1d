//! Who writes a trace. A lock that the system releases when its process dies tells the dead from the living, also across
//! containers where process ids do not compare; `recorder.json` tells the rest.

use std::fs::{File, TryLockError};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::event::{TraceId, WallMs};
use crate::redact::Rules;

use super::error::{FileError, RecorderError};
use super::files;
use super::layout::{TraceDir, names};
use super::options::{Masks, ServerOptions};

/// Holds a trace's directory until it is dropped or its process dies.
#[derive(Debug)]
pub(super) struct Owner {
    _lock: File,
}

impl Owner {
    /// Takes the directory; none when somebody else has it.
    pub(super) fn take(dir: &Path) -> Result<Option<Self>, FileError> {
        let path = dir.join(names::LOCK);
        let lock = files::append(&path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(FileError::at("lock", &path)(source)),
        }
    }
}

/// What recovery has to know about a trace that its process left behind. Holds no secret: `run_start` is redacted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RecorderFile {
    pub(super) pid: u32,
    /// When the process started, in the system's own unit; tells a process from a later one with the same id.
    pub(super) pid_start: Option<u64>,
    pub(super) host: String,
    pub(super) version: String,
    pub(super) org: String,
    pub(super) trace_id: TraceId,
    pub(super) wall_ms: WallMs,
    /// Where the trace was to be shipped to; none for a local trace.
    pub(super) server: Option<String>,
    /// By what an artifact is rewritten that recovery makes; none in files of earlier versions.
    #[serde(default)]
    pub(super) privacy: Option<Privacy>,
    pub(super) run_start: Box<RawValue>,
}

/// What of a recorder's rules may be written down: all but the secrets that it was told literally.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Privacy {
    pub(super) rules: Rules,
    pub(super) masks: Masks,
    /// How many values it was told.
    pub(super) n_values: usize,
}

impl Privacy {
    pub(super) fn new(rules: &Rules, masks: Masks) -> Self {
        let told = Rules { values: Vec::new(), ..rules.clone() };
        Self { rules: told, masks, n_values: rules.values.len() }
    }
}

impl RecorderFile {
    pub(super) fn new(
        trace: (&str, TraceId, WallMs),
        server: Option<&ServerOptions>,
        privacy: Privacy,
        run_start: Box<RawValue>,
    ) -> Self {
        let (org, trace_id, wall_ms) = trace;
        Self {
            pid: std::process::id(),
            pid_start: process_start(),
            host: host(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            org: org.to_owned(),
            trace_id,
            wall_ms,
            server: server.map(|server| server.url.clone()),
            privacy: Some(privacy),
            run_start,
        }
    }

    pub(super) fn write(&self, at: &TraceDir) -> Result<(), RecorderError> {
        let path = at.own(names::RECORDER);
        let text = serde_json::to_vec(self).map_err(std::io::Error::from);
        let text = text.map_err(FileError::at("write", &path))?;
        Ok(files::write_whole(&path, &text)?)
    }

    pub(super) fn read(dir: &Path) -> Option<Self> {
        let text = files::read_if_any(&dir.join(names::RECORDER)).ok()??;
        serde_json::from_slice(&text).ok()
    }
}

/// Field 22 of `/proc/self/stat`; counted behind the name, which may hold spaces.
fn process_start() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

pub(super) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok());
    name.map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}
