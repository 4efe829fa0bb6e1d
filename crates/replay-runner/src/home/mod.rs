//! What a replay has opened and who closes it. Each replay has a private directory with a lock, which the system releases when its
//! process dies, and a manifest that names a thing before it exists. The next start closes what a dead one left.

mod close;
mod manifest;
mod place;
pub(crate) mod process;

use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) use close::close;
pub(crate) use manifest::{CloneRun, Container, Group, Manifest, Worktree};

use crate::error::{Result, RunnerError};

const LOCK: &str = "lock";
/// Digits of a replay's id, 64 random bits, since nothing that two replays share may have the same name; and of a directory's name.
const ID_DIGITS: usize = 16;

/// A new replay's id.
pub(crate) fn new_id() -> Result<String> {
    let mut bytes = [0_u8; ID_DIGITS / 2];
    getrandom::fill(&mut bytes).map_err(std::io::Error::from)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The directory of all replays of this user.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
}

/// One replay's directory, locked as long as this lives.
#[derive(Debug)]
pub(crate) struct ReplayDir {
    pub(crate) path: PathBuf,
    kept: Cell<bool>,
    _lock: File,
}

impl ReplayDir {
    /// Where Node keeps what it has compiled, for all replays of this user: whoever can write there decides what the next one runs, so it
    /// lies in the home, and not where Node would put it, in a directory that everybody shares.
    pub(crate) fn compiled(&self) -> PathBuf {
        self.path.with_file_name("compiled")
    }

    /// Something could not be closed: the directory stays for the next start, which tries once more.
    pub(crate) fn keep(&self) {
        self.kept.set(true);
    }

    /// Takes the directory away, unless it is to stay.
    pub(crate) fn end(self) {
        if !self.kept.get() {
            // What the system refuses to remove is found by the next start.
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

impl Home {
    /// Makes the directory; nobody else may read it, since it holds orders and copies of code.
    pub(crate) fn open(chosen: Option<&Path>) -> Result<Self> {
        let path = chosen.map_or_else(default_path, Path::to_owned);
        make_private(&path)?;
        let path = path.canonicalize().map_err(RunnerError::at("open", &path))?;
        place::spread_below(&path);
        Ok(Self { path })
    }

    /// A directory for a new replay: the first that nobody has. One replay after the other has the same, because Playwright keeps what it
    /// has compiled by the path of the source, and a new path costs a second. Each is made under a name of its own first, for the sake of
    /// [`place::spread_below`].
    pub(crate) fn begin(&self, replay_id: &str) -> Result<ReplayDir> {
        // Held until the new directory is locked, or a sweep of another process would take it for an orphan.
        let _all = self.lock_all()?;
        let mut names = (0_u64..).map(|n| self.path.join(format!("{n:0ID_DIGITS$x}")));
        let path = names.find(|path| path.symlink_metadata().is_err()).unwrap_or_default();
        let new = self.path.join(format!("new-{replay_id}"));
        make_private(&new)?;
        fs::rename(&new, &path).map_err(RunnerError::at("rename", &new))?;
        let file = path.join(LOCK);
        let mut lock = File::create(&file).map_err(RunnerError::at("create", &file))?;
        lock.try_lock().map_err(|error| RunnerError::at("lock", &file)(error.into()))?;
        // For whoever wonders whose it is.
        lock.write_all(replay_id.as_bytes()).map_err(RunnerError::at("write", &file))?;
        Ok(ReplayDir { path, kept: Cell::new(false), _lock: lock })
    }

    /// Directories whose process is gone, each locked by us now.
    pub(crate) fn orphans(&self) -> Result<Vec<ReplayDir>> {
        let _all = self.lock_all()?;
        let entries = fs::read_dir(&self.path).map_err(RunnerError::at("read", &self.path))?;
        let dirs = entries.flatten().map(|entry| entry.path()).filter(|path| is_replay(path));
        let take = |path: PathBuf| {
            let lock = OpenOptions::new().write(true).open(path.join(LOCK)).ok()?;
            lock.try_lock().ok().map(|()| ReplayDir { path, kept: Cell::new(false), _lock: lock })
        };
        Ok(dirs.filter_map(take).collect())
    }

    fn lock_all(&self) -> Result<File> {
        let path = self.path.join("home.lock");
        let file = File::create(&path).map_err(RunnerError::at("create", &path))?;
        file.lock().map_err(RunnerError::at("lock", &path))?;
        Ok(file)
    }
}

/// Whether a directory is a replay's: a home that was chosen carelessly may hold anything, and what is an orphan is removed.
fn is_replay(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let is_id = name.len() == ID_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id && path.is_dir() && path.join(LOCK).is_file()
}

/// One directory a user below the system's temporary one, because that is emptied by somebody else if we never come back.
fn default_path() -> PathBuf {
    #[cfg(unix)]
    let user = rustix::process::getuid().as_raw().to_string();
    #[cfg(not(unix))]
    let user = "user".to_owned();
    std::env::temp_dir().join(format!("molar-replay-{user}"))
}

/// Makes a directory that only its owner may enter; one that somebody else has put there is refused.
fn make_private(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(RunnerError::at("create directory", parent))?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => is_ours(path),
        other => other.map_err(RunnerError::at("create directory", path)),
    }
}

fn is_ours(path: &Path) -> Result<()> {
    let meta = fs::symlink_metadata(path).map_err(RunnerError::at("read", path))?;
    #[cfg(unix)]
    let (owner, us) =
        (std::os::unix::fs::MetadataExt::uid(&meta), rustix::process::getuid().as_raw());
    #[cfg(not(unix))]
    let (owner, us) = (0, 0);
    if meta.is_dir() && owner == us {
        return Ok(());
    }
    Err(RunnerError::usage(format!(
        "`{}` is not a directory of yours; name another with --home",
        path.display()
    )))
}

/// Writes a file that only its owner may read, from its first byte on.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(RunnerError::at("create", path))?;
    file.write_all(bytes).map_err(RunnerError::at("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replays_at_once_have_directories_of_their_own_and_the_next_one_has_the_first_again() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let (one, two) = (home.begin("one").unwrap(), home.begin("two").unwrap());
        let (first, second) = (one.path.clone(), two.path.clone());
        assert_ne!(first, second);
        assert!(is_replay(&first) && is_replay(&second));
        assert_eq!(home.orphans().unwrap().len(), 0, "both are held");
        one.end();
        let next = home.begin("three").unwrap();
        assert_eq!(next.path, first);
        next.keep();
        next.end();
        assert_eq!(home.orphans().unwrap().len(), 1, "what is kept is left to the next start");
    }
}
