//! How long a query takes on a trace of a million events, and what redaction costs a clean line.
//!
//! `cargo run --release -p trace-core --example ask_speed`

use std::fmt::Write as _;
use std::time::Instant;

use trace_core::chunk::{Level, compress_frame};
use trace_core::query::{Query, QueryCache};
use trace_core::redact::{Redactor, Rules};
use trace_core::trace::TraceReader;

/// One event in fifty is a response.
fn file() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let (mut file, mut frame) = (Vec::new(), String::new());
    for seq in 1..=1_000_000_u32 {
        let (kind, status) =
            if seq % 50 == 0 { ("network.response", 200 + seq % 300) } else { ("dom.mutation", 0) };
        writeln!(
            frame,
            r#"{{"ts":{seq}.5,"seq":{seq},"kind":"{kind}","step_id":"s{}","request_id":"r{seq}","method":"POST","url":"http://127.0.0.1:4000/api/checkout/{seq}","status":{status},"headers":[["content-type","application/json"],["x-request","{seq}"]],"body":{{"size":31,"media_type":"application/json","text":"{{\"id\":{seq},\"items\":[1,2,3,4]}}"}}}}"#,
            seq / 1000
        )?;
        if frame.len() > 1 << 20 || seq == 1_000_000 {
            file.extend(compress_frame(frame.as_bytes(), Level::Live)?.bytes);
            frame.clear();
        }
    }
    Ok(file)
}

#[expect(clippy::print_stdout, reason = "an example reports on standard output")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let reader = TraceReader::open(file()?)?;
    let mut cache = QueryCache::new(256 << 20);
    let query = Query::parse("kind=network.response AND status>=400")?;
    for run in ["cold", "warm", "warm"] {
        let start = Instant::now();
        let found = cache.run(&reader, &query, usize::MAX).lines.len();
        println!(
            "{run} query: {found} answers in {:?}, {} MiB kept",
            start.elapsed(),
            cache.size() >> 20
        );
    }
    let mut redactor = Redactor::new(Rules::default())?;
    let line = r#"{"request_id":"r17","method":"GET","url":"http://127.0.0.1:4000/api/products/17?page=2","status":200,"headers":[["content-type","application/json"],["content-length","1234"]],"duration_ms":12.5,"x":"ab"}"#;
    let start = Instant::now();
    let rounds = 1_000_000_u32;
    let changed = (0..rounds)
        .filter(|_| matches!(redactor.apply("network.response", line), std::borrow::Cow::Owned(_)))
        .count();
    println!(
        "clean line of {} bytes: {:?} each, {changed} changed",
        line.len(),
        start.elapsed() / rounds
    );
    Ok(())
}
