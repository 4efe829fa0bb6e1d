//! Closing what a replay has opened, in the reverse of the order in which it was opened. Each part is tried whatever the others say.

use super::manifest::{Manifest, Worktree};
use super::process;
use crate::clones::{self, Client};
use crate::tree::git;

/// Closes everything but the replay's directory, which its owner removes; gives what could not be closed, in words.
///
/// Called once by the replay itself, or once by a later start that holds the dead replay's lock.
pub(crate) async fn close(manifest: &Manifest, reap: impl FnMut()) -> Vec<String> {
    let mut problems = Vec::new();
    for pid in process::end(manifest.group.as_ref(), &manifest.order, reap).await {
        problems.push(format!("process {pid} does not end"));
    }
    for opened in &manifest.clone_runs {
        let client = Client::new(&opened.clone, &opened.admin, clones::token_of(&opened.clone));
        let dropped = match client {
            Ok(client) => client.drop_run(&opened.run).await,
            Err(error) => Err(error),
        };
        if let Err(error) = dropped {
            problems.push(format!("run `{}` of clone {} stays: {error}", opened.run, opened.clone));
        }
    }
    if let Some(worktree) = &manifest.worktree {
        problems.extend(remove_worktree(worktree));
    }
    problems
}

/// The directory first, then git's note of it: pruning forgets only worktrees whose directory is gone.
fn remove_worktree(worktree: &Worktree) -> Option<String> {
    let removed = std::fs::remove_dir_all(&worktree.path);
    if let Err(error) = removed
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Some(format!("`{}` stays: {error}", worktree.path.display()));
    }
    let path = worktree.path.to_string_lossy();
    // A worktree that was being added is locked by git; ours is named, so that nobody else's is forced.
    drop(git::output(&worktree.repository, &["worktree", "unlock", &path]));
    drop(git::output(&worktree.repository, &["worktree", "remove", "--force", &path]));
    let pruned = git::output(&worktree.repository, &["worktree", "prune"]);
    pruned.err().map(|error| format!("git keeps a note of `{path}`: {error}"))
}
