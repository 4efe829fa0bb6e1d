//! Files into the copy.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::list::Listing;
use crate::codes::Code;
use crate::error::{Result, RunnerError};

/// Threads that copy: most of a copy is waiting for the system to make files.
const COPIERS: usize = 4;

/// Copies every listed file; one that vanished since is left out, as it would be in a later listing.
pub(super) fn files(listing: &Listing, to: &Path, stop: &AtomicBool) -> Result<()> {
    let folders = listing.files.iter().filter_map(|file| file.parent());
    for folder in folders.collect::<HashSet<_>>() {
        let folder = to.join(folder);
        fs::create_dir_all(&folder).map_err(RunnerError::at("create directory", &folder))?;
    }
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(file) = listing.files.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                return Err(RunnerError::blocked(Code::Cancelled, "the copy was stopped"));
            }
            let from = listing.root.join(file);
            match one(&from, &to.join(file), (&listing.root, to)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => other.map_err(RunnerError::at("copy", &from))?,
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let copiers: Vec<_> = (0..COPIERS).map(|_| scope.spawn(work)).collect();
        let gone = || Err(RunnerError::Output(std::io::Error::other("a copying thread has ended")));
        copiers.into_iter().try_for_each(|copier| copier.join().unwrap_or_else(|_| gone()))
    })
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
