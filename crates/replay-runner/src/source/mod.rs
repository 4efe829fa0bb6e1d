//! The source trace: found, opened, and reduced to what a replay has to know of it.

mod find;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use trace_core::Kind;
use trace_core::edge::replay::{ReplayOpenError, ReplayOptions, ReplaySource};
use trace_core::edge::{self, BundleLimits};
use trace_core::event::Extra;
use trace_core::replay::Plan;
use trace_core::replay::origins::OriginOptions;

pub(crate) use find::{Found, find};

use crate::args::Wanted;
use crate::codes::Code;
use crate::error::{Result, RunnerError};

/// A trace's directory and the recorder's folder it lies in.
#[derive(Debug)]
pub(crate) struct Source {
    /// The trace's directory; absolute.
    pub(crate) dir: PathBuf,
    /// The store with the blobs; absolute.
    pub(crate) store: PathBuf,
    /// What the replay will do, as the trace says.
    pub(crate) plan: Plan,
    /// Seeds that clones were given before the test.
    pub(crate) seeds: Extra,
    /// The file that opens the trace's vault.
    pub(crate) vault_key: Option<PathBuf>,
    /// The files of a bundle go with it.
    unpacked: Option<tempfile::TempDir>,
}

impl Source {
    /// How the record is opened once more, by who needs more of it than is kept here.
    pub(crate) fn options(&self, wanted: &Wanted) -> ReplayOptions {
        options(wanted, &self.dir, &self.store, self.vault_key.as_deref())
    }

    /// Whether its files go with it.
    pub(crate) fn is_temporary(&self) -> bool {
        self.unpacked.is_some()
    }
}

/// A trace's directory, found and at hand.
#[derive(Debug)]
pub(crate) struct Located {
    /// The trace's directory; absolute.
    pub(crate) dir: PathBuf,
    /// The store with the blobs; absolute.
    pub(crate) store: PathBuf,
    /// The files of a bundle go with it.
    unpacked: Option<tempfile::TempDir>,
}

/// Makes what was found a directory. A bundle is unpacked below `scratch`, and goes with the value.
pub(crate) fn locate(found: Found, scratch: &Path) -> Result<Located> {
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
    Ok(Located { dir, store, unpacked })
}

/// Opens what was found as the source of a replay.
pub(crate) fn open(wanted: &Wanted, found: Found, scratch: &Path) -> Result<Source> {
    let Located { dir, store, unpacked } = locate(found, scratch)?;
    let mut vault_key = vault_key(wanted, &store)?;
    let mut opened = read(wanted, &dir, &store, vault_key.as_deref());
    // A key that merely lies there may be another recorder's; one that was named has to fit.
    if wanted.surroundings.vault_key.is_none() && matches!(opened, Err(ReplayOpenError::Vault(_))) {
        vault_key = None;
        opened = read(wanted, &dir, &store, None);
    }
    let opened = opened.map_err(|error| unreadable(&dir, error))?;
    let start = opened.events().iter().find(|event| event.kind == Kind::RunStart);
    let seeds = start.and_then(|event| event.payload.field("seeds"));
    let seeds = seeds.and_then(|seeds| seeds.as_object().cloned()).unwrap_or_default();
    Ok(Source { plan: opened.plan().clone(), dir, store, seeds, vault_key, unpacked })
}

fn read(
    wanted: &Wanted,
    dir: &Path,
    store: &Path,
    vault_key: Option<&Path>,
) -> std::result::Result<ReplaySource, ReplayOpenError> {
    ReplaySource::open(&options(wanted, dir, store, vault_key))
}

fn options(wanted: &Wanted, dir: &Path, store: &Path, vault_key: Option<&Path>) -> ReplayOptions {
    ReplayOptions {
        directory: dir.to_owned(),
        blobs: Some(store.to_owned()),
        from_step: wanted.from_step,
        vault_key: vault_key.map(Path::to_owned),
        origins: OriginOptions {
            app: wanted.surroundings.app_origins.clone(),
            clones: Vec::new(),
            passthrough: wanted.surroundings.passthrough.clone(),
        },
        ..ReplayOptions::default()
    }
}

/// The key that was named, or the one that lies beside local traces.
fn vault_key(wanted: &Wanted, store: &Path) -> Result<Option<PathBuf>> {
    let beside = store.join(edge::vault::KEY_FILE);
    match &wanted.surroundings.vault_key {
        None => Ok(Some(beside).filter(|key| key.is_file())),
        Some(key) => key.canonicalize().map(Some).map_err(|error| {
            RunnerError::usage(format!("no vault key `{}`: {error}", key.display()))
        }),
    }
}

fn unreadable(dir: &Path, error: ReplayOpenError) -> RunnerError {
    match error.code() {
        "NO_SUCH_STEP" => RunnerError::blocked(Code::NoSuchStep, error.to_string()),
        "NO_TEST" => RunnerError::blocked(Code::NoTest, error.to_string()),
        "NO_SECRETS" => RunnerError::blocked_by(
            Code::NoSecrets,
            format!("the secrets of `{}` cannot be put back", dir.display()),
            error,
        ),
        _ => RunnerError::usage(format!("`{}` cannot be read as a trace: {error}", dir.display())),
    }
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
