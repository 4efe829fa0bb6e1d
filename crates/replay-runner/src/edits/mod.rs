//! What is changed before the test runs: patches applied to the copy, and a command that builds it.

mod apply;
mod build;
mod patch;

use std::path::{Path, PathBuf};

pub(crate) use apply::{Way, apply};
pub(crate) use build::{TAIL_LINES, build, failed as build_failed};
pub(crate) use patch::{FilePatch, Patch};

use crate::codes::Code;
use crate::error::{Result, RunnerError};

/// Reads and checks patches; nothing is applied.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Patch>> {
    paths.iter().map(|path| read_one(path)).collect()
}

/// The files that a patch touches, if it may be applied at all; the error is the reason in words. For whoever takes patches from
/// elsewhere and wants to refuse them early: the replay itself checks once more.
pub fn check_patch(text: &str) -> std::result::Result<Vec<PathBuf>, String> {
    let patch = Patch::parse("edit", text.as_bytes().to_vec())?;
    let files = patch.files.iter().flat_map(|file| [&file.old, &file.new]);
    let mut files: Vec<PathBuf> = files.flatten().cloned().collect();
    files.sort();
    files.dedup();
    Ok(files)
}

fn read_one(path: &Path) -> Result<Patch> {
    let text = std::fs::read(path).map_err(|error| {
        RunnerError::usage(format!("the patch `{}` cannot be read: {error}", path.display()))
    })?;
    let name = path.display().to_string();
    Patch::parse(&name, text).map_err(|fault| {
        RunnerError::blocked(Code::PatchFailed, format!("`{name}` is not applied: {fault}"))
    })
}
