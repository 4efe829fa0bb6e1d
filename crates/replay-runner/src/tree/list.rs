//! Which files are the code: what git knows or does not ignore, and ignored build results; without git every file.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::git;
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::image::Image;

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
    /// The commit that the copy is a worktree of; none without a repository or before its first commit.
    pub(crate) commit: Option<String>,
    /// Whether the files are that commit's, and not the working directory's.
    pub(crate) is_checkout: bool,
    /// Files and links below the root.
    #[serde(serialize_with = "count")]
    pub(crate) files: Vec<PathBuf>,
    /// Folders below the root that have installed packages.
    pub(crate) modules: Vec<PathBuf>,
    /// The folder above the root that has the next ones.
    pub(crate) outer_modules: Option<PathBuf>,
    /// The image that has the code instead.
    pub(crate) image: Option<Image>,
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
    let suite = found(suite)?;
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
    let commit = repository.map(|(_, commit)| commit);
    Ok(Listing { left_out, ..listing(root, &suite, files, commit) })
}

/// Lists the code of the commit that a trace was recorded at.
pub(crate) fn at_commit(suite: &Path, recorded: Option<&str>) -> Result<Listing> {
    let suite = found(suite)?;
    let lost = |why: String| {
        RunnerError::blocked(
            Code::NoCode,
            format!("{why}; replay the code that lies there with --code working-directory"),
        )
    };
    let sha = recorded.filter(|sha| is_digest(sha)).ok_or_else(|| {
        lost("the trace names no commit that it was recorded at (`run.start.code_sha`)".to_owned())
    })?;
    let repository = repository_of(&suite);
    let (root, _) = repository.ok_or_else(|| {
        lost(format!(
            "the trace was recorded at commit {sha}, and `{}` lies in no git repository",
            suite.display()
        ))
    })?;
    let commit = commit_of(&root, sha).ok_or_else(|| {
        lost(format!(
            "commit {sha}, which the trace was recorded at, is not in `{}`: fetch it with `git fetch origin {sha}`",
            root.display()
        ))
    })?;
    let files = paths(&root, &["ls-tree", "-r", "-z", "--name-only", "--full-tree", &commit])?;
    Ok(Listing { is_checkout: true, ..listing(root, &suite, files, Some(commit)) })
}

/// A recorded word is data: only a digest may become an argument of another program.
pub(crate) fn is_digest(sha: &str) -> bool {
    (7..=64).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The whole name of a commit that the repository has.
pub(crate) fn commit_of(root: &Path, sha: &str) -> Option<String> {
    line(root, &["rev-parse", "--verify", "--quiet", &format!("{sha}^{{commit}}")])
}

/// Whether a commit has a file.
pub(crate) fn has(root: &Path, commit: &str, file: &str) -> bool {
    git::output(root, &["cat-file", "-e", &format!("{commit}:{file}")]).is_ok()
}

fn found(suite: &Path) -> Result<PathBuf> {
    suite.canonicalize().map_err(|error| {
        RunnerError::usage(format!(
            "no suite in `{}`: {error}; name its folder with --suite",
            suite.display()
        ))
    })
}

fn listing(root: PathBuf, suite: &Path, files: Vec<PathBuf>, commit: Option<String>) -> Listing {
    let has_modules = |folder: &Path| folder.join("node_modules").is_dir();
    let folders = folders_of(&files).into_iter();
    Listing {
        modules: folders.filter(|folder| has_modules(&root.join(folder))).collect(),
        outer_modules: root
            .ancestors()
            .skip(1)
            .find(|above| has_modules(above))
            .map(Path::to_owned),
        suite: suite.strip_prefix(&root).unwrap_or(Path::new("")).to_owned(),
        commit,
        is_checkout: false,
        image: None,
        root,
        files,
        left_out: Vec::new(),
    }
}

/// The working directory around a folder and its commit; none where git knows neither.
fn repository_of(suite: &Path) -> Option<(PathBuf, String)> {
    let root = PathBuf::from(line(suite, &["rev-parse", "--show-toplevel"])?);
    let root = root.canonicalize().ok()?;
    let commit = line(suite, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
    suite.starts_with(&root).then_some((root, commit))
}

/// The one line that git answers; none when it refuses.
fn line(dir: &Path, args: &[&str]) -> Option<String> {
    let text = String::from_utf8(git::output(dir, args).ok()?).ok()?;
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// The paths that git answers, each ended by a zero byte.
fn paths(root: &Path, args: &[&str]) -> Result<Vec<PathBuf>> {
    let told = git::output(root, args).map_err(RunnerError::usage)?;
    Ok(told.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(path_of).collect())
}

fn of_repository(root: &Path, left_out: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let known = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let ignored = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
    // Each reads the whole working directory.
    let (known, ignored) = std::thread::scope(|scope| {
        let known = scope.spawn(|| paths(root, &known));
        let ignored = paths(root, &ignored);
        (known.join(), ignored)
    });
    let gone = |_| RunnerError::Output(std::io::Error::other("a listing thread has ended"));
    let (known, ignored) = (known.map_err(gone)??, ignored?);
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

/// Files and links at or below a path, as paths below `root`; none when they are more than the bounds. What lies near the top is looked
/// at first, because the large files of caches do: they are known as too large before their thousands of small files are listed.
fn walk(root: &Path, path: &Path, most_files: usize, most_bytes: u64) -> Option<Vec<PathBuf>> {
    let (mut files, mut bytes) = (Vec::new(), 0);
    let mut left = VecDeque::from([path.to_owned()]);
    while let Some(path) = left.pop_front() {
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
