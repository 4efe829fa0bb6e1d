//! The story with real parts: a shop whose upgrade fails at step 7 because a webhook is answered 404, and the trace that shows it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::stack::{Stack, bytes_below, files_named};
use crate::{process, replay, setup};

/// How to show it.
#[derive(Debug, Args)]
pub struct Options {
    /// Prints one JSON object: traces with id, status, failed step, counts per kind, bytes, and the dedup figure.
    #[arg(long)]
    json: bool,
    /// Leaves the server running until Enter is pressed.
    #[arg(long)]
    keep: bool,
}

/// Postprocess recompresses every trace at level 19; on two busy cores the whole suite takes seconds, not minutes.
const POSTPROCESS_BOUND: Duration = Duration::from_mins(3);

/// Plays the story and prints what a user would look at.
pub fn run(options: &Options) -> Result<()> {
    let (stack, told) = play(options.json)?;
    if options.json {
        println!("{told}");
    } else {
        show(&stack, &told)?;
    }
    if options.keep {
        eprintln!(
            "The server runs at {} (process {}); press Enter to stop it.",
            stack.url,
            stack.server_pid()
        );
        std::io::stdin().read_line(&mut String::new())?;
    }
    Ok(())
}

/// Plays the story and fails unless it is the one that is told.
pub fn check() -> Result<()> {
    let (stack, told) = play(true)?;
    let failed = failed_trace(&told)?;
    ensure!(
        failed["failed_step"]["index"] == 7,
        "the upgrade test failed elsewhere: {}",
        failed["failed_step"]
    );
    ensure!(
        failed["failed_step"]["title"] == "Click 'Upgrade to Pro'",
        "the failed step is {}",
        failed["failed_step"]
    );
    ensure!(
        failed["failure_signature"] == "webhook-404",
        "the failure signature is {}",
        failed["failure_signature"]
    );
    ensure!(told["suite"]["exit_code"] == 1, "the suite ended with {}", told["suite"]["exit_code"]);
    let shown = process::output(&mut stack.molar_trace(&["show", id_of(failed)?]))?;
    for evidence in ["Upgrade to Pro", "404", "(seq:"] {
        ensure!(shown.contains(evidence), "`show` does not say `{evidence}`:\n{shown}");
    }
    every_kind_of_the_suite(&told)?;
    replay::check(&told["replay"])?;
    eprintln!(
        "{} traces, failed step and signature as told",
        told["traces"].as_array().map_or(0, Vec::len)
    );
    Ok(())
}

/// Every kind that this suite can produce stands in some trace; a source that falls silent fails here.
fn every_kind_of_the_suite(told: &Value) -> Result<()> {
    const KINDS: [&str; 24] = [
        "run.start",
        "run.end",
        "step.start",
        "step.end",
        "scenario.event",
        "assertion",
        "action",
        "dom.snapshot",
        "dom.mutation",
        "network.request",
        "network.response",
        "network.failed",
        "network.ws",
        "console.log",
        "console.error",
        "screenshot",
        "video",
        "clone.state",
        "clone.snapshot",
        "clock.advance",
        "error_injection",
        "latency_injection",
        "agent.thought",
        "agent.action",
    ];
    let seen = &told["kinds"];
    let missing: Vec<_> =
        KINDS.iter().filter(|kind| seen[**kind].as_u64().unwrap_or(0) == 0).collect();
    ensure!(missing.is_empty(), "no trace of the suite has {missing:?}; kinds: {seen}");
    Ok(())
}

fn play(quiet: bool) -> Result<(Stack, Value)> {
    let machine = setup::everything()?;
    let stack = Stack::start(setup::fresh_folder("demo")?)?;
    let begin = Instant::now();
    let exit_code = stack.run_suite(&machine, quiet)?;
    let seconds = begin.elapsed().as_secs_f64();
    let rows = stack.archived_traces(POSTPROCESS_BOUND)?;
    let summaries = summaries(&stack)?;
    let traces: Vec<Value> = rows.iter().map(|row| traced(row, &summaries)).collect();
    let failed = folder_of(failed_among(&traces)?)?;
    let replays = replay::replay(&machine, &stack, &failed)?;
    let told = json!({
        "replay": replays,
        "suite": { "exit_code": exit_code, "seconds": seconds },
        "traces": traces,
        "kinds": total_kinds(&summaries),
        "dedup": dedup(&stack)?,
        "server": { "url": stack.url, "data": stack.folder.join("server") },
    });
    Ok((stack, told))
}

