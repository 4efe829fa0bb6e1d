//! The code: a copy of the working directory as it stands, uncommitted changes included, or the recorded commit as git has it, in a
//! place of its own.
//!
//! Edits and builds never touch the user's tree: files are copied, and only installed packages are reached by links.

mod copy;
pub(crate) mod git;
mod list;
mod modules;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

pub(crate) use list::{Listing, at_commit, commit_of, has, is_digest, list};

use crate::codes::Code;
use crate::error::{Result, RunnerError};

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

/// Git's arguments that add a worktree at `place`. Without a checkout where the files come from the working directory.
pub(crate) fn worktree_args(listing: &Listing, place: &Path, commit: &str) -> Vec<String> {
    let mut args = vec!["worktree", "add", "--quiet", "--detach"];
    if !listing.is_checkout {
        args.push("--no-checkout");
    }
    let place = place.to_string_lossy();
    args.extend([place.as_ref(), commit]);
    args.into_iter().map(str::to_owned).collect()
}

/// Fills the copy, whose worktree is there already. `stop` ends it early, with an error that nobody reads.
pub(crate) fn fill(listing: &Listing, root: &Path, stop: &AtomicBool) -> Result<Tree> {
    if !listing.is_checkout {
        copy::files(listing, root, stop)?;
    }
    for folder in &listing.modules {
        modules::mirror(&listing.root.join(folder), &root.join(folder), (&listing.root, root))?;
    }
    if let Some((outer, above)) = listing.outer_modules.as_ref().zip(root.parent()) {
        modules::mirror(outer, above, (&listing.root, root))?;
    }
    Ok(Tree { suite: root.join(&listing.suite), root: root.to_owned() })
}

/// The copy that came out of an image. Packages that the image has not installed are those of the working directory.
pub(crate) fn of_image(listing: &Listing, root: &Path) -> Result<Tree> {
    let suite = root.join(&listing.suite);
    if !suite.is_dir() {
        let folder = listing.suite.display();
        let message = format!(
            "the image's folder has no `{folder}`, where the suite lies in its repository; name the folder of the repository in the image by --image-folder"
        );
        return Err(RunnerError::blocked(Code::NoCode, message));
    }
    let has_none = |folder: &&PathBuf| {
        root.join(folder).is_dir() && !root.join(folder).join("node_modules").exists()
    };
    for folder in listing.modules.iter().filter(has_none) {
        modules::mirror(&listing.root.join(folder), &root.join(folder), (&listing.root, root))?;
    }
    Ok(Tree { suite, root: root.to_owned() })
}
