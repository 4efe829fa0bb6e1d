//! What a worker has on the disk while replays run: a private folder with a lock, which the system releases when its process dies, so
//! that the next start can take away what a killed one left.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use anyhow::Context;

const LOCK: &str = "lock";
const PREFIX: &str = "worker-";

/// One worker's folder; goes with the value.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Shared with other workers: runners close in it what other runners left.
    runner_home: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes a folder below `home`, and removes those of dead workers.
    pub fn open(home: &Path) -> anyhow::Result<Self> {
        make_private(home)?;
        let home = home.canonicalize()?;
        // Held until the new folder is locked, or another start would take it for a dead one's.
        let all = File::create(home.join("home.lock"))?;
        all.lock().context("cannot lock the folder of workers")?;
        sweep(&home);
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random)?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = home.join(format!("{PREFIX}{name}"));
        make_private(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock().with_context(|| format!("cannot lock `{}`", path.display()))?;
        Ok(Self { path, runner_home: home.join("runner"), _lock: lock })
    }

    /// Its name, which no other has.
    pub fn name(&self) -> &str {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.trim_start_matches(PREFIX)
    }

    /// Where traces of replays are taken over.
    pub fn staging(&self) -> PathBuf {
        self.path.join("staging")
    }

    /// Where runners keep what they have opened.
    pub fn runner_home(&self) -> &Path {
        &self.runner_home
    }

    /// A folder for one replay.
    pub(super) fn place(&self, id: &str, attempt: u32) -> anyhow::Result<Place> {
        let path = self.path.join(format!("{id}.{attempt}"));
        make_private(&path)?;
        Ok(Place(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is found by the next start.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// One replay's folder; goes with the value.
#[derive(Debug)]
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "folder of a replay not removed");
        }
    }
}

fn sweep(home: &Path) {
    let Ok(entries) = fs::read_dir(home) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_workers =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        let lock = OpenOptions::new().write(true).open(path.join(LOCK));
        if is_workers && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            drop(fs::remove_dir_all(&path));
        }
    }
}

fn make_private(dir: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).with_context(|| format!("cannot make directory `{}`", dir.display()))
}
