//! One file a command; each reads a source, and prints values or lines for people.

mod cat;
mod doctor;
mod ls;
mod query;
mod recover;
mod show;

use crate::args::{Args, Command};
use crate::error::CliError;

/// Runs what was meant and gives the exit code.
pub(crate) fn run(args: Args) -> Result<u8, CliError> {
    let place = args.place.without_empty();
    match args.command {
        Command::Ls(wanted) => ls::run(&place, &wanted),
        Command::Show { trace } => show::run(&place, trace.as_deref()),
        Command::Query { trace, query, limit } => query::run(&place, &trace, &query, limit),
        Command::Cat { trace } => cat::run(&place, &trace),
        Command::Recover => recover::run(&place),
        Command::Doctor => doctor::run(&place),
    }
}
