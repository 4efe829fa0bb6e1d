//! The `replay-runner` command, so that a project with the package needs no second download.

use napi::bindgen_prelude::{Env, PromiseRaw};
use napi_derive::napi;

use crate::background;
use crate::error::Result;

/// Runs the `replay-runner` command with `args` (without the program's name) and resolves with its exit code.
#[napi]
pub fn run_replay_cli(env: &Env, args: Vec<String>) -> Result<PromiseRaw<'_, u32>> {
    background::promise(env, move || Ok(u32::from(replay_runner::run(args))))
}
