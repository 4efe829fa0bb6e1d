//! The source trace: found, opened, and reduced to what a replay has to know of it.

mod facts;
mod find;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use trace_core::edge::{self, BundleLimits};

use facts::read;
pub(crate) use facts::{Facts, StepFact};
pub(crate) use find::{Found, find};

use crate::error::{Result, RunnerError};

/// A trace's directory and the recorder's folder it lies in.
#[derive(Debug)]
pub(crate) struct Source {
    /// The trace's directory; absolute.
    pub(crate) dir: PathBuf,
    /// The store with the blobs; absolute.
    pub(crate) store: PathBuf,
    /// What the trace says.
    pub(crate) facts: Facts,
    /// The files of a bundle go with it.
    unpacked: Option<tempfile::TempDir>,
}

impl Source {
    /// Whether its files go with it.
    pub(crate) fn is_temporary(&self) -> bool {
        self.unpacked.is_some()
    }
}

/// Opens what was found. A bundle is unpacked below `scratch`, and goes with the value.
pub(crate) fn open(found: Found, scratch: &Path) -> Result<Source> {
    let (dir, unpacked) = match found {
        Found::Folder(dir) => (dir, None),
        Found::Bundle(file) => {
            let (dir, unpacked) = unpack(&file, scratch)?;
            (dir, Some(unpacked))
        }
    };
    let dir = dir.canonicalize().map_err(RunnerError::at("open", &dir))?;
    let store = store_of(&dir).ok_or_else(|| {
        RunnerError::usage(format!(
            "`{}` does not lie in a recorder's folder, where its blobs would be; name the trace's directory where it was recorded, or a bundle",
            dir.display()
        ))
    })?;
    let facts = read(&dir)?;
    Ok(Source { dir, store, facts, unpacked })
}

/// The recorder's folder above a trace's, by the documented layout: organisation, year, month, day, trace below `traces/runs`.
pub(crate) fn store_of(dir: &Path) -> Option<PathBuf> {
    let runs = dir.ancestors().nth(5)?;
    let is_layout = runs.ends_with(Path::new("traces").join("runs"));
    is_layout.then(|| runs.ancestors().nth(2).map(Path::to_owned)).flatten()
}

fn unpack(path: &Path, scratch: &Path) -> Result<(PathBuf, tempfile::TempDir)> {
    let file = File::open(path).map_err(RunnerError::at("open", path))?;
    let into = tempfile::Builder::new().prefix("bundle-").tempdir_in(scratch);
    let into = into.map_err(RunnerError::at("write", scratch))?;
    let limits = BundleLimits::default();
    edge::unpack_bundle(BufReader::new(file), into.path(), &limits, |_, _| {}).map_err(
        |error| {
            RunnerError::usage(format!(
                "`{}` cannot be opened as a bundle: {error}",
                path.display()
            ))
        },
    )?;
    let dirs = edge::trace_dirs(into.path());
    let [dir] = dirs.as_slice() else {
        return Err(RunnerError::usage(format!(
            "`{}` holds {} traces; unpack it with `tar --zstd -xf` and name the trace's directory",
            path.display(),
            dirs.len()
        )));
    };
    Ok((dir.clone(), into))
}
