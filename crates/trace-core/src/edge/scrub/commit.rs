//! The clean form takes the place of the old one.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::error::FileError;
use super::super::layout::blob_path;
use super::super::{blobs, files};
use crate::blob::BlobId;

/// What is staged. Carrying it out twice is the same as once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Files of the trace that have a clean form.
    pub(super) files: Vec<String>,
    /// Files of the trace that go.
    pub(super) removed: Vec<String>,
    /// Clean blobs, by digest.
    pub(super) new_blobs: Vec<String>,
    /// Blobs that go when nobody else refers to them.
    pub(super) old_blobs: Vec<String>,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.removed.is_empty() && self.new_blobs.is_empty()
    }
}

const PLAN: &str = "plan.json";

/// Where the clean form is staged.
pub(super) fn staging(dir: &Path) -> PathBuf {
    dir.join("scrub")
}

/// The store that a trace's directory lies in: above organisation and date, and the two folders of all traces.
pub(super) fn root_of(dir: &Path) -> PathBuf {
    dir.ancestors().nth(7).unwrap_or(dir).to_owned()
}

/// Whether an earlier scrub got as far as its plan.
pub(super) fn is_noted(dir: &Path) -> bool {
    staging(dir).join(PLAN).exists()
}

/// From here on the plan counts.
pub(super) fn note(dir: &Path, plan: &Plan) -> Result<(), FileError> {
    files::sync(&staging(dir))?;
    let text = serde_json::to_vec(plan).unwrap_or_default();
    files::write_whole(&staging(dir).join(PLAN), &text)?;
    files::sync(&staging(dir))
}

/// Throws away what is staged.
pub(super) fn clear(dir: &Path) -> Result<(), FileError> {
    let path = staging(dir);
    if path.exists() {
        fs::remove_dir_all(&path).map_err(FileError::at("remove", &path))?;
    }
    Ok(())
}

/// Carries a noted plan out, and says which old blobs others still need; none when there was no plan.
pub(super) fn commit(dir: &Path) -> Result<Option<Vec<String>>, FileError> {
    let Some(text) = files::read_if_any(&staging(dir).join(PLAN))? else { return Ok(None) };
    let plan: Plan = serde_json::from_slice(&text)
        .map_err(std::io::Error::from)
        .map_err(FileError::at("read", &staging(dir).join(PLAN)))?;
    let root = root_of(dir);
    for hex in &plan.new_blobs {
        let Ok(id) = BlobId::from_hex(hex) else { continue };
        let to = blob_path(&root, &id);
        to.parent().map_or(Ok(()), files::create_dir_all)?;
        rename(&staging(dir).join(hex), &to)?;
    }
    for name in &plan.files {
        rename(&staging(dir).join(name), &dir.join(name))?;
    }
    for name in &plan.removed {
        files::remove_if_any(&dir.join(name))?;
    }
    files::sync(dir)?;
    let old: HashSet<String> = plan.old_blobs.into_iter().collect();
    let shared = blobs::remove_unneeded(&root, old)?;
    clear(dir)?;
    Ok(Some(shared))
}

/// A source that is gone was renamed before a crash.
fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::at("write", to)(error))
        }
        _ => Ok(()),
    }
}
