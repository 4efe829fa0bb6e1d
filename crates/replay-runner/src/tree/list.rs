//! Which files are the code: what git knows or does not ignore, and ignored build results; without git every file.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::git;
use crate::error::{Result, RunnerError};

/// Never copied: installed packages are linked, and the rest is what earlier runs left.
const LEFT_OUT: &[&str] =
    &[".git", "node_modules", "test-results", "playwright-report", "blob-report", ".molar"];
/// An ignored folder beyond these is a cache, not the build of a suite.
const MOST_IGNORED_FILES: usize = 20_000;
const MOST_IGNORED_BYTES: u64 = 256 << 20;
/// A folder beyond this is not a suite.
const MOST_FILES: usize = 500_000;

/// What is copied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Listing {
    /// The repository's working directory, or the suite's folder where there is no repository.
    pub(crate) root: PathBuf,
    /// The suite's folder below it.
    pub(crate) suite: PathBuf,
    /// The commit under the working directory; none without a repository or before its first commit.
    pub(crate) commit: Option<String>,
    /// Files and links below the root.
    #[serde(serialize_with = "count")]
    pub(crate) files: Vec<PathBuf>,
    /// Folders below the root that have installed packages.
    pub(crate) modules: Vec<PathBuf>,
    /// The folder above the root that has the next ones.
    pub(crate) outer_modules: Option<PathBuf>,
    /// Ignored folders that are too large to be copied.
    pub(crate) left_out: Vec<PathBuf>,
}

fn count<S: serde::Serializer>(
    files: &[PathBuf],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u64(files.len() as u64)
}

/// Lists the code around a suite. `except` is left out: the store of the traces.
pub(crate) fn list(suite: &Path, except: &Path) -> Result<Listing> {
    let suite = suite.canonicalize().map_err(|error| {
        RunnerError::usage(format!(
            "no suite in `{}`: {error}; name its folder with --suite",
            suite.display()
        ))
    })?;
    let repository = repository_of(&suite);
    let root = repository.as_ref().map_or(&suite, |(root, _)| root).clone();
    let mut left_out = Vec::new();
    let mut files = match &repository {
        Some((root, _)) => of_repository(root, &mut left_out)?,
        None => walk(&root, Path::new(""), MOST_FILES, u64::MAX).ok_or_else(|| {
            RunnerError::usage(format!("`{}` holds more than {MOST_FILES} files, which is no suite; name its folder with --suite", root.display()))
        })?,
    };
    let except = except.strip_prefix(&root).ok().filter(|path| !path.as_os_str().is_empty());
    files.retain(|file| is_code(file) && except.is_none_or(|except| !file.starts_with(except)));
    let modules = folders_of(&files)
        .into_iter()
        .filter(|folder| root.join(folder).join("node_modules").is_dir());
    Ok(Listing {
        modules: modules.collect(),
        outer_modules: root
            .ancestors()
            .skip(1)
            .find(|above| above.join("node_modules").is_dir())
            .map(Path::to_owned),
        suite: suite.strip_prefix(&root).unwrap_or(Path::new("")).to_owned(),
        commit: repository.map(|(_, commit)| commit),
        root,
        files,
        left_out,
    })
}

/// The working directory around a folder and its commit; none where git knows neither.
fn repository_of(suite: &Path) -> Option<(PathBuf, String)> {
    let line = |args: &[&str]| {
        let text = String::from_utf8(git::output(suite, args).ok()?).ok()?;
        Some(text.trim_end_matches(['\n', '\r']).to_owned())
    };
    let root = PathBuf::from(line(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()?;
    let commit = line(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
    suite.starts_with(&root).then_some((root, commit))
}

fn of_repository(root: &Path, left_out: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let paths = |args: &[&str]| {
        let told = git::output(root, args).map_err(RunnerError::usage)?;
        Ok::<_, RunnerError>(
            told.split(|byte| *byte == 0)
                .filter(|path| !path.is_empty())
                .map(path_of)
                .collect::<Vec<_>>(),
        )
    };
    let known = paths(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let ignored =
        paths(&["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"])?;
    let mut files = BTreeSet::new();
    for path in known {
        // A folder is a submodule, or a repository of its own that nobody has added.
        if root.join(&path).is_symlink() || !root.join(&path).is_dir() {
            files.insert(path);
        } else {
            files.extend(walk(root, &path, MOST_FILES, u64::MAX).unwrap_or_default());
        }
    }
    for path in ignored.into_iter().filter(|path| is_code(path)) {
        match walk(root, &path, MOST_IGNORED_FILES, MOST_IGNORED_BYTES) {
            Some(found) => files.extend(found),
            None => left_out.push(path),
        }
    }
    Ok(files.into_iter().collect())
}

/// Files and links at or below a path, as paths below `root`; none when they are more than the bounds.
fn walk(root: &Path, path: &Path, most_files: usize, most_bytes: u64) -> Option<Vec<PathBuf>> {
    let (mut files, mut bytes) = (Vec::new(), 0);
    let mut left = vec![path.to_owned()];
    while let Some(path) = left.pop() {
        let Ok(meta) = root.join(&path).symlink_metadata() else { continue };
        if !meta.is_dir() {
            bytes += meta.len();
            files.push(path);
        } else if path.file_name().is_none_or(|name| !is_left_out(name)) {
            let entries = std::fs::read_dir(root.join(&path)).into_iter().flatten().flatten();
            left.extend(entries.map(|entry| path.join(entry.file_name())));
        }
        if files.len() > most_files || bytes > most_bytes {
            return None;
        }
    }
    Some(files)
}

fn is_left_out(name: &OsStr) -> bool {
    LEFT_OUT.iter().any(|left_out| name == *left_out)
}

fn is_code(path: &Path) -> bool {
    !path.components().any(|part| matches!(part, Component::Normal(name) if is_left_out(name)))
}

fn folders_of(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::from([PathBuf::new()]);
    for file in files {
        for folder in file.ancestors().skip(1) {
            if !folders.insert(folder.to_owned()) {
                break;
            }
        }
    }
    folders
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    // Git ends a folder with a slash, which is no part of its name.
    PathBuf::from(OsStr::from_bytes(bytes.strip_suffix(b"/").unwrap_or(bytes)))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).trim_end_matches('/'))
}
