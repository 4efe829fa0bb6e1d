//! Programs of a replay: in a group of their own, marked, and followed to their end.

mod find;
mod playwright;
mod tail;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{Child, Command};

pub(crate) use find::{FoundChild, find};
pub(crate) use playwright::{
    Playwright, guest_question, installed, no_guest, published_guest, spec_of,
};
pub(crate) use tail::{Tail, last_lines};

use crate::error::{Result, RunnerError};
use crate::home::{Group, Manifest, ReplayDir, process};
use crate::progress::Progress;

/// What programs print, in the replay's directory.
pub(crate) const LOG: &str = "output.log";
/// Between two looks at the worker's progress.
const AGAIN: Duration = Duration::from_millis(50);

/// The program of that name on PATH.
pub(crate) fn on_path(name: impl AsRef<Path>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|place| place.is_file())
}

/// Starts a program of the replay. Its group stands in the manifest at once; until then its mark tells that it is ours.
pub(crate) fn start(
    mut command: Command,
    dir: &ReplayDir,
    manifest: &mut Manifest,
) -> Result<Child> {
    command.env(process::MARK, &manifest.order);
    #[cfg(unix)]
    command.process_group(0);
    let program = command.as_std().get_program().to_owned();
    let child = command.spawn().map_err(RunnerError::at("start", Path::new(&program)))?;
    manifest.group = child.id().map(|pid| Group { pid, start: process::start_of(pid) });
    manifest.write(&dir.path)?;
    Ok(child)
}

/// Waits for the end and tells every line of progress on the way.
pub(crate) async fn follow(
    child: &mut Child,
    tail: &mut Tail,
    mut tell: impl FnMut(Progress) -> Result<()>,
) -> Result<ExitStatus> {
    let mut looks = tokio::time::interval(AGAIN);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended?,
            _ = looks.tick() => tail.read().into_iter().try_for_each(&mut tell)?,
        }
    };
    tail.read().into_iter().try_for_each(&mut tell)?;
    Ok(ended)
}

/// A file for what programs print.
pub(crate) fn log(dir: &Path) -> Result<File> {
    let path = dir.join(LOG);
    let file = File::options().create(true).append(true).open(&path);
    file.map_err(RunnerError::at("create", &path))
}
