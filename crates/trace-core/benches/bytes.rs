//! What the hot paths cost on one thread: encoding, decoding, reading, redacting. Blobs, queries and archives have benches of their own.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{figure, lines, publish};
use trace_core::chunk::Level;
use trace_core::chunk::archive::{FRAME_BYTES, write};
use trace_core::chunk::frame::{compress, decompress};
use trace_core::ndjson::{Lines, decode, decode_line, encode, envelope};
use trace_core::redact::{Redactor, Rules};
use trace_core::trace::{Select, TraceReader};

const CLEAN_LINE: &str = r#"{"request_id":"r17","method":"GET","url":"http://127.0.0.1:4000/api/products/17?page=2","status":200,"headers":[["content-type","application/json"],["content-length","1234"]],"duration_ms":12.5,"x":"ab"}"#;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let raw = lines(20_000);
    let mut figures = one_by_one(&raw);
    figures.push(redaction()?);
    figures.extend(whole_files(&raw)?);
    publish("bytes", &figures);
    Ok(())
}

/// The best of several runs: other work on the machine only ever adds time.
fn best(mut work: impl FnMut()) -> Duration {
    let run = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..7).map(run).min().unwrap_or_default()
}

fn per_line(name: &str, n_lines: usize, target: &str, work: impl FnMut()) -> Value {
    let ns = best(work).as_nanos() as f64 / n_lines as f64;
    figure(name, ns, "ns", target, &json!({ "lines": n_lines }))
}

fn per_byte(name: &str, n_bytes: usize, target: &str, work: impl FnMut()) -> Value {
    let rate = n_bytes as f64 / best(work).as_secs_f64() / 1e6;
    figure(name, rate, "MB/s", target, &json!({ "bytes of lines": n_bytes }))
}

fn one_by_one(raw: &[u8]) -> Vec<Value> {
    let events = decode(raw).events;
    let n = events.len();
    let mut out = Vec::with_capacity(raw.len() * 2);
    vec![
        per_line("encode", n, "< 300", || {
            out.clear();
            events.iter().for_each(|event| encode(event, &mut out));
        }),
        per_line("envelope", n, "< 300", || {
            black_box(Lines::new(raw).filter_map(|line| envelope(line.bytes)).count());
        }),
        per_line("decode_line", n, "", || {
            Lines::new(raw).for_each(|line| drop(black_box(decode_line(line.bytes))));
        }),
    ]
}

/// A line without a secret, as nearly all are.
fn redaction() -> Result<Value, Failure> {
    const ROUNDS: usize = 100_000;
    let mut redactor = Redactor::new(Rules::default())?;
    let mut changed = 0;
    let measured = per_line("redact a clean line", ROUNDS, "< 1000", || {
        let apply = |_| matches!(redactor.apply("network.response", CLEAN_LINE), Cow::Owned(_));
        changed += (0..ROUNDS).map(apply).filter(|is| *is).count();
    });
    assert_eq!(changed, 0, "the clean line was redacted");
    Ok(measured)
}

fn whole_files(raw: &[u8]) -> Result<Vec<Value>, Failure> {
    let file = write(raw, Vec::new(), Level::Live, FRAME_BYTES)?.0;
    let reader = TraceReader::open(&file[..])?;
    let frame = compress(raw, Level::Live)?;
    let n = raw.len();
    Ok(vec![
        per_byte("decode plain lines", n, "≥ 500", || drop(black_box(decode(raw)))),
        per_byte("reader, every event", n, "", || {
            black_box(reader.events().count());
        }),
        per_byte("reader, one kind and one step", n, "≥ 500", || {
            black_box(reader.select(Select::all().kind("network.response").seqs(1, 1)).count());
            black_box(reader.select(Select::all().step("s7")).count());
        }),
        per_byte("reader, scan without index", n, "", || drop(black_box(TraceReader::open(raw)))),
        per_byte("zstd alone, decompress", n, "", || drop(black_box(decompress(&frame, 1 << 28)))),
        per_byte("compress, live", n, "", || drop(black_box(compress(raw, Level::Live)))),
    ])
}
