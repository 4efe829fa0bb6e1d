//! Files into the copy.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::list::Listing;
use crate::error::{Result, RunnerError};

/// Copies every listed file; one that vanished since is left out, as it would be in a later listing.
pub(super) fn files(listing: &Listing, to: &Path) -> Result<()> {
    let mut made = HashSet::new();
    for file in &listing.files {
        let (from, target) = (listing.root.join(file), to.join(file));
        let folder = target.parent().unwrap_or(to).to_owned();
        if made.insert(folder.clone()) {
            fs::create_dir_all(&folder).map_err(RunnerError::at("create directory", &folder))?;
        }
        match one(&from, &target, &listing.root) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other.map_err(RunnerError::at("copy", &from))?,
        }
    }
    Ok(())
}

fn one(from: &Path, to: &Path, root: &Path) -> std::io::Result<()> {
    let kind = from.symlink_metadata()?.file_type();
    if kind.is_symlink() {
        link(&link_target(from, root)?, to)
    } else if kind.is_file() {
        fs::copy(from, to).map(drop)
    } else {
        // Sockets and pipes belong to the processes that made them.
        Ok(())
    }
}

/// A link inside the root stays as it is; one that leads out would lead elsewhere from the copy, so it is made absolute.
fn link_target(from: &Path, root: &Path) -> std::io::Result<PathBuf> {
    let target = fs::read_link(from)?;
    let mut place = from.parent().unwrap_or(root).to_owned();
    for part in target.components() {
        match part {
            Component::ParentDir => drop(place.pop()),
            Component::CurDir => {}
            other => place.push(other),
        }
    }
    Ok(if place.starts_with(root) && target.is_relative() { target } else { place })
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
