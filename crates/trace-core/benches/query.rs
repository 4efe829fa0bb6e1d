//! One question asked of a million events: a first time, again, and by `zstd | jq` on the same file.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{figure, lines, median, ms, publish, round};
use trace_core::chunk::Level;
use trace_core::chunk::archive::{FRAME_BYTES, write};
use trace_core::edge::FileAt;
use trace_core::query::{Query, QueryCache};
use trace_core::trace::TraceReader;

const EVENTS: u64 = 1_000_000;
const WARM_ROUNDS: usize = 21;
const COLD_ROUNDS: usize = 3;
const QUERY: &str = "kind=network.response AND status>=400";
const FILTER: &str = r#"select(.kind=="network.response" and .status>=400)"#;
const CACHE_BYTES: usize = 256 << 20;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("trace.ndjson.zst");
    let raw = lines(EVENTS);
    // Level 3 keeps the set-up short; zstd unpacks level 19 no slower, so neither side gains by it.
    write(&raw[..], File::create(&path)?, Level::Live, FRAME_BYTES)?;
    let query = Query::parse(QUERY)?;
    let (mut cold, mut warm, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..COLD_ROUNDS {
        let begun = Instant::now();
        let reader = TraceReader::open(FileAt::open(&path)?)?;
        let mut cache = QueryCache::new(CACHE_BYTES);
        let mut ask = || cache.run(&reader, &query, usize::MAX).lines.len();
        let found = ask();
        cold.push(ms(begun.elapsed()));
        for _ in 0..WARM_ROUNDS {
            let begun = Instant::now();
            assert_eq!(ask(), found, "asked again");
            warm.push(ms(begun.elapsed()));
        }
        let (took, n_lines) = jq(&path)?;
        assert_eq!(n_lines, found, "jq finds other lines");
        theirs.push(ms(took));
    }
    report(median(cold), median(warm), median(theirs), raw.len());
    Ok(())
}

fn report(cold: f64, warm: f64, theirs: f64, raw_bytes: usize) {
    let in_ms = |value| format!("{} ms", round(value, 1));
    let sides = |name: &str, ours| json!({ name: in_ms(ours), "zstd -dc | jq": in_ms(theirs), "events": EVENTS, "bytes of lines": raw_bytes });
    publish(
        "query",
        &[
            figure("query, asked again", warm, "ms", "≤ 50", &sides("asked again", warm)),
            figure("zstd | jq ÷ asked again", theirs / warm, "×", "", &sides("asked again", warm)),
            figure(
                "zstd | jq ÷ open and ask",
                theirs / cold,
                "×",
                "",
                &sides("open and ask", cold),
            ),
        ],
    );
}

/// How long the pipeline takes, and how many lines it finds.
fn jq(path: &Path) -> Result<(Duration, usize), Failure> {
    let begun = Instant::now();
    let pipeline = format!("zstd -dc '{}' | jq -c '{FILTER}' | wc -l", path.display());
    let done = Command::new("sh").args(["-c", &pipeline]).output()?;
    assert!(done.status.success(), "the pipeline failed; are zstd and jq installed?");
    Ok((begun.elapsed(), String::from_utf8(done.stdout)?.trim().parse()?))
}
