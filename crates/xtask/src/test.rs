//! Every check, in the order in which a fault is found soonest.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::{demo, process, setup, tidy};

/// What to check.
#[derive(Debug, Args)]
pub struct Options {
    /// Only the checks of these names (see `--list`).
    #[arg(value_name = "CHECK")]
    only: Vec<String>,
    /// Names the checks and ends.
    #[arg(long)]
    list: bool,
}

/// Longest the tests of one language run, their builds not counted: several times what they take on two busy cores.
const TESTS_BOUND: Duration = Duration::from_mins(30);

type Check = (&'static str, &'static str, fn() -> Result<()>);

const CHECKS: &[Check] = &[
    ("setup", "npm packages, browser, ffmpeg, builds of every package", || {
        setup::everything().map(drop)
    }),
    ("tidy", "sizes, fences and words that lints cannot see", tidy::run),
    ("format", "cargo fmt", || cargo(&["fmt", "--all", "--check"])),
    ("lint", "clippy with warnings as errors", lint),
    ("docs", "rustdoc with warnings as errors", docs),
    ("rust", "unit, integration, property and kill tests of every crate", rust),
    ("types", "TypeScript, strict", || npm("typecheck")),
    ("packages", "tests of every npm package, in a real Chromium", packages),
    ("story", "the demo: suite, server, postprocess, the failed step named", story),
];

/// Checks that run only when named: they need the registry, and minutes.
const BY_NAME: &[Check] =
    &[("matrix", "capture under older and newer releases of Playwright and Node", matrix)];

/// Runs the chosen checks and prints how long each took.
pub fn run(options: &Options) -> Result<()> {
    if options.list {
        for (name, what, _) in CHECKS {
            println!("{name:10} {what}");
        }
        for (name, what, _) in BY_NAME {
            println!("{name:10} {what} (only when named)");
        }
        return Ok(());
    }
    let all = || CHECKS.iter().chain(BY_NAME);
    if let Some(unknown) = options.only.iter().find(|name| all().all(|check| check.0 != *name)) {
        bail!("no check is called `{unknown}`; `cargo xtask test --list` names them");
    }
    let everything = options.only.is_empty();
    let named = |check: &&Check| options.only.iter().any(|name| name == check.0);
    let chosen = all().filter(|check| named(check) || (everything && !is_by_name(check)));
    let mut times = Vec::new();
    for (name, what, check) in chosen {
        eprintln!("\n\x1b[1m── {name}: {what}\x1b[0m");
        let begin = Instant::now();
        check()?;
        times.push((name, begin.elapsed().as_secs_f64()));
    }
    eprintln!();
    for (name, seconds) in &times {
        eprintln!("{seconds:8.1} s  {name}");
    }
    println!("checks: {} passed, 0 failed", times.len());
    Ok(())
}

/// `test`, then nothing that is generated and committed may have changed.
pub fn ready() -> Result<()> {
    run(&Options { only: Vec::new(), list: false })?;
    process::run(process::command("git").args(["diff", "--exit-code", "--stat"]))
}

fn cargo(args: &[&str]) -> Result<()> {
    process::run(process::command("cargo").args(args))
}

fn npm(script: &str) -> Result<()> {
    process::run(process::command("npm").args(["run", "--silent", script]))
}

fn lint() -> Result<()> {
    cargo(&[
        "clippy",
        "--quiet",
        "--release",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ])
}

fn docs() -> Result<()> {
    process::run(
        process::command("cargo")
            .args(["doc", "--quiet", "--release", "--workspace", "--no-deps", "--all-features"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn rust() -> Result<()> {
    let machine = setup::everything()?;
    let tests = ["test", "--quiet", "--release", "--workspace", "--all-features"];
    cargo(&[tests.as_slice(), &["--no-run"]].concat())?;
    let mut cargo = process::command("cargo");
    cargo.args(tests);
    // Tests that need what `setup` has built fail without it here, while a bare `cargo test` passes over them.
    cargo.env("MOLAR_SET_UP", "1").env("MOLAR_CHROMIUM", machine.chromium);
    process::run_within(TESTS_BOUND, &mut cargo)
}

/// A real browser, server and simulator at once: what fails is tried once more, and told as flaky if it passes then.
fn story() -> Result<()> {
    let Err(first) = demo::check() else { return Ok(()) };
    eprintln!("\n── the story failed, so it is tried once more: {first:#}\n");
    demo::check()?;
    eprintln!("\n── FLAKY, failed once and passed when tried again: {first:#}\n");
    Ok(())
}

fn is_by_name(check: &Check) -> bool {
    BY_NAME.iter().any(|other| other.0 == check.0)
}

fn matrix() -> Result<()> {
    let machine = setup::everything()?;
    process::run(
        process::command("npm")
            .args(["run", "--silent", "test:matrix", "-w", "@molar/trace-capture"])
            .env("MOLAR_CHROMIUM", machine.chromium),
    )
}

fn packages() -> Result<()> {
    let machine = setup::everything()?;
    process::run_within(
        TESTS_BOUND,
        process::command("npm")
            .args(["run", "--silent", "test"])
            .env("MOLAR_CHROMIUM", machine.chromium),
    )
}
