//! After the end: everything made, everything repeatable, nothing left running.

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::{Value, json};
use trace_core::trace::{IndexOrigin, TraceReader};
use trace_server::catalog::JobEnd;
use trace_server::clock::Clock;
use trace_server::jobs::{postprocess_key, run_due};
use trace_server::org::OrgScope;

use crate::app::{Caller, TestApp};
use crate::recording::{Recording, event, sha256};

const PUBLISHED: [&str; 4] =
    ["trace.ndjson.zst", "summary.json", "manifest.json", "rrweb-events.ndjson.zst"];

async fn artifact(caller: &Caller, id: &str, name: &str) -> Bytes {
    let response = caller.get(&format!("/v1/traces/{id}/artifacts/{name}")).await;
    assert_eq!(response.status(), StatusCode::OK, "{name}");
    response.bytes().await.unwrap()
}

fn acme() -> OrgScope {
    "acme".parse().unwrap()
}

/// A recording whose DOM lies in a blob, in the line, and in a blob that never came.
fn with_dom(n: u8, blob: &[u8]) -> Recording {
    let mut recording = Recording::long(n, 1, 2);
    let dom = |seq: u64, kind: &str, events: Value| {
        let payload = json!({"page": "p1", "frame": "p1f1", "frame_url": "http://a/", "stream": "d1",
            "generation": 1, "count": 1, "first_ts": seq, "last_ts": seq, "events": events,
            "digest": {"version": 1, "value": "00000000", "nodes": 1}});
        event(seq as f64, seq, kind, None, payload)
    };
    let in_blob = |bytes: &[u8]| {
        json!({"size": bytes.len(), "media_type": "application/json",
            "blob": format!("sha256:{}", sha256(bytes))})
    };
    let css = json!({"size": 25, "media_type": "text/css", "text": "p{background:url(b.png)}"});
    let change = r#"[{"type":3,"timestamp":101,"data":{"source":0,"texts":[{"id":5,"value":"new"}],"attributes":[],"removes":[],"adds":[]}}]"#;
    recording.add(vec![
        event(
            3.0,
            3,
            "network.response",
            None,
            json!({"request_id": "r1", "method": "GET", "url": "http://a/s.css",
                "status": 200, "status_text": "OK", "headers": [], "duration_ms": 1, "body": css}),
        ),
        dom(4, "dom.snapshot", in_blob(blob)),
        dom(
            5,
            "dom.mutation",
            json!({"size": change.len(), "media_type": "application/json", "text": change}),
        ),
        event(
            6.0,
            6,
            "step.start",
            Some("s1"),
            json!({"title": "one", "category": "test.step", "path": ["one"]}),
        ),
        dom(7, "dom.mutation", in_blob(b"never sent")),
        dom(
            8,
            "dom.mutation",
            json!({"size": change.len(), "media_type": "application/json", "text": change}),
        ),
    ]);
    recording
}

#[tokio::test]
async fn a_failed_trace_gets_all_its_files_its_row_and_its_pin() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.ship(&recording, "failed").await;
    let row = caller.wait_for_archive(&recording.id).await;
    assert_eq!((&row["status"], &row["pinned"]), (&json!("failed"), &json!(true)));
    assert_eq!((&row["events"], &row["duration_ms"]), (&json!(10), &json!(30.1)));
    let step = json!({"index": 2, "id": "s2", "title": "Click 'Upgrade to Pro'"});
    assert_eq!(row["failed_step"], step);
    assert!(row["failure_signature"].as_str().unwrap().contains("404"), "{row}");
    assert_eq!(row["summary"]["scenario"]["slug"], json!("checkout"));
    let file = artifact(&caller, &recording.id, "trace.ndjson.zst").await;
    let reader = TraceReader::open(file.to_vec()).unwrap();
    assert_eq!((reader.index_origin(), reader.verify().len()), (IndexOrigin::Footer, 0));
    assert_eq!(reader.read_all().events.len(), 10);
    let plain = zstd::decode_all(&file[..]).unwrap();
    assert_eq!(String::from_utf8(plain).unwrap(), recording.all_lines());
    let manifest: Value =
        serde_json::from_slice(&artifact(&caller, &recording.id, "manifest.json").await).unwrap();
    assert_eq!(manifest["trace_id"], json!(recording.id));
}

