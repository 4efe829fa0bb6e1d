//! The local store keeps within its bound.

use std::path::{Path, PathBuf};

use trace_core::edge::{Finish, Recorder, prune};

use crate::kit::{body, files, options, passed, shipped_to};

const BLOB: usize = 40_000;

/// Bytes that do not compress, the same for the same number.
fn noise(n: u8) -> Vec<u8> {
    let mut state = u64::from(n) + 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..BLOB).map(|_| next()).collect()
}

fn record(root: &Path, n: u8, status: &str, blobs: &[u8]) {
    let recorder = Recorder::start(options(root, n)).unwrap();
    blobs.iter().for_each(|blob| recorder.append(body("image/png", noise(*blob))));
    recorder.finish(Finish { status: status.to_owned(), ..Finish::default() });
}

fn stored(root: &Path) -> Vec<PathBuf> {
    ["traces", "blobs"].iter().flat_map(|dir| files(&root.join(dir))).collect()
}

fn bytes(root: &Path) -> u64 {
    stored(root).iter().map(|file| std::fs::metadata(file).unwrap().len()).sum()
}

#[test]
fn the_oldest_that_passed_go_first_and_shared_blobs_stay() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    record(root, 1, "failed", &[1]);
    record(root, 2, "passed", &[1, 2]);
    record(root, 3, "passed", &[1, 3]);
    let stray = root.join("blobs/sha256/00");
    std::fs::create_dir_all(&stray).unwrap();
    std::fs::write(stray.join("abc.99.0.tmp"), "half").unwrap();
    let whole = bytes(root) - 4;
    let report = prune(root, None);
    assert_eq!((report.traces.len(), report.halves, report.kept_bytes), (0, 1, whole));
    let report = prune(root, Some(whole - 1));
    assert_eq!((report.problems, report.traces.len()), (vec![], 1));
    assert_eq!((report.traces[0].status.as_str(), report.unfinished), ("passed", 0));
    assert!(report.traces[0].dir.to_string_lossy().contains("02020202"), "{:?}", report.traces);
    assert_eq!((report.kept_bytes, report.freed_bytes), (bytes(root), whole - bytes(root)));
    assert!(report.freed_bytes > BLOB as u64, "its own blob went too");
    let report = prune(root, Some(0));
    let statuses: Vec<_> = report.traces.iter().map(|trace| trace.status.as_str()).collect();
    assert_eq!((statuses, report.kept_bytes), (vec!["passed", "failed"], 0));
    assert!(files(&root.join("blobs")).is_empty());
}

#[test]
fn what_waits_for_a_server_or_is_being_written_stays() {
    let root = tempfile::tempdir().unwrap();
    let limits = trace_core::edge::Limits {
        idle_timeout: std::time::Duration::from_millis(1),
        ..trace_core::edge::Limits::default()
    };
    let waiting = trace_core::edge::RecorderOptions {
        limits,
        ..shipped_to("http://127.0.0.1:9", root.path(), 1)
    };
    let waiting = Recorder::start(waiting).unwrap();
    waiting.append(body("image/png", noise(1)));
    passed(&waiting);
    let living = Recorder::start(options(root.path(), 2)).unwrap();
    living.append(body("image/png", noise(2)));
    assert!(living.flush(std::time::Duration::from_mins(1)));
    let report = prune(root.path(), Some(0));
    assert_eq!((report.traces.len(), report.unfinished), (0, 2), "{report:?}");
    assert_eq!(files(&root.path().join("blobs")).len(), 2);
}
