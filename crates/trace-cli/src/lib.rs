//! The `molar-trace` command: look at traces, compare them, carry them elsewhere, over local folders and a companion server alike.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 something was found (two traces
//! differ, a check failed), 2 wrong usage, 3 the trace is damaged (what could be read was printed), 4 not found, 5 the server
//! refused or does not answer, 6 anything else.
#![forbid(unsafe_code)]

mod args; // what was typed
mod commands; // one file a command
mod error;
mod export; // a trace -> files of other tools
mod out; // the only place that prints
mod render; // values -> lines for people
mod source; // where traces come from: a directory or a server
mod stats; // what a trace consists of

use std::ffi::OsString;

use clap::Parser;

pub use error::CliError;

/// Runs the command with arguments without the program's name, and gives the exit code.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString>>) -> u8 {
    let typed =
        std::iter::once(OsString::from("molar-trace")).chain(args.into_iter().map(Into::into));
    let args = match args::Args::try_parse_from(typed) {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() { error::USAGE } else { 0 };
            out::help(&error);
            return code;
        }
    };
    match commands::run(args) {
        Ok(code) => code,
        Err(error) if error.is_closed_pipe() => 0,
        Err(error) => {
            out::problem(&error);
            error.exit_code()
        }
    }
}
