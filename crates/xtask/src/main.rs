//! The contributor's commands: `cargo xtask demo | test | bench | ready`.
//!
//! Each command sets up what it needs on a fresh machine and says so. CI runs the same code as a person.
#![forbid(unsafe_code)]

mod bench;
mod browser;
mod demo;
mod figures;
mod process;
mod replay;
mod setup;
mod stack;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Contributor commands of Molar Trace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build everything, record the shop's suite in a real Chromium on a real server, and show the failed test.
    Demo(demo::Options),
    /// Every check: format, lints, docs, Rust tests, TypeScript tests, the demo's story, tidiness.
    Test(test::Options),
    /// Ratios of two sides measured in one run; written to `target/bench/NAME.json`.
    Bench(bench::Options),
    /// What CI runs: `test`, then nothing generated may be stale.
    Ready,
    /// Only the set-up: npm packages, browser, ffmpeg, native addon.
    Setup,
}

fn main() -> ExitCode {
    match run(Args::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Ready => test::ready(),
        Task::Setup => setup::everything().map(drop),
    }
}
