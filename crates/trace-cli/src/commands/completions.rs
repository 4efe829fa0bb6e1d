//! `completions`: a script that completes the command in a shell.

use std::io::Write;

use clap::CommandFactory;

use crate::args::Args;
use crate::error::CliError;
use crate::out;

pub(crate) fn run(shell: clap_complete::Shell) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "molar-trace", &mut script);
    let mut out = out::results();
    out.write_all(&script)?;
    out.flush()?;
    Ok(0)
}
