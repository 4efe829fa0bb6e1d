//! The code: a copy of the working directory as it stands, uncommitted changes included, in a place of its own.
//!
//! Edits and builds never touch the user's tree: files are copied, and only installed packages are reached by links.

mod copy;
pub(crate) mod git;
mod list;
mod modules;

use std::path::{Path, PathBuf};

pub(crate) use list::{Listing, list};

use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::home::{Manifest, ReplayDir, Worktree};

/// The copy.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Stands for the listing's root.
    pub(crate) root: PathBuf,
    /// The suite's folder in it.
    pub(crate) suite: PathBuf,
}

/// Where the copy of a replay lies.
pub(crate) fn place(dir: &Path) -> PathBuf {
    dir.join("tree").join("code")
}

/// Makes the copy; a worktree stands in the manifest before git hears of it.
pub(crate) fn make(listing: &Listing, dir: &ReplayDir, manifest: &mut Manifest) -> Result<Tree> {
    let root = place(&dir.path);
    let above = root.parent().unwrap_or(&root);
    std::fs::create_dir_all(above).map_err(RunnerError::at("create directory", above))?;
    if let Some(commit) = &listing.commit {
        manifest.worktree = Some(Worktree { repository: listing.root.clone(), path: root.clone() });
        manifest.write(&dir.path)?;
        add_worktree(&listing.root, &root, commit)?;
    }
    copy::files(listing, &root)?;
    for folder in &listing.modules {
        let folder = Path::new(folder);
        modules::mirror(&listing.root.join(folder), &root.join(folder), (&listing.root, &root))?;
    }
    if let Some(outer) = &listing.outer_modules {
        modules::mirror(outer, above, (&listing.root, &root))?;
    }
    Ok(Tree { suite: root.join(&listing.suite), root })
}

/// Without a checkout, because the files come from the working directory; the index is filled so that git calls only changes changed.
fn add_worktree(repository: &Path, path: &Path, commit: &str) -> Result<()> {
    let failed = |error: String| {
        RunnerError::blocked(
            Code::BuildFailed,
            format!("no worktree of `{}` can be added at {commit}: {error}", repository.display()),
        )
    };
    let place = path.to_string_lossy();
    let add = ["worktree", "add", "--quiet", "--detach", "--no-checkout", &place, commit];
    git::output(repository, &add).map_err(failed)?;
    git::output(path, &["read-tree", "HEAD"]).map(drop).map_err(failed)
}
