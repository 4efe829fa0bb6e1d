//! Recording to a server that is well, slow, down, full, forgetful or against us.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trace_core::blob::BlobId;
use trace_core::chunk::frame;
use trace_core::edge::{
    FinishReport, Limits, Recorder, RecorderOptions, ServerOptions, Shipped, recover,
};

use crate::kit::{body, check_whole, files, log, parse, passed, shipped_to, trace_id};
use crate::server::{Asked, Kept, Server};

fn patient(limit: Duration) -> Limits {
    Limits { finish_timeout: limit, idle_timeout: limit, ..Limits::default() }
}

fn record(server: &Server, root: &Path, limits: Limits) -> FinishReport {
    let options = RecorderOptions { limits, ..shipped_to(&server.url, root, 1) };
    let recorder = Recorder::start(options).unwrap();
    (0..3000).for_each(|n| recorder.append(log(&format!("line {n} {}", "x".repeat(200)))));
    recorder.append(body("text/html", vec![b'x'; 10_000]));
    recorder.append(body("image/png", vec![0xff; 10_000]));
    let video = root.join("source.webm");
    std::fs::write(&video, vec![7; 300_000]).unwrap();
    recorder.add_artifact("video.webm".parse().unwrap(), video, true);
    passed(&recorder)
}

fn check_arrived(kept: &Kept) {
    let raw = kept.chunks.values().map(|chunk| frame::decompress(chunk, 1 << 30).unwrap());
    let lines = parse(&raw.collect::<Vec<_>>().concat());
    check_whole(&lines);
    let end = kept.finalized.as_ref().unwrap();
    assert_eq!(
        (&end["chunks"], &end["last_seq"]),
        (&kept.chunks.len().into(), &lines.len().into())
    );
    assert_eq!(kept.registered.as_ref().unwrap()["trace_id"], trace_id(1).to_string());
    let html = BlobId::of(&[b'x'; 10_000]);
    let (encoding, stored) = &kept.blobs[&html.hex()];
    assert_eq!(
        (encoding.as_str(), frame::decompress(stored, 1 << 20).unwrap().len()),
        ("zstd", 10_000)
    );
    let png = BlobId::of(&[0xff; 10_000]);
    assert_eq!(kept.blobs[&png.hex()], (String::new(), vec![0xff; 10_000]));
    assert_eq!(kept.artifacts["video.webm"], vec![7; 300_000]);
}

/// What belongs to the folder and not to a trace in it.
const OF_THE_FOLDER: [&str; 4] = ["blobs.lock", ".gitignore", "vault.key", "vault.pub"];

fn nothing_left(root: &Path) {
    let is_trace =
        |path: &std::path::PathBuf| OF_THE_FOLDER.iter().all(|name| !path.ends_with(name));
    let left: Vec<_> = files(root).into_iter().filter(is_trace).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
}

fn spooled(report: &FinishReport, part: &str) {
    match &report.shipped {
        Shipped::Spooled { reason } => assert!(reason.contains(part), "{reason}"),
        other => panic!("expected a spooled trace, found {other:?}"),
    }
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
}

fn recover_to(server: &Server, root: &Path) {
    let options = ServerOptions { url: server.url.clone(), key: None };
    let report = recover(root, Some(&options), |_| {});
    assert_eq!((report.traces.len(), report.problems.len()), (1, 0), "{report:?}");
    assert!(matches!(report.traces[0].shipped, Shipped::Shipped { .. }), "{report:?}");
}

#[test]
fn everything_arrives_and_the_spool_is_empty() {
    let (server, root) = (Server::healthy(), tempfile::tempdir().unwrap());
    let report = record(&server, root.path(), patient(Duration::from_secs(20)));
    let url = Some("http://viewer/x".to_owned());
    assert_eq!((&report.shipped, &report.problems[..]), (&Shipped::Shipped { url }, &[][..]));
    check_arrived(&server.kept());
    nothing_left(root.path());
}

#[test]
fn chunks_are_shipped_while_the_test_runs() {
    let (server, root) = (Server::healthy(), tempfile::tempdir().unwrap());
    let recorder = Recorder::start(shipped_to(&server.url, root.path(), 1)).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while server.kept().chunks.is_empty() {
        assert!(Instant::now() < until, "no chunk came in ten seconds");
        std::thread::sleep(Duration::from_millis(5));
    }
    let report = passed(&recorder);
    assert!(matches!(report.shipped, Shipped::Shipped { .. }), "{report:?}");
}

