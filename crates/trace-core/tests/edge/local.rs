//! Recording into a directory, without a server.

use std::time::Duration;

use trace_core::Timestamp;
use trace_core::blob::{BlobId, ObjectKey, decode_stored};
use trace_core::chunk::{FrameKind, Frames};
use trace_core::edge::{
    Draft, DraftRef, Limits, Recorder, RecorderOptions, Shipped, open_trace, recover,
};

use crate::kit::{body, check_whole, files, lines, log, of_kind, options, passed};

#[test]
fn a_trace_is_archived_where_it_lies() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    (0..1000).for_each(|n| recorder.append(log(&format!("line {n}"))));
    let big = "<p>hello</p>".repeat(1000).into_bytes();
    recorder.append(body("text/html", big.clone()));
    recorder.append(body("text/html", big.clone()));
    recorder.append(body("application/json", b"{\"a\":1}".to_vec()));
    recorder.append(body("image/png", vec![0xff; 10]));
    let video = root.path().join("source.webm");
    std::fs::write(&video, b"video").unwrap();
    recorder.add_artifact("video.webm".parse().unwrap(), video.clone(), true);
    let report = passed(&recorder);

    assert_eq!((&report.shipped, &report.problems[..]), (&Shipped::Local, &[][..]));
    assert_eq!((report.events, report.blobs, report.dropped), (1006, 1, 0));
    let lines = lines(&report.dir);
    check_whole(&lines);
    assert_eq!(lines[0]["format"], 1);
    assert_eq!(lines[0]["project"], "shop");
    let bodies: Vec<_> = of_kind(&lines, "network.response");
    let id = BlobId::of(&big);
    assert_eq!(bodies[0]["body"]["blob"], id.to_string());
    assert_eq!(bodies[2]["body"]["text"], "{\"a\":1}");
    assert_eq!(bodies[3]["body"]["base64"], "/////////////w==");
    let stored = std::fs::read(root.path().join(ObjectKey::blob(&id).as_str())).unwrap();
    assert_eq!(decode_stored(&id, &stored, 1 << 20).unwrap(), big);
    assert!(stored.len() < big.len() / 10);
    let names: Vec<_> =
        files(&report.dir).iter().map(|p| p.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["manifest.json", "summary.json", "trace.ndjson.zst", "video.webm"]);
    assert!(!video.exists());
    let manifest = std::fs::read(report.dir.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["blobs"][0]["sha256"], id.hex());
    assert_eq!(manifest["artifacts"][0]["name"], "video.webm");
    let summary = std::fs::read(report.dir.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!((&summary["status"], &summary["total_lines"]), (&"passed".into(), &1006.into()));
}

#[test]
fn nonsense_becomes_a_notice_and_costs_no_number() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    for payload in ["{", "[1]", "nonsense"] {
        recorder.append(Draft { payload: payload.to_owned(), ..log("") });
    }
    recorder.append(Draft { step_id: Some("a\"b".to_owned()), ..log("") });
    recorder.append(Draft { kind: "dom.\"\n".to_owned(), ..log("odd kind") });
    recorder.append(Draft { payload: "{\"seq\":99,\"kind\":\"x\"}".to_owned(), ..log("") });
    recorder
        .append(Draft { payload: format!("{{\"a\":\"{}\"}}", "x".repeat(17 << 20)), ..log("") });
    recorder.append(log("fine"));
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    check_whole(&lines);
    let notices = of_kind(&lines, "capture.notice");
    let codes: Vec<_> = notices.iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        ["event.invalid", "event.invalid", "event.invalid", "event.step_id", "event.too_large"],
        "{notices:?}"
    );
    assert_eq!(of_kind(&lines, "console.log").last().unwrap()["text"], "fine");
    assert_eq!(report.dropped, 4);
}

#[test]
fn secrets_are_gone_before_the_first_write() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    let secret = "Bearer abcdef0123456789abcdef0123456789";
    let headers = serde_json::json!({"headers": [["authorization", secret]]}).to_string();
    recorder.append(Draft { kind: "network.request".to_owned(), payload: headers, ..log("") });
    let json = format!("{{\"password\":\"hunter2-hunter2\",\"x\":\"{}\"}}", "y".repeat(9000));
    recorder.append(body("application/json", json.into_bytes()));
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    let all = serde_json::to_string(&lines).unwrap();
    assert!(all.contains("[REDACTED:") && !all.contains("abcdef0123456789"), "{all}");
    let blob = lines.iter().find_map(|line| line["body"]["blob"].as_str()).unwrap();
    let id: BlobId = blob.parse().unwrap();
    let stored = std::fs::read(root.path().join(ObjectKey::blob(&id).as_str())).unwrap();
    let text = String::from_utf8(decode_stored(&id, &stored, 1 << 20).unwrap()).unwrap();
    assert!(text.contains("[REDACTED:") && !text.contains("hunter2"));
}

