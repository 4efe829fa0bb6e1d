//! What the worker is told: one JSON file that only this user may read.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::args::{AppMode, Strategy};
use crate::error::Result;
use crate::home::write_private;

/// The order's file in the replay's directory.
pub(crate) const FILE: &str = "order.json";
/// The worker's progress, beside it.
pub(crate) const PROGRESS: &str = "progress.ndjson";

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
    pub(crate) vault_key: Option<PathBuf>,
    pub(crate) passthrough: Vec<String>,
    /// Empty: what the record suggests.
    pub(crate) app_origins: Vec<String>,
    /// The module that the worker loads; empty until it has been looked up.
    pub(crate) guest: PathBuf,
    pub(crate) progress: PathBuf,
    /// Keep the browser at step N instead of going on.
    pub(crate) hold: bool,
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