/// Every third request fails in some way; the trace arrives all the same.
#[test]
fn failures_of_all_kinds_are_repeated() {
    let fault = |_: &Asked, kept: &Kept| match kept.asked.len() % 12 {
        3 => Some((500, vec![], json!({}))),
        6 => Some((429, vec![("retry-after", "0".to_owned())], json!({"code": "rate_limited"}))),
        9 => Some((0, vec![], Value::Null)),
        0 => Some((507, vec![], json!({"code": "storage_full"}))),
        _ => None,
    };
    let (server, root) = (Server::start(fault), tempfile::tempdir().unwrap());
    let report = record(&server, root.path(), patient(Duration::from_mins(1)));
    assert!(matches!(report.shipped, Shipped::Shipped { .. }), "{report:?}");
    check_arrived(&server.kept());
    nothing_left(root.path());
}

#[test]
fn a_server_that_is_down_costs_a_bounded_wait_and_the_next_process_ships() {
    let root = tempfile::tempdir().unwrap();
    let down = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let limits = Limits { idle_timeout: Duration::from_millis(300), ..Limits::default() };
    let options = RecorderOptions { limits, ..shipped_to(&down, root.path(), 1) };
    let recorder = Recorder::start(options).unwrap();
    recorder.append(log("kept"));
    let begun = Instant::now();
    let report = passed(&recorder);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    spooled(&report, "no progress");
    assert!(report.dir.join("end.json").exists());
}

#[test]
fn a_wrong_key_is_said_once_and_nothing_is_lost() {
    let fault = |asked: &Asked, _: &Kept| {
        let right = !asked.headers.contains_key("authorization");
        (!right)
            .then(|| (401, vec![], json!({"code": "unauthenticated", "message": "unknown key"})))
    };
    let (server, root) = (Server::start(fault), tempfile::tempdir().unwrap());
    let begun = Instant::now();
    let report = record(&server, root.path(), Limits::default());
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    spooled(&report, "unknown key");
    let kept = server.kept();
    let n_shipped = kept.asked.iter().filter(|asked| !asked.contains("/v1/vault")).count();
    assert_eq!(n_shipped, 1);
    drop(kept);
    recover_to(&server, root.path());
    check_arrived(&server.kept());
    nothing_left(root.path());
}

#[test]
fn a_refused_blob_keeps_the_trace_in_the_spool() {
    let fault = |asked: &Asked, _: &Kept| {
        let is_blob = asked.method == "PUT" && asked.path.contains("/blobs/");
        is_blob.then(|| (422, vec![], json!({"code": "digest_mismatch", "message": "other bytes"})))
    };
    let (server, root) = (Server::start(fault), tempfile::tempdir().unwrap());
    let report = record(&server, root.path(), patient(Duration::from_secs(20)));
    spooled(&report, "digest_mismatch");
    assert!(server.kept().finalized.is_none());
    server.heal();
    recover_to(&server, root.path());
    check_arrived(&server.kept());
    nothing_left(root.path());
}

#[test]
fn a_conflicting_chunk_is_not_forced() {
    let fault = |asked: &Asked, _: &Kept| {
        let is_first = asked.path.ends_with("/chunks/1");
        is_first.then(|| (409, vec![], json!({"code": "chunk_conflict", "message": "other bytes"})))
    };
    let (server, root) = (Server::start(fault), tempfile::tempdir().unwrap());
    let report = record(&server, root.path(), patient(Duration::from_secs(20)));
    spooled(&report, "chunk_conflict");
}

#[test]
fn a_shared_blob_survives_the_trace_that_was_shipped() {
    let (server, root) = (Server::healthy(), tempfile::tempdir().unwrap());
    let another = Server::healthy();
    let other = Recorder::start(shipped_to(&another.url, root.path(), 2)).unwrap();
    other.append(body("text/html", vec![b'x'; 10_000]));
    let blob =
        root.path().join(trace_core::blob::ObjectKey::blob(&BlobId::of(&[b'x'; 10_000])).as_str());
    let until = Instant::now() + Duration::from_secs(10);
    while !blob.exists() {
        assert!(Instant::now() < until, "the blob was never stored");
    }
    let report = record(&server, root.path(), patient(Duration::from_secs(20)));
    assert!(matches!(report.shipped, Shipped::Shipped { .. }), "{report:?}");
    assert!(blob.exists());
    passed(&other);
    nothing_left(root.path());
}
