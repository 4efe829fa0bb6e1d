//! The `replay-runner` command: carries a recorded Playwright test out again from step N on, with edits, in a temporary copy of its
//! code, and says how it came out.
//!
//! A replay is decided first, as a [`Pipeline`] value that `plan` prints, and then acted out in a loop. Whatever a replay opens (copy
//! of the code, processes, runs of clones) stands in its manifest before it exists, so that it is closed exactly once: by this
//! process, or by the next one when this one was killed.
//!
//! Exit codes: 0 passed (or a browser was brought to step N), 1 failed, 2 wrong usage, 3 blocked (it could not be carried out, or was cancelled), 4 diverged, 6 anything
//! else. `diff` exits with 1 when the two traces differ.
#![forbid(unsafe_code)]

mod act; // the actions, acted out
mod args; // what was typed
#[cfg(feature = "chromiumoxide")]
mod bare; // a browser from a trace alone
pub mod cdp; // a browser's own protocol, over whoever has the browser
mod child; // Playwright as a process
pub mod clones; // Clone Admin Protocol: a world of clones restored into runs of its own
mod codes; // the reasons a replay names
mod commands; // one file a command
mod edits; // patches and variables
mod error;
mod home; // what a replay has opened, and who closes it
mod image; // the code of a container image
mod order; // what the worker is told
mod out; // the only place that prints
mod outcome;
mod pipeline; // the ten actions, decided
mod progress; // what is told on the way
mod source; // the trace
mod stands; // what stands at step N beside the record
mod stay; // a browser or a copy that is kept
mod stdin; // what is typed or piped while a replay runs
mod tree; // the code
mod verdict; // what it came to

use std::ffi::OsString;

use clap::Parser;

pub use codes::Code;
pub use edits::check_patch;
pub use error::RunnerError;
pub use outcome::{Child, Outcome, State};
pub use pipeline::{Action, Pipeline};

/// Runs the command with arguments without the program's name, and gives the exit code.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString>>) -> u8 {
    let typed =
        std::iter::once(OsString::from("replay-runner")).chain(args.into_iter().map(Into::into));
    let args = match args::Args::try_parse_from(typed) {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() { error::USAGE } else { 0 };
            out::help(&error);
            return code;
        }
    };
    // Who stops listening to a replay has not seen it pass.
    let closed = if matches!(args.command, args::Command::Run(_) | args::Command::Open(_)) {
        error::OTHER
    } else {
        0
    };
    match commands::run(args) {
        Ok(code) => code,
        Err(error) if error.is_closed_pipe() => closed,
        Err(error) => {
            out::problem(&error);
            error.exit_code()
        }
    }
}
