//! What recording costs the thread that runs the test.

use std::time::{Duration, Instant};

use trace_core::edge::{Limits, Recorder, RecorderOptions};

use crate::kit::{log, options, passed};

/// The bound is ten times the target, because the machines of others are slower and busier; a lock held while writing, a
/// wake-up for each event or a copy of the payload would still break it.
#[test]
fn appending_costs_next_to_nothing() {
    const N: u32 = 5_000;
    let root = tempfile::tempdir().unwrap();
    // Room for everything, so that no append is cheap because it was dropped.
    let limits = Limits { queue_bytes: 1 << 30, ..Limits::default() };
    let recorder = Recorder::start(RecorderOptions { limits, ..options(root.path(), 1) }).unwrap();
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let drafts: Vec<_> = (0..N).map(|_| log(&"x".repeat(170))).collect();
        let begun = Instant::now();
        for draft in drafts {
            recorder.append(draft);
        }
        best = best.min(begun.elapsed() / N);
    }
    println!("append of a 200-byte payload: {best:?}");
    assert!(best < Duration::from_nanos(1500), "{best:?}");
    assert_eq!(passed(&recorder).dropped, 0);
}
