//! Closing what a replay has opened, in the reverse of the order in which it was opened. Each part is tried whatever the others say.

use super::manifest::{Container, Manifest, Worktree};
use super::process;
use crate::clones::{self, Client};
use crate::image::Image;
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
    problems.extend(manifest.container.as_ref().and_then(remove_container));
    if let Some(worktree) = &manifest.worktree {
        problems.extend(remove_worktree(worktree));
    }
    problems
}

/// One that was not made yet is not there, which engines say in words of their own: so it is looked for after a removal that failed.
fn remove_container(Container { engine, name }: &Container) -> Option<String> {
    let run = |args: Vec<String>| {
        let mut command = std::process::Command::new(engine);
        command.args(args).stdin(std::process::Stdio::null()).output()
    };
    let stays = |why: String| Some(format!("container `{name}` stays: {why}"));
    match run(Image::remove(name)) {
        Err(error) => stays(error.to_string()),
        Ok(done) if done.status.success() => None,
        Ok(done) => {
            let is_there = run(Image::look(name)).is_ok_and(|looked| looked.status.success());
            is_there
                .then(|| stays(String::from_utf8_lossy(&done.stderr).trim().to_owned()))
                .flatten()
        }
    }
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
