//! Blobs through the recorder (redaction's look, hash, known or new, stored once, a line for each) against SHA-256 alone.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::path::Path;
use std::time::Instant;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use support::{Random, cpu_seconds, figure, median, publish, round};
use trace_core::edge::{ContentDraft, Draft, Finish, Limits, Recorder, RecorderOptions};
use trace_core::{Timestamp, TraceId};

const ROUNDS: usize = 7;
const BLOBS: usize = 1024;
const BLOB_BYTES: usize = 1 << 20;
/// As often as a suite meets the same image, font or script again.
const DISTINCT: u64 = 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let alone = hash(drafts());
        let recorded = record(drafts())?;
        // The first round meets pages and disk for the first time.
        if round > 0 {
            raw.push(alone);
            ours.push(recorded);
        }
    }
    let both = |sides: &[Took], of: fn(&Took) -> f64| median(sides.iter().map(of).collect());
    let (raw_cpu, our_cpu) = (both(&raw, |took| took.cpu), both(&ours, |took| took.cpu));
    let (raw, ours) = (both(&raw, |took| took.wall), both(&ours, |took| took.wall));
    let rate =
        |seconds: f64| format!("{} MB/s", round((BLOBS * BLOB_BYTES) as f64 / seconds / 1e6, 0));
    let sides = json!({
        "recorder": rate(ours),
        "sha2 alone": rate(raw),
        "SHA instructions": sha_instructions(),
        "payload": format!("{BLOBS} contents of 1 MiB, {DISTINCT} distinct"),
    });
    let cpu = json!({
        "recorder": format!("{} s CPU", round(our_cpu, 2)),
        "sha2 alone": format!("{} s CPU", round(raw_cpu, 2)),
    });
    publish(
        "blobs",
        &[
            figure("blob throughput ÷ raw SHA-256", raw / ours, "×", "≥ 0.85", &sides),
            figure("the same by processor time", raw_cpu / our_cpu, "×", "≥ 0.85", &cpu),
        ],
    );
    Ok(())
}

/// Images, which are stored as they are; each draft has bytes of its own, so that neither side reads from a warm cache.
fn drafts() -> Vec<Draft> {
    let contents: Vec<Vec<u8>> = (1..=DISTINCT).map(noise).collect();
    let draft = |data: &Vec<u8>| Draft {
        ts: Timestamp::from_us(1000),
        kind: "network.response".to_owned(),
        payload: r#"{"request_id":"r1","status":200}"#.to_owned(),
        contents: vec![ContentDraft {
            field: "body".to_owned(),
            media_type: "image/png".to_owned(),
            data: data.clone(),
            truncated: 0,
        }],
        ..Draft::default()
    };
    contents.iter().cycle().take(BLOBS).map(draft).collect()
}

fn noise(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed * 0x9E37_79B9);
    (0..BLOB_BYTES / 8).flat_map(|_| random.next().to_le_bytes()).collect()
}

/// Seconds on the wall, and of the processor: on a busy machine only the second is the work's own.
struct Took {
    wall: f64,
    cpu: f64,
}

/// Begins to measure; what it returns ends it.
fn watch() -> impl FnOnce() -> Took {
    let (begun, before) = (Instant::now(), cpu_seconds().0);
    move || Took { wall: begun.elapsed().as_secs_f64(), cpu: cpu_seconds().0 - before }
}

/// Takes the bytes over and frees them as the recorder does: giving memory back to the system is whoever owns it to pay.
fn hash(drafts: Vec<Draft>) -> Took {
    let took = watch();
    for content in drafts.into_iter().flat_map(|draft| draft.contents) {
        std::hint::black_box(Sha256::digest(&content.data));
    }
    took()
}

/// From the first append until the finished trace lies in the store.
fn record(drafts: Vec<Draft>) -> Result<Took, Box<dyn std::error::Error>> {
    let root = tempfile::tempdir()?;
    let recorder = Recorder::start(options(root.path())?)?;
    let took = watch();
    for draft in drafts {
        recorder.append(draft);
    }
    let report = recorder.finish(Finish { status: "passed".to_owned(), ..Finish::default() });
    let took = took();
    assert_eq!((report.dropped, report.blobs), (0, DISTINCT), "{:?}", report.problems);
    Ok(took)
}

fn options(root: &Path) -> Result<RecorderOptions, Box<dyn std::error::Error>> {
    Ok(RecorderOptions {
        root: root.to_owned(),
        org: "local".parse()?,
        trace_id: TraceId::from_random([7; 16]),
        wall_ms: 1_767_225_600_000,
        run_start: r#"{"project":"bench","scenario":{"slug":"blobs"}}"#.to_owned(),
        server: None,
        hold: false,
        rules: trace_core::redact::Rules::default(),
        vault: trace_core::edge::vault::VaultOptions::Auto,
        masks: trace_core::edge::Masks::default(),
        // Room for everything, so that nothing is fast because it was dropped.
        limits: Limits { queue_bytes: 2 << 30, ..Limits::default() },
    })
}

/// What Linux says of the processor; both sides use the instructions when it has them.
fn sha_instructions() -> &'static str {
    match std::fs::read_to_string("/proc/cpuinfo") {
        Ok(text) if text.contains(" sha_ni") || text.contains(" sha2") => "yes",
        Ok(_) => "no",
        Err(_) => "unknown",
    }
}
