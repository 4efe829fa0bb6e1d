//! The `replay-runner` binary; everything is in the library, which the npm package calls too.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(replay_runner::run(std::env::args_os().skip(1)))
}
