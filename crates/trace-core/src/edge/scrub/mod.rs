//! A secret that got into finished traces is taken out again: from lines, blobs and artifacts, without a moment in which a
//! crash would lose a trace.
//!
//! Everything new is staged in `scrub/` beside the trace; `scrub/plan.json` is the moment from which on it counts. What a
//! crash leaves behind that moment is finished by the next run, and what it leaves before it is thrown away.

mod archive;
mod commit;
mod error;
mod stage;
mod wanted;

use std::path::{Path, PathBuf};

use super::layout::names;
use super::owner::Owner;

pub use error::ScrubError;
pub use wanted::Wanted;

/// What is in the way of the secret in one trace, or was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scrubbed {
    /// Lines that change.
    pub lines: u64,
    /// Places in lines, blobs and artifacts where the secret stands.
    pub places: u64,
    /// Blobs that are replaced by clean ones.
    pub blobs: u64,
    /// Artifacts that change.
    pub artifacts: Vec<String>,
    /// Replaced blobs that stay in the store, because other traces refer to them: scrub those too.
    pub shared: Vec<String>,
    /// What cannot be looked into.
    pub unseen: Vec<String>,
    /// Whether an earlier scrub had been cut off and was finished first.
    pub resumed: bool,
}

/// What scrubbing the trace in `dir` would change. Nothing of the trace is touched.
pub fn plan(dir: &Path, wanted: &mut Wanted, drop_vault: bool) -> Result<Scrubbed, ScrubError> {
    let _held = Held::take(dir)?;
    if commit::is_noted(dir) {
        // Throwing it away would lose the only clean form of what is half moved already.
        return Err(ScrubError::CutOff(dir.to_owned()));
    }
    let staged = stage::stage(dir, wanted, drop_vault);
    let cleaned = commit::clear(dir);
    let (told, _) = staged?;
    cleaned?;
    Ok(told)
}

/// Takes the secret out of the trace in `dir`; `drop_vault` removes its vault, into which nobody can look without the key.
pub fn scrub(dir: &Path, wanted: &mut Wanted, drop_vault: bool) -> Result<Scrubbed, ScrubError> {
    let _held = Held::take(dir)?;
    let resumed = commit::commit(dir)?.is_some();
    let (mut told, plan) = stage::stage(dir, wanted, drop_vault)?;
    told.resumed = resumed;
    if plan.is_empty() {
        commit::clear(dir)?;
        return Ok(told);
    }
    commit::note(dir, &plan)?;
    told.shared = commit::commit(dir)?.unwrap_or_default();
    Ok(told)
}

/// Nobody else may write the trace meanwhile; a finished trace has no lock file of its own.
struct Held {
    _owner: Owner,
    lock: PathBuf,
}

impl Held {
    fn take(dir: &Path) -> Result<Self, ScrubError> {
        if dir.join(names::RECORDER).exists() || !dir.join("trace.ndjson.zst").is_file() {
            return Err(ScrubError::Unfinished(dir.to_owned()));
        }
        let owner = Owner::take(dir)?.ok_or_else(|| ScrubError::Busy(dir.to_owned()))?;
        Ok(Self { _owner: owner, lock: dir.join(names::LOCK) })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A lock file that stays behind is locked by nobody.
        drop(super::files::remove_if_any(&self.lock));
    }
}