#[test]
fn an_overflowing_queue_drops_and_counts() {
    let root = tempfile::tempdir().unwrap();
    let limits = Limits { queue_bytes: 32 << 10, ..Limits::default() };
    let recorder = Recorder::start(RecorderOptions { limits, ..options(root.path(), 1) }).unwrap();
    (0..20_000).for_each(|n| recorder.append(log(&format!("line {n}"))));
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    check_whole(&lines);
    let notices = of_kind(&lines, "capture.notice");
    let told: u64 = notices.iter().map(|line| line["count"].as_u64().unwrap()).sum();
    assert!(notices.iter().all(|line| line["code"] == "queue.dropped"));
    assert!(told > 0);
    assert_eq!(told, report.dropped);
    assert_eq!(of_kind(&lines, "console.log").len() as u64 + told, 20_000);
}

#[test]
fn a_full_spool_drops_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let limits = Limits { spool_bytes: 100_000, ..Limits::default() };
    let recorder = Recorder::start(RecorderOptions { limits, ..options(root.path(), 1) }).unwrap();
    for n in 0..20_u8 {
        recorder.append(body("image/png", vec![n; 20_000]));
    }
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    check_whole(&lines);
    assert_eq!(of_kind(&lines, "capture.notice")[0]["code"], "spool.full");
    assert_eq!((report.blobs, report.dropped), (6, 14));
}

#[test]
fn finishing_twice_tells_the_same_and_a_used_directory_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    assert!(Recorder::start(options(root.path(), 1)).is_err());
    let report = passed(&recorder);
    recorder.append(log("too late"));
    assert_eq!(passed(&recorder), report);
    assert!(Recorder::start(options(root.path(), 1)).is_err());
    assert_eq!(lines(&report.dir).len(), 2);
}

#[test]
fn a_missing_artifact_is_a_notice() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    recorder.add_artifact("video.webm".parse().unwrap(), root.path().join("none"), false);
    let report = passed(&recorder);
    assert_eq!(of_kind(&lines(&report.dir), "capture.notice")[0]["code"], "artifact.missing");
    assert_eq!(report.problems.len(), 1);
}

/// What is flushed is on disk without `finish`, however short the writer's own delay is.
#[test]
fn flushed_events_are_in_the_file() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    for round in 1..=20 {
        recorder.append(log(&format!("round {round}")));
        recorder.append_all(|take| {
            let (ts, payload) = (Timestamp::ZERO, r#"{"text":"small"}"#);
            take(DraftRef { ts, kind: "console.log", step_id: Some("s1"), payload });
        });
        assert!(recorder.flush(Duration::from_secs(10)));
        let on_disk = open_trace(recorder.dir()).unwrap();
        assert_eq!(on_disk.index().total_lines, 1 + 2 * round);
    }
    assert_eq!(passed(&recorder).dropped, 0);
    assert!(recorder.flush(Duration::ZERO), "nothing waits in a finished recorder");
}

/// A burst of many chunks leaves the same trace as a slow one, and no empty file behind it.
#[test]
fn a_burst_is_cut_into_chunks_without_loss() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    (0..2000).for_each(|n| recorder.append(log(&format!("{n} {}", "x".repeat(700)))));
    assert!(recorder.flush(Duration::from_secs(10)));
    let chunks = files(&recorder.dir().join("live"));
    assert!(chunks.len() > 4, "{chunks:?}");
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    check_whole(&lines);
    assert_eq!(of_kind(&lines, "console.log").len(), 2000);
}

/// The recorder describes its trace without reading it again; recovery reads it, and both say the same.
#[test]
fn a_recovered_trace_is_described_as_its_recorder_would_have() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    (0..500).for_each(|n| recorder.append(log(&format!("{n} {}", "x".repeat(700)))));
    recorder.append(body("text/html", "<p>hello</p>".repeat(1000).into_bytes()));
    recorder.append(Draft {
        kind: "assertion".to_owned(),
        step_id: Some("s1".to_owned()),
        payload: r#"{"name":"toBe","pass":false,"error":{"message":"no"}}"#.to_owned(),
        ..log("")
    });
    let recorder_json = std::fs::read(recorder.dir().join("recorder.json")).unwrap();
    let report = passed(&recorder);
    drop(recorder);
    let dir = &report.dir;
    let told = |name: &str| std::fs::read(dir.join(name)).unwrap();
    let names = ["trace.ndjson.zst", "summary.json", "manifest.json"];
    let by_recorder = names.map(told);
    // As a process leaves it that dies after the end was noted and before it was archived.
    let live = dir.join("live");
    std::fs::create_dir(&live).unwrap();
    for (n, frame) in frames(&by_recorder[0]).into_iter().enumerate() {
        std::fs::write(live.join(format!("{:06}.zst", n + 1)), frame).unwrap();
    }
    names.iter().for_each(|name| std::fs::remove_file(dir.join(name)).unwrap());
    std::fs::write(dir.join("recorder.json"), recorder_json).unwrap();
    let recovered = recover(root.path(), None, |_| {});
    assert_eq!(recovered.traces.len(), 1, "{recovered:?}");
    assert_eq!(names.map(told), by_recorder);
}

fn frames(file: &[u8]) -> Vec<Vec<u8>> {
    let all = Frames::new(file).map(Result::unwrap);
    all.filter(|frame| frame.kind == FrameKind::Data).map(|frame| frame.bytes.to_vec()).collect()
}
