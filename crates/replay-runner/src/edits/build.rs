//! The command that makes what the edited suite runs.

use std::path::Path;
use std::process::Stdio;

use crate::codes::Code;
use crate::error::{Result, RunnerError};

/// The last lines of a long output tell why it failed.
pub(crate) const TAIL_LINES: usize = 20;

/// Starts the build as a shell command in the suite's folder; the caller waits for it and closes it.
pub(crate) fn build(
    command: &str,
    suite: &Path,
    log: &std::fs::File,
) -> Result<tokio::process::Command> {
    let copies = || log.try_clone().map_err(RunnerError::at("write", suite));
    let mut shell = tokio::process::Command::new(if cfg!(windows) { "cmd" } else { "sh" });
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command).current_dir(suite);
    shell.stdin(Stdio::null()).stdout(copies()?).stderr(copies()?);
    Ok(shell)
}

/// Why a build failed.
pub(crate) fn failed(command: &str, ended: &str, tail: &str) -> RunnerError {
    RunnerError::blocked(Code::BuildFailed, format!("the build `{command}` {ended}:\n{tail}"))
}
