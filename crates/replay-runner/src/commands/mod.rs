//! One file a command.

mod diff;
mod plan;
mod run;
mod signals;

use crate::args::{Args, Command};
use crate::error::Result;

/// Runs what was meant and gives the exit code.
pub(crate) fn run(args: Args) -> Result<u8> {
    match args.command {
        Command::Plan(wanted) => plan::run(&args.place, &wanted),
        Command::Diff(compared) => diff::run(&args.place, &compared),
        Command::Run(wanted) => run::run(&args.place, &wanted),
    }
}
