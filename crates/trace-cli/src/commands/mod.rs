//! One file a command; each reads a source, and prints values or lines for people.

mod bundle;
mod cat;
mod completions;
mod diff;
mod doctor;
mod export;
mod ls;
mod push;
mod query;
mod recover;
mod scrub;
mod show;
mod stats;
mod vault;

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
        Command::Stats { trace } => stats::run(&place, trace.as_deref()),
        Command::Diff(asked) => diff::run(&place, &asked),
        Command::Export(wanted) => export::run(&place, &wanted),
        Command::Bundle(wanted) => bundle::run(&place, &wanted),
        Command::Push(wanted) => push::run(&place, &wanted),
        Command::Recover => recover::run(&place),
        Command::Scrub(typed) => scrub::run(&place, &typed),
        Command::Vault(command) => vault::run(&place, &command),
        Command::Doctor => doctor::run(&place),
        Command::Completions { shell } => completions::run(shell),
    }
}
