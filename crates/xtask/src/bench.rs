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
    /// A script that runs Playwright suites in the machine's Chromium.
    Browser(&'static str),
}

const BENCHES: &[(&str, Runner)] = &[
    ("append", Runner::Node("npm/trace-node/bench/append.mjs")),
    ("blobs", Runner::Core("blobs")),
    ("bytes", Runner::Core("bytes")),
    ("finish", Runner::Core("finish")),
    ("overhead", Runner::Browser("npm/trace-capture/bench/overhead.mjs")),
    ("query", Runner::Core("query")),
    ("spool", Runner::Core("spool")),
];

/// Measures one bench or all of them.
pub fn run(options: &Options) -> Result<()> {
    let wanted = |name: &str| options.name.as_deref().is_none_or(|only| only == name);
    let chosen: Vec<_> = BENCHES.iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        bail!(
            "no bench is called `{}`; there are {}",
            options.name.as_deref().unwrap_or_default(),
            names.join(", ")
        );
    }
    for (name, runner) in chosen {
        let measured = measure(runner).with_context(|| format!("bench `{name}`"))?;
        if options.json { println!("{measured}") } else { figures::publish(name, &measured)? }
    }
    Ok(())
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
        Runner::Browser(script) => {
            let chromium = setup::everything()?.chromium;
            let mut node = process::command("node");
            process::output(node.args([script, "--json"]).env("MOLAR_CHROMIUM", chromium))?
        }
    };
    let last = printed
        .lines()
        .rev()
        .find(|line| line.starts_with('{'))
        .context("the bench printed no JSON object")?;
    serde_json::from_str(last).context("the bench's last line is not JSON")
}
