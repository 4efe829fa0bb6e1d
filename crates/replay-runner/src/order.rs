//! What the worker is told: one JSON file that only this user may read.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::args::{AppMode, Strategy};
use crate::cdp::RelayAddress;
use crate::edits::Patch;
use crate::error::Result;
use crate::home::write_private;

/// The order's file in the replay's directory.
pub(crate) const FILE: &str = "order.json";
/// The worker's progress, beside it.
pub(crate) const PROGRESS: &str = "progress.ndjson";
/// The file that says that the clones are back.
pub(crate) const CLONES_RESTORED: &str = "clones-restored";
/// The file that lets a held browser go.
pub(crate) const RELEASE: &str = "release";

/// The order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Order {
    pub(crate) version: u32,
    pub(crate) replay_id: String,
    /// Directory of the source trace.
    pub(crate) trace: PathBuf,
    /// The store with its blobs.
    pub(crate) blobs: PathBuf,
    pub(crate) from_step: u64,
    pub(crate) strategy: Strategy,
    pub(crate) app_mode: AppMode,
    /// Neither the app nor a clone is asked.
    pub(crate) is_on_record: bool,
    pub(crate) vault_key: Option<PathBuf>,
    pub(crate) passthrough: Vec<String>,
    /// Empty: what the record suggests.
    pub(crate) app_origins: Vec<String>,
    /// The module that the worker loads; empty until it has been looked up.
    pub(crate) guest: PathBuf,
    pub(crate) progress: PathBuf,
    /// Whether clones were restored for this replay.
    pub(crate) has_clones: bool,
    /// Send what changed something in the skipped steps to the running app before step N.
    pub(crate) server_fast_forward: bool,
    /// A file that is written when the clones, which the app called meanwhile, are back where they were.
    pub(crate) clones_restored: Option<PathBuf>,
    /// What was changed in the code, for the replay's own record.
    pub(crate) edits: Vec<Edited>,
    /// Keep the browser at step N instead of going on.
    pub(crate) hold: Option<Hold>,
    /// Where the worker lets the runner ask the browser that is kept.
    pub(crate) relay: Option<RelayAddress>,
}

/// Longer patches are named only: a record is no place for generated files.
const MOST_EDIT_BYTES: usize = 256 << 10;

/// A patch in the copy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Edited {
    /// Its file's name.
    name: String,
    /// The unified diff; none when it is too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
}

impl Edited {
    pub(crate) fn of(patch: &Patch) -> Self {
        let name = Path::new(&patch.name).file_name().unwrap_or_default();
        let text = std::str::from_utf8(&patch.text).ok();
        let told = text.filter(|text| text.len() <= MOST_EDIT_BYTES).map(str::to_owned);
        Self { name: name.to_string_lossy().into_owned(), patch: told }
    }
}

/// How a browser is kept at step N.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Hold {
    /// Without a window.
    pub(crate) headless: bool,
    /// A file that is written when the test may end.
    pub(crate) release: PathBuf,
}

impl Order {
    /// Writes the order and an empty progress file.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        write_private(&self.progress, b"")?;
        self.rewrite(dir)
    }

    /// Writes a changed order; the progress goes on.
    pub(crate) fn rewrite(&self, dir: &Path) -> Result<()> {
        write_private(&dir.join(FILE), &serde_json::to_vec(self)?)
    }
}
