//! What a recorder has done so far, readable from the test's thread while the writer works.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counters and problems of one recorder.
#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) events: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) blobs: AtomicU64,
    pub(super) dropped: AtomicU64,
    problems: Mutex<Vec<String>>,
}

/// More different problems than this tell nothing new.
const MAX_PROBLEMS: usize = 50;

impl Stats {
    /// Remembers a problem once.
    pub(super) fn problem(&self, text: impl Into<String>) {
        let text = text.into();
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        if problems.len() < MAX_PROBLEMS && !problems.contains(&text) {
            problems.push(text);
        }
    }

    pub(super) fn problems(&self) -> Vec<String> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn drop_events(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}