/// One small page as a recorder tells it.
const SNAPSHOT: &[u8] = br#"[{"type":4,"timestamp":100,"data":{"href":"http://a/","width":10,"height":10}},
    {"type":2,"timestamp":100,"data":{"initialOffset":{"left":0,"top":0},"node":{"type":0,"id":1,"childNodes":[
    {"type":2,"tagName":"html","attributes":{},"id":2,"childNodes":[
    {"type":2,"tagName":"link","attributes":{"rel":"stylesheet","href":"http://a/s.css"},"childNodes":[],"id":3},
    {"type":2,"tagName":"body","attributes":{},"id":4,"childNodes":[{"type":3,"textContent":"old","id":5}]}]}]}}}]"#;

#[tokio::test]
async fn the_dom_is_cut_into_segments_that_a_player_can_begin_at() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = with_dom(7, SNAPSHOT);
    caller.register(&recording).await;
    caller.put_blob(&recording.id, SNAPSHOT, "application/json").await;
    for n in 1..=2 {
        caller.put_chunk(&recording.id, n, &recording.chunk(n)).await;
    }
    caller.finalize(&recording, "passed").await;
    caller.wait_for_archive(&recording.id).await;
    let file = artifact(&caller, &recording.id, "rrweb-events.ndjson.zst").await;
    let text = String::from_utf8(zstd::decode_all(&file[..]).unwrap()).unwrap();
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let index = lines.pop().unwrap();
    let told: Vec<_> = lines
        .iter()
        .map(|l| {
            (l["start_ts"].as_f64().unwrap(), &l["keyframe"], l["events"].as_array().unwrap().len())
        })
        .collect();
    assert_eq!(told, [(4.0, &json!("recorded"), 3), (6.0, &json!("synthetic"), 3)], "{text}");
    let body = |line: &Value| {
        line["events"][1]["data"]["node"]["childNodes"][0]["childNodes"][1]["childNodes"][0]["textContent"].clone()
    };
    assert_eq!((body(&lines[0]), body(&lines[1])), (json!("old"), json!("new")));
    assert_eq!(lines[0]["assets"]["http://a/s.css"]["seq"], json!(3));
    assert_eq!(lines[0]["missing"], json!(["http://a/b.png"]));
    assert_eq!(lines[0]["drift"][0]["expected"], json!("00000000"));
    let faults = lines[1]["faults"].to_string() + &lines[0]["faults"].to_string();
    assert!(faults.contains("blob was never received"), "{text}");
    // The table leads to each segment alone.
    for (place, line) in index["segments"].as_array().unwrap().iter().zip(&lines) {
        let number = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
        let (from, len) = (number("offset"), number("len"));
        let one = zstd::decode_all(&file[from..from + len]).unwrap();
        assert_eq!(&serde_json::from_slice::<Value>(&one).unwrap(), line);
    }
}

#[tokio::test]
async fn running_twice_changes_nothing_and_live_chunks_go_last() {
    let server = TestApp::with(|config| config.jobs.workers = 0).await;
    let caller = server.caller("acme").await;
    let recording = Recording::long(1, 8, 300);
    caller.ship(&recording, "failed").await;
    let queued = caller.get_json(&format!("/v1/traces/{}", recording.id)).await;
    assert_eq!((&queued["status"], &queued["viewable"]), (&json!("queued"), &json!(true)));
    assert!(run_due(&server.app, "one").await.unwrap());
    let mut first = Vec::new();
    for name in PUBLISHED {
        first.push(artifact(&caller, &recording.id, name).await);
    }
    let row = caller.get_json(&format!("/v1/traces/{}", recording.id)).await;
    let id = recording.id.parse().unwrap();
    let job =
        server.app.catalog.job(&acme(), &postprocess_key(&acme(), id)).await.unwrap().unwrap();
    assert_eq!((job.state.as_str(), job.step_state.len()), ("done", 6));
    // The whole job once more, as if nothing of it had been recorded.
    forget_job(&server, &job.key).await;
    assert!(run_due(&server.app, "two").await.unwrap());
    for (name, before) in PUBLISHED.into_iter().zip(first) {
        assert_eq!(artifact(&caller, &recording.id, name).await, before, "{name}");
    }
    assert_eq!(caller.get_json(&format!("/v1/traces/{}", recording.id)).await, row);
    let live = find(&server.app.config.storage.store_dir(), "/live/");
    assert_eq!(live, Vec::<String>::new(), "live chunks are left");
    let seqs = caller.seqs(&format!("/v1/traces/{}/events?limit=5000", recording.id)).await;
    assert_eq!(seqs, (1..=2400).collect::<Vec<u64>>());
}

