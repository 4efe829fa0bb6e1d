//! Files whose errors name their paths, and writes that are whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use super::error::FileError;

type Result<T> = std::result::Result<T, FileError>;

pub(super) fn create_dir_all(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(FileError::at("create directory", path))
}

/// Writes beside the target and renames, so that a reader or a crash never meets half a file.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = beside(path);
    let written = fs::write(&beside, bytes).map_err(FileError::at("write", &beside));
    let done =
        written.and_then(|()| fs::rename(&beside, path).map_err(FileError::at("write", path)));
    if done.is_err() {
        // The half file is useless; when it cannot be removed either, the first error tells the story.
        drop(fs::remove_file(&beside));
    }
    done
}

/// A name next to `path` that no other process uses at the same time.
pub(super) fn beside(path: &Path) -> std::path::PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}.{n}.tmp", std::process::id()));
    path.with_file_name(name)
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(FileError::at("read", path))
}

/// The file's bytes, or none when it is not there.
pub(super) fn read_if_any(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::at("read", path)(error)),
    }
}

pub(super) fn remove_if_any(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::at("remove", path)(error))
        }
        _ => Ok(()),
    }
}

pub(super) fn remove_dir_if_any(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::at("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Removes what writes that were never completed left in a directory that nobody else writes to.
pub(super) fn sweep(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let halves = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tmp"));
    halves.filter(|path| fs::remove_file(path).is_ok()).count()
}

/// Appends one line in one write.
pub(super) fn append_line(path: &Path, line: &str) -> Result<()> {
    let mut file = append(path)?;
    file.write_all(format!("{line}\n").as_bytes()).map_err(FileError::at("append to", path))
}

pub(super) fn append(path: &Path) -> Result<File> {
    OpenOptions::new().create(true).append(true).open(path).map_err(FileError::at("open", path))
}

/// Makes a file and its name survive a power cut.
pub(super) fn sync(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(FileError::at("sync", path))
}

/// Moves a file, by copying when the target lies on another file system.
pub(super) fn take(from: &Path, to: &Path) -> Result<()> {
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    copy(from, to)?;
    remove_if_any(from)
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    let beside = beside(to);
    fs::copy(from, &beside).map_err(FileError::at("copy", from))?;
    fs::rename(&beside, to).map_err(FileError::at("write", to))
}
