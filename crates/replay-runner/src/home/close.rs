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

/// Directory and git's note of it. Nothing is pruned: that would also forget a worktree of the user's on a disk that is away.
fn remove_worktree(worktree: &Worktree) -> Option<String> {
    let path = worktree.path.to_string_lossy();
    // Twice `--force`, because git locks a worktree while it is being added, and stopping in between leaves the lock.
    let remove =
        || git::output(&worktree.repository, &["worktree", "remove", "--force", "--force", &path]);
    let removed = remove();
    let gone = std::fs::remove_dir_all(&worktree.path);
    if let Err(error) = gone
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Some(format!("`{path}` stays: {error}"));
    }
    // What git would not remove half made, it removes once the directory is gone.
    let known =
        removed.is_err() && remove().is_err_and(|said| !said.contains("is not a working tree"));
    known.then(|| format!("git keeps a note of `{path}`; `git worktree prune` removes it"))
}
