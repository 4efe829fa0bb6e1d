//! A trace opens in every state it can be in.

use std::path::Path;
use std::time::{Duration, Instant};

use trace_core::edge::{Recorder, open_trace};

use crate::kit::{log, options, passed};

fn count(path: &Path) -> usize {
    let decoded = open_trace(path).unwrap().read_all();
    assert_eq!(decoded.diagnostics, []);
    decoded.events.len()
}

#[test]
fn live_finished_and_plain() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    (0..5000).for_each(|n| recorder.append(log(&"long ".repeat(n % 40))));
    let until = Instant::now() + Duration::from_secs(10);
    while count(recorder.dir()) < 5001 {
        assert!(Instant::now() < until, "the lines never reached the directory");
    }
    let report = passed(&recorder);
    assert_eq!(count(&report.dir), 5002);
    let file = report.dir.join("trace.ndjson.zst");
    assert_eq!(count(&file), 5002);
    assert_eq!(open_trace(&file).unwrap().verify(), []);
    let plain = root.path().join("plain.ndjson");
    let raw =
        trace_core::chunk::frame::decode_all(&std::fs::read(&file).unwrap(), 1 << 30).unwrap();
    std::fs::write(&plain, raw).unwrap();
    assert_eq!(count(&plain), 5002);
}

#[test]
fn what_is_no_trace_says_so() {
    let root = tempfile::tempdir().unwrap();
    let error = open_trace(root.path()).unwrap_err().to_string();
    assert!(error.contains("holds neither"), "{error}");
    assert!(open_trace(&root.path().join("none.ndjson")).is_err());
}
