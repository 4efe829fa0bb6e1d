//! The second half of the story: the failed test is carried out again from its failed step, as it was and with the fix.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::process::{self, Server};
use crate::setup::Machine;
use crate::stack::Stack;

/// One line of the configuration: where Stripe finds the shop.
const FIX: &str = "examples/shop/fix-webhook.patch";
const SPEC: &str = "tests/upgrade.spec.ts";
const FROM_STEP: &str = "7";

/// What the replays need besides the trace.
struct Rehearsal<'a> {
    machine: &'a Machine,
    runner: PathBuf,
    clone: Server,
    trace: &'a Path,
    folder: PathBuf,
}

/// Replays the trace in `trace` twice, and runs its test once from the start for comparison.
pub fn replay(machine: &Machine, stack: &Stack, trace: &Path) -> Result<Value> {
    let runner = stack.binary("replay-runner");
    let folder = stack.folder.join("replays");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make `{}`", folder.display()))?;
    let mut simulator = process::command("node");
    simulator.arg("examples/stripe-clone/dist/src/main.js").env("CLONE_PORT", "0");
    simulator.env("CLONE_ADMIN_PORT", "0");
    let clone = Server::start(&mut simulator, &folder.join("clone.log"), Duration::from_secs(30))?;
    let stage = Rehearsal { machine, runner, clone, trace, folder };
    let fixed = stage.replay("fixed", Some(FIX))?;
    let unfixed = stage.replay("unfixed", None)?;
    let whole_s = stage.whole_test()?;
    let replay_s = fixed["timings_ms"]["total"].as_f64().unwrap_or_default() / 1000.0;
    Ok(json!({
        "fixed": fixed,
        "unfixed": unfixed,
        "seconds": { "replay": replay_s, "whole_test": whole_s },
    }))
}

/// Fails unless the fix lets the rest of the test pass, and its lack fails it as it was recorded.
pub fn check(told: &Value) -> Result<()> {
    let (fixed, unfixed) = (&told["fixed"], &told["unfixed"]);
    ensure!(fixed["state"] == "passed", "the replay with the fix: {fixed}");
    ensure!(unfixed["state"] == "failed", "the replay without the fix: {unfixed}");
    for replay in [fixed, unfixed] {
        ensure!(replay["certificate"].is_object(), "a replay without a certificate: {replay}");
    }
    Ok(())
}

/// What a person wants to know of it.
pub fn show(told: &Value) {
    println!("\nReplayed from step {FROM_STEP}");
    for (name, what) in [("fixed", "with the fix"), ("unfixed", "as it was")] {
        let replay = &told[name];
        let text = |field: &str| replay[field].as_str().unwrap_or_default();
        println!(
            "  {what:13} {} {}",
            text("state"),
            text("message").lines().next().unwrap_or_default()
        );
        println!(
            "                trace {}",
            replay["child"]["directory"].as_str().unwrap_or_default()
        );
        for line in replay["certificate"]["text"].as_str().unwrap_or_default().lines() {
            println!("                {line}");
        }
    }
    let seconds = |side: &str| told["seconds"][side].as_f64().unwrap_or_default();
    println!(
        "  {:.1} s from step {FROM_STEP}, copy, build and servers included; the whole test, already built: {:.1} s",
        seconds("replay"),
        seconds("whole_test")
    );
}

impl Rehearsal<'_> {
    /// The outcome of one replay; the runner's exit code is told by it.
    fn replay(&self, name: &str, patch: Option<&str>) -> Result<Value> {
        let mut command = process::command(&self.runner);
        command.args(["--json", "run", "--from-step", FROM_STEP, "--suite", "examples/shop"]);
        command.args(["--config", "playwright.config.ts", "--build", "npm run build"]);
        command.args(["--strategy", "fast-forward", "--app-mode", "hybrid"]);
        command.arg("--trace").arg(self.trace).arg("--out").arg(self.folder.join(name));
        let (admin, vendor) = (self.clone.address("admin")?, self.clone.address("vendor")?);
        command.arg("--clone").arg(format!("stripe={admin},{vendor}"));
        let key = process::root().join("examples/shop/.molar/vault.key");
        command.arg("--vault-key").arg(key);
        command.args(patch.into_iter().flat_map(|patch| ["--edit", patch]));
        command.env("MOLAR_CHROMIUM", &self.machine.chromium);
        let log = self.folder.join(format!("{name}.log"));
        let told = command.stderr(Stdio::inherit()).output().context("cannot start the runner")?;
        std::fs::write(&log, &told.stdout)
            .with_context(|| format!("cannot write `{}`", log.display()))?;
        let last = String::from_utf8_lossy(&told.stdout);
        let last = last.lines().rev().find(|line| line.starts_with('{'));
        let last = last.with_context(|| format!("no outcome in `{}`", log.display()))?;
        let mut last: Value = serde_json::from_str(last)?;
        ensure!(last["outcome"].is_object(), "the runner's last line is no outcome: {last}");
        Ok(last["outcome"].take())
    }

    /// Seconds that the test alone takes from the start, with its servers and without a recorder.
    fn whole_test(&self) -> Result<f64> {
        let begin = Instant::now();
        let mut suite = Command::new("npx");
        suite.args(["playwright", "test", "--config", "playwright.bare.config.ts", SPEC]);
        suite.current_dir(process::root().join("examples/shop"));
        suite.env("MOLAR_CHROMIUM", &self.machine.chromium);
        suite.stdout(Stdio::null()).stderr(Stdio::null());
        // It fails at step 7, as it does in the recorded run.
        process::status(&mut suite)?;
        Ok(begin.elapsed().as_secs_f64())
    }
}
