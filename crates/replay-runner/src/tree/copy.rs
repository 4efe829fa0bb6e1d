//! Files into the copy.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::list::Listing;
use crate::codes::Code;
use crate::error::{Result, RunnerError};

/// Copies every listed file; one that vanished since is left out, as it would be in a later listing.
pub(super) fn files(listing: &Listing, to: &Path, stop: &AtomicBool) -> Result<()> {
    let mut made = HashSet::new();
    for file in &listing.files {
        if stop.load(Ordering::Relaxed) {
            return Err(RunnerError::blocked(Code::Cancelled, "the copy was stopped"));
        }
        let (from, target) = (listing.root.join(file), to.join(file));
        let folder = target.parent().unwrap_or(to).to_owned();
        if made.insert(folder.clone()) {
            fs::create_dir_all(&folder).map_err(RunnerError::at("create directory", &folder))?;
        }
        match one(&from, &target, (&listing.root, to)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other.map_err(RunnerError::at("copy", &from))?,
        }
    }
    Ok(())
}

fn one(from: &Path, to: &Path, roots: (&Path, &Path)) -> std::io::Result<()> {
    let kind = from.symlink_metadata()?.file_type();
    if kind.is_symlink() {
        link(&link_target(from, roots)?, to)
    } else if kind.is_file() {
        fs::copy(from, to).map(drop)
    } else {
        // Sockets and pipes belong to the processes that made them.
        Ok(())
    }
}

/// A link stays inside the copy where it led inside the root, or the user's file would be read instead of the edited one, and written to.
/// A relative one that leads out would lead elsewhere from the copy, so it is made absolute.
fn link_target(from: &Path, (root, copy): (&Path, &Path)) -> std::io::Result<PathBuf> {
    let target = fs::read_link(from)?;
    let place = normal(&from.parent().unwrap_or(root).join(&target));
    // By way of other links it may lead where its words do not; one that leads nowhere has only its words.
    let real = from.canonicalize().unwrap_or_else(|_| place.clone());
    let inner = real.strip_prefix(root).map(|inner| copy.join(inner));
    Ok(match inner {
        Ok(_) if target.is_relative() => target,
        Ok(inner) => inner,
        Err(_) if target.is_relative() => real,
        Err(_) => target,
    })
}

/// The path without `.` and `..`, by its words alone.
fn normal(path: &Path) -> PathBuf {
    let mut place = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(place.pop()),
            Component::CurDir => {}
            other => place.push(other),
        }
    }
    place
}

#[cfg(unix)]
pub(super) fn link(target: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(windows)]
pub(super) fn link(target: &Path, at: &Path) -> std::io::Result<()> {
    if target.is_dir() {
        std::os::windows::fs::symlink_dir(target, at)
    } else {
        std::os::windows::fs::symlink_file(target, at)
    }
}