/// The server's `summary.json` files by trace id.
fn summaries(stack: &Stack) -> Result<BTreeMap<String, (String, Value)>> {
    let read = |path: std::path::PathBuf| {
        let summary: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let id = summary["trace_id"].as_str().context("a summary without trace_id")?.to_owned();
        let folder = path.parent().unwrap_or(&path).display().to_string();
        Ok((id, (folder, summary)))
    };
    files_named(&stack.store().join("traces"), "summary.json").into_iter().map(read).collect()
}

fn traced(row: &Value, summaries: &BTreeMap<String, (String, Value)>) -> Value {
    let found = row["id"].as_str().and_then(|id| summaries.get(id));
    let (folder, summary) =
        found.map_or((None, Value::Null), |(folder, summary)| (Some(folder), summary.clone()));
    json!({
        "id": row["id"], "short_id": row["short_id"], "status": row["status"], "scenario": row["scenario_title"], "retry": row["retry"],
        "failed_step": row["failed_step"], "failure_signature": row["failure_signature"], "duration_ms": row["duration_ms"],
        "counts": summary["counts"], "events": row["events"], "bytes": row["bytes"], "folder": folder,
    })
}

fn total_kinds(summaries: &BTreeMap<String, (String, Value)>) -> BTreeMap<String, u64> {
    let mut total = BTreeMap::new();
    let counts = summaries.values().filter_map(|(_, summary)| summary["counts"].as_object());
    for (kind, n) in counts.flatten() {
        *total.entry(kind.clone()).or_default() += n.as_u64().unwrap_or(0);
    }
    total
}

/// What the traces refer to against what is stored: the difference is what content addressing and compression save.
fn dedup(stack: &Stack) -> Result<Value> {
    let (mut referenced, mut unique) = (0, BTreeMap::new());
    for path in files_named(&stack.store().join("traces"), "manifest.json") {
        let manifest: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        for blob in manifest["blobs"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let size = blob["size"].as_u64().unwrap_or(0);
            referenced += size;
            unique.insert(blob["sha256"].to_string(), size);
        }
    }
    let unique_bytes: u64 = unique.values().sum();
    Ok(json!({
        "blobs": unique.len(), "referenced_bytes": referenced, "unique_bytes": unique_bytes,
        "stored_bytes": bytes_below(&stack.store().join("blobs")),
        "trace_bytes": bytes_below(&stack.store().join("traces")),
    }))
}

fn failed_trace(told: &Value) -> Result<&Value> {
    failed_among(told["traces"].as_array().context("no traces")?)
}

fn folder_of(trace: &Value) -> Result<PathBuf> {
    trace["folder"].as_str().map(PathBuf::from).context("a trace without a folder")
}

fn failed_among(traces: &[Value]) -> Result<&Value> {
    let story = traces
        .iter()
        .filter(|trace| trace["status"] == "failed" && trace["failed_step"]["index"] == 7);
    match story.collect::<Vec<_>>().as_slice() {
        [one] => Ok(one),
        other => bail!("{} traces failed at step 7; traces: {}", other.len(), json!(traces)),
    }
}

fn id_of(trace: &Value) -> Result<&str> {
    trace["short_id"].as_str().context("a trace without short id")
}

fn show(stack: &Stack, told: &Value) -> Result<()> {
    process::run(&mut stack.molar_trace(&["ls"]))?;
    let failed = failed_trace(told)?;
    println!();
    process::run(&mut stack.molar_trace(&["show", id_of(failed)?]))?;
    replay::show(&told["replay"]);
    let dedup = &told["dedup"];
    println!("\nSizes");
    println!("  traces             {:>12} bytes (NDJSON, zips, videos)", dedup["trace_bytes"]);
    println!("  blobs referenced   {:>12} bytes", dedup["referenced_bytes"]);
    println!(
        "  blobs, each once   {:>12} bytes in {} blobs",
        dedup["unique_bytes"], dedup["blobs"]
    );
    println!("  blobs on disk      {:>12} bytes", dedup["stored_bytes"]);
    println!("\nWhere everything lies");
    println!("  the failed trace   {}", failed["folder"].as_str().unwrap_or_default());
    println!("  the store          {}", stack.store().display());
    println!("  the server's log   {}", stack.folder.join("server.log").display());
    println!(
        "\nTry   zstd -dc {}/trace.ndjson.zst | jq -c 'select(.kind==\"network.response\" and .status>=400)'",
        failed["folder"].as_str().unwrap_or_default()
    );
    Ok(())
}
