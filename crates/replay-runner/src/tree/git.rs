//! The only place that starts git.

use std::path::Path;
use std::process::{Command, Stdio};

/// Git in a directory, without the caller's repository variables, hooks and monitors: a hook of the user's must not run in a copy.
pub(crate) fn command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).stdin(Stdio::null());
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        command.env_remove(name);
    }
    // Messages are read by this program.
    command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
    command
}

/// Standard output of a git command, or what it complained about.
pub(crate) fn output(dir: &Path, args: &[&str]) -> Result<Vec<u8>, String> {
    let told = command(dir).args(args).output();
    let told = told.map_err(|error| format!("cannot start git: {error}"))?;
    if told.status.success() {
        return Ok(told.stdout);
    }
    let said = String::from_utf8_lossy(&told.stderr).trim().to_owned();
    Err(format!("`git {}`: {said}", args.first().copied().unwrap_or_default()))
}
