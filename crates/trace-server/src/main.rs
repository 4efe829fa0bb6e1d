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
    match in_runtime(cli::run(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// What still runs when the work has ended is left to die with the process: its lease runs out and another takes it up. Dropping the
/// runtime instead would wait for a blocking call for ever.
fn in_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
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
