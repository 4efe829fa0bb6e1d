//! A disk that refuses: the recorder says so, the test goes on, and what was written stays whole.

use std::time::{Duration, Instant};

use trace_core::edge::{Recorder, Shipped, recover};

use crate::kit::{body, check_whole, lines, log, of_kind, options, passed};

/// Takes away the directory for the open chunk, which refuses writes whoever the user is.
#[test]
fn a_refused_line_is_told_when_the_disk_is_back() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    let live = recorder.dir().join("live");
    let away = recorder.dir().join("away");
    let until = Instant::now() + Duration::from_secs(10);
    recorder.append(log("before"));
    // The first chunk is cut after a second; its successor has to create its file.
    while !live.join("000001.zst").exists() {
        assert!(Instant::now() < until, "no chunk was cut");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::rename(&live, &away).unwrap();
    let begun = Instant::now();
    (0..100).for_each(|n| recorder.append(log(&format!("lost {n}"))));
    assert!(begun.elapsed() < Duration::from_millis(50), "the test's thread was held up");
    std::thread::sleep(Duration::from_millis(100));
    std::fs::rename(&away, &live).unwrap();
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    check_whole(&lines);
    let notice = of_kind(&lines, "capture.notice");
    assert_eq!((&notice[0]["code"], &notice[0]["count"]), (&"disk.refused".into(), &100.into()));
    assert_eq!(report.dropped, 100);
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
}

#[test]
fn a_trace_that_cannot_end_is_recovered_later() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    recorder.append(log("before"));
    let live = recorder.dir().join("live");
    let away = recorder.dir().join("away");
    let until = Instant::now() + Duration::from_secs(10);
    while !live.join("000001.zst").exists() {
        assert!(Instant::now() < until, "no chunk was cut");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::rename(&live, &away).unwrap();
    let report = passed(&recorder);
    assert!(matches!(report.shipped, Shipped::Spooled { .. }), "{report:?}");
    std::fs::rename(&away, &live).unwrap();
    drop(recorder);
    let recovered = recover(root.path(), None, |_| {});
    assert_eq!(recovered.traces.len(), 1, "{recovered:?}");
    check_whole(&lines(&report.dir));
}

/// A root that is a file is the fullest of all disks.
#[test]
fn a_root_that_cannot_be_made_is_an_error_with_its_path() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = Recorder::start(options(&file, 1)).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("file/traces"), "{cause}");
}

#[test]
fn a_refused_blob_costs_its_event_only() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    std::fs::write(root.path().join("blobs"), b"in the way").unwrap();
    recorder.append(log("before"));
    recorder.append(body("text/html", vec![b'x'; 10_000]));
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    check_whole(&lines);
    assert_eq!(of_kind(&lines, "console.log").len(), 1);
    assert_eq!(of_kind(&lines, "capture.notice")[0]["code"], "disk.refused");
    assert_eq!((report.dropped, report.blobs), (1, 0));
}
