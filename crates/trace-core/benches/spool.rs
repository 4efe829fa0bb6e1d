//! What one event costs the recorder's thread: from the queue to the spool, and from there to the finished file.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{cpu_seconds, figure, median, publish, round};
use trace_core::edge::{Draft, Finish, Limits, Recorder, RecorderOptions};
use trace_core::{Timestamp, TraceId};

const EVENTS: u32 = 300_000;
const ROUNDS: u8 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut spooled, mut finished, mut appended) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let root = tempfile::tempdir()?;
        let recorder = Recorder::start(options(root.path(), round)?)?;
        let drafts: Vec<Draft> = (0..EVENTS).map(draft).collect();
        let (begun, cpu) = (Instant::now(), cpu_seconds().0);
        drafts.into_iter().for_each(|draft| recorder.append(draft));
        appended.push(per_event(begun.elapsed().as_secs_f64()));
        assert!(recorder.flush(Duration::from_mins(1)), "the writer does not keep up");
        let at_spool = cpu_seconds().0;
        let report = recorder.finish(Finish { status: "passed".to_owned(), ..Finish::default() });
        assert_eq!((report.dropped, report.events), (0, u64::from(EVENTS) + 2));
        spooled.push(per_event(at_spool - cpu));
        finished.push(per_event(cpu_seconds().0 - at_spool));
    }
    let sides = json!({ "append, ns wall": round(median(appended), 0), "finish, ns CPU": round(median(finished), 0), "events": EVENTS });
    let cost = median(spooled);
    publish("spool", &[figure("spooling one event, CPU", cost, "ns", "≤ 1500", &sides)]);
    Ok(())
}

fn per_event(seconds: f64) -> f64 {
    seconds * 1e9 / f64::from(EVENTS)
}

fn options(root: &std::path::Path, n: u8) -> Result<RecorderOptions, Box<dyn std::error::Error>> {
    Ok(RecorderOptions {
        root: root.to_owned(),
        org: "local".parse()?,
        trace_id: TraceId::from_random([n; 16]),
        wall_ms: 1_767_225_600_000,
        run_start: r#"{"project":"bench"}"#.to_owned(),
        server: None,
        hold: false,
        rules: trace_core::redact::Rules::default(),
        vault: trace_core::edge::vault::VaultOptions::Auto,
        masks: trace_core::edge::Masks::default(),
        limits: Limits { queue_bytes: 1 << 30, ..Limits::default() },
    })
}

/// The events of `npm/trace-node/bench/append.mjs`: a response, a click, a console line, a DOM batch.
fn draft(i: u32) -> Draft {
    let n = i % 1000;
    let (kind, payload) = match i % 4 {
        0 => (
            "network.response",
            format!(
                r#"{{"request_id":"r{n}","method":"POST","url":"http://127.0.0.1:4000/api/checkout/upgrade?attempt={n}","status":200,"status_text":"OK","headers":[["content-type","application/json"],["x-request-id","req_{n}"]],"duration_ms":{n}.5,"resource_type":"fetch","page":"p1"}}"#
            ),
        ),
        1 => (
            "action",
            format!(
                r#"{{"api":"locator.click","title":"Click 'Upgrade {n}'","locator":"getByRole('button')","page":"p1","start_ts":{n}.25,"duration_ms":31.4}}"#
            ),
        ),
        2 => (
            "console.log",
            format!(
                r#"{{"level":"info","text":"cart updated: {n} items, total €{n}.99","page":"p1","location":{{"url":"http://127.0.0.1:4000/app.js","line":{n},"column":7}}}}"#
            ),
        ),
        _ => (
            "dom.mutation",
            format!(
                r#"{{"page":"p1","frame":"p1f1","stream":"s1","generation":1,"count":1,"first_ts":{n},"last_ts":{n},"events":{{"size":61,"media_type":"application/json","text":"[{{\"type\":3,\"data\":{{\"source\":1,\"positions\":[{{\"x\":{n},\"y\":7}}]}}}}]"}}}}"#
            ),
        ),
    };
    Draft {
        ts: Timestamp::from_us(u64::from(i) * 700),
        kind: kind.to_owned(),
        step_id: Some("s7".to_owned()),
        payload,
        contents: Vec::new(),
    }
}
