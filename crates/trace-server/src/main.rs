//! `trace-server`: parse, run, exit.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = cli::Args::parse();
    if let Some(args) = args.for_runner() {
        return ExitCode::from(replay_runner::run(args));
    }
    keep_to_ourselves();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(cli::run(args)))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Keys stand in this process's environment and memory, and a replay runs its user's code, often as the same user. Linux then lets only
/// root look, and writes no core file.
fn keep_to_ourselves() {
    #[cfg(target_os = "linux")]
    {
        let hidden = rustix::process::DumpableBehavior::NotDumpable;
        // A sandbox may forbid the call; everything else works without it.
        let _as_it_was = rustix::process::set_dumpable_behavior(hidden);
    }
}
