//! `cargo xtask bench [NAME]`: two sides measured in one run, so that a noisy machine disturbs both alike.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::{figures, process, setup};

/// What to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// One bench; all when absent.
    name: Option<String>,
    /// Prints the JSON only.
    #[arg(long)]
    json: bool,
}

/// How a bench is run; each prints one JSON object as its last line.
enum Runner {
    /// A bench target of trace-core (`crates/trace-core/benches`).
    Core(&'static str),
    /// A script of a package.
    Node(&'static str),
    /// A script that needs the machine's Chromium or a real server.
    Stack(&'static str),
}

/// A name that stands twice has its figures from two runners.
const BENCHES: &[(&str, Runner)] = &[
    ("append", Runner::Node("npm/trace-node/bench/append.mjs")),
    ("blobs", Runner::Core("blobs")),
    ("bytes", Runner::Core("bytes")),
    ("dedup", Runner::Stack("npm/trace-capture/bench/dedup.mjs")),
    ("finish", Runner::Core("finish")),
    ("finish", Runner::Stack("npm/trace-node/bench/viewable.mjs")),
    ("kill", Runner::Node("npm/trace-node/bench/kill.mjs")),
    ("offline", Runner::Stack("npm/trace-capture/bench/offline.mjs")),
    ("overhead", Runner::Stack("npm/trace-capture/bench/overhead.mjs")),
    ("query", Runner::Core("query")),
    ("replay-fidelity", Runner::Stack("npm/trace-replay-runner/bench/fidelity.mjs")),
    ("replay-leaks", Runner::Stack("npm/trace-replay-runner/bench/leaks.mjs")),
    ("replay-speed", Runner::Stack("npm/trace-replay-runner/bench/speed.mjs")),
    ("secrets", Runner::Stack("npm/trace-capture/bench/secrets.mjs")),
    ("spool", Runner::Core("spool")),
];

/// Measures one bench or all of them.
pub fn run(options: &Options) -> Result<()> {
    let wanted = |name: &str| options.name.as_deref().is_none_or(|only| only == name);
    let chosen: Vec<_> = BENCHES.iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() {
        let mut names: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        names.dedup();
        bail!(
            "no bench is called `{}`; there are {}",
            options.name.as_deref().unwrap_or_default(),
            names.join(", ")
        );
    }
    for runners in chosen.chunk_by(|(one, _), (next, _)| one == next) {
        let name = runners[0].0;
        let measured: Vec<Value> = runners
            .iter()
            .map(|(_, runner)| measure(runner))
            .collect::<Result<_>>()
            .with_context(|| format!("bench `{name}`"))?;
        let measured = together(measured);
        if options.json { println!("{measured}") } else { figures::publish(name, &measured)? }
    }
    Ok(())
}

/// What several runners of one bench measured, as one object with all figures.
fn together(measured: Vec<Value>) -> Value {
    let mut parts = measured.into_iter();
    let mut whole = parts.next().unwrap_or_default();
    for mut part in parts {
        let more = part["figures"].as_array_mut().map(std::mem::take).unwrap_or_default();
        if let Some(figures) = whole["figures"].as_array_mut() {
            figures.extend(more);
        }
    }
    whole
}

fn measure(runner: &Runner) -> Result<Value> {
    let printed = match runner {
        Runner::Core(bench) => process::output(process::command("cargo").args([
            "bench",
            "--quiet",
            "--package",
            "trace-core",
            "--features",
            "edge",
            "--bench",
            bench,
        ]))?,
        Runner::Node(script) => {
            setup::npm_packages()?;
            setup::build_packages()?;
            process::output(process::command("node").args(["--expose-gc", script, "--json"]))?
        }
        Runner::Stack(script) => {
            let chromium = setup::everything()?.chromium;
            let binaries = setup::build_binaries()?;
            let mut node = process::command("node");
            node.args([script, "--json"]).env("MOLAR_CHROMIUM", chromium);
            node.env("MOLAR_TRACE_SERVER_BIN", binaries.join("trace-server"));
            node.env("MOLAR_REPLAY_RUNNER_BIN", binaries.join("replay-runner"));
            process::output(&mut node)?
        }
    };
    let last = printed
        .lines()
        .rev()
        .find(|line| line.starts_with('{'))
        .context("the bench printed no JSON object")?;
    serde_json::from_str(last).context("the bench's last line is not JSON")
}
