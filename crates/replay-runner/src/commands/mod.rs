//! One file a command.

mod diff;
mod held;
mod plan;
mod run;
mod settle;
pub(crate) mod signals;

use crate::args::{Args, Command};
use crate::error::Result;

/// Runs what was meant and gives the exit code.
pub(crate) fn run(args: Args) -> Result<u8> {
    match args.command {
        Command::Plan(wanted) => plan::run(&args.place, &wanted),
        Command::Diff(compared) => diff::run(&args.place, &compared),
        Command::Run(replayed) => run::run(&args.place, &replayed),
        Command::Open(opened) => run::open(&args.place, &opened),
    }
}