/// Sets a job back by hand, which no part of the server may do.
async fn forget_job(server: &TestApp, key: &str) {
    use sqlx::ConnectOptions;
    let file = server.app.config.storage.catalog_file();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut connection = options.connect().await.unwrap();
    sqlx::query("UPDATE jobs SET state = 'ready', step_state = '{}' WHERE key = ?1")
        .bind(key)
        .execute(&mut connection)
        .await
        .unwrap();
}

fn find(dir: &std::path::Path, part: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(find(&path, part));
        } else if path.to_string_lossy().contains(part) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn an_older_attempt_can_no_longer_write() {
    let clock = Clock::manual(1_000_000);
    let server = TestApp::with_clock(|config| config.jobs.workers = 0, clock.clone()).await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.ship(&recording, "passed").await;
    let catalog = &server.app.catalog;
    let stale = catalog.claim_job("a", clock.now_ms(), 1000).await.unwrap().unwrap();
    assert_eq!(catalog.claim_job("b", clock.now_ms(), 1000).await.unwrap(), None);
    clock.advance(1001);
    let fresh = catalog.claim_job("b", clock.now_ms(), 1000).await.unwrap().unwrap();
    assert_eq!((stale.attempt, fresh.attempt), (1, 2));
    assert!(!catalog.renew_job(&stale, clock.now_ms(), 1000).await.unwrap());
    assert!(!catalog.record_step(&stale, "publish", &json!({})).await.unwrap());
    assert!(!catalog.end_job(&stale, &JobEnd::Done).await.unwrap());
    assert!(catalog.record_step(&fresh, "publish", &json!({"bytes": 1})).await.unwrap());
    assert!(catalog.end_job(&fresh, &JobEnd::Released).await.unwrap());
    let again = catalog.claim_job("c", clock.now_ms(), 1000).await.unwrap().unwrap();
    assert!(again.step_state.contains_key("publish"));
}

#[tokio::test]
async fn a_vanished_recorder_leaves_an_aborted_trace_not_a_running_one() {
    let clock = Clock::manual(1_000_000);
    let server = TestApp::with_clock(|config| config.jobs.idle_seconds = 60, clock.clone()).await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    for n in [1, 3] {
        caller.put_chunk(&recording.id, n, &recording.chunk(n)).await;
    }
    clock.advance(59_000);
    assert_eq!(trace_server::ingest::sweep(&server.app).await.unwrap(), 0);
    clock.advance(2_000);
    let row = caller.wait_for_archive(&recording.id).await;
    assert_eq!(row["status"], json!("aborted"));
    assert_eq!(row["abort_reason"], json!("nothing arrived for 60 seconds"));
    assert_eq!(row["pinned"], json!(false));
    // What came behind the gap is kept as well.
    let seqs = caller.seqs(&format!("/v1/traces/{}/events", recording.id)).await;
    assert_eq!(seqs, [1, 2, 3, 7, 8, 9, 10]);
}

#[tokio::test]
async fn an_abort_keeps_what_arrived_and_a_policy_may_leave_failures_unpinned() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    server.app.catalog.set_pins_failed(&acme(), false, 1).await.unwrap();
    let (one, two) = (Recording::failed(1), Recording::failed(2));
    caller.register(&one).await;
    caller.put_chunk(&one.id, 1, &one.chunk(1)).await;
    let path = format!("/v1/traces/{}/abort", one.id);
    let aborted = caller.post(&path, &json!({"reason": "worker killed"})).await;
    assert_eq!(aborted.status(), StatusCode::ACCEPTED);
    caller.ship(&two, "failed").await;
    let row = caller.wait_for_archive(&one.id).await;
    assert_eq!(
        (&row["status"], &row["abort_reason"]),
        (&json!("aborted"), &json!("worker killed"))
    );
    assert_eq!(caller.wait_for_archive(&two.id).await["pinned"], json!(false));
    let pin = format!("/v1/traces/{}/pin", two.id);
    assert_eq!(caller.post(&pin, &json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(caller.get_json(&format!("/v1/traces/{}", two.id)).await["pinned"], json!(true));
}

#[tokio::test]
async fn a_trace_without_any_chunk_still_ends() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    let path = format!("/v1/traces/{}/abort", recording.id);
    caller.post(&path, &json!({"reason": "never began"})).await;
    let row = caller.wait_for_archive(&recording.id).await;
    assert_eq!((&row["status"], &row["events"]), (&json!("aborted"), &json!(0)));
}
