//! The bounded queue between the test's thread and the writer thread.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::options::{ArtifactDraft, Draft, Finish};

/// What lies ready for the writer.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) drafts: Vec<Draft>,
    pub(super) artifacts: Vec<ArtifactDraft>,
    pub(super) dropped: u64,
    pub(super) closing: Option<Closing>,
    bytes: usize,
}

/// How the queue ends.
#[derive(Debug)]
pub(super) enum Closing {
    /// With a `run.end`.
    Finish(Finish),
    /// The recorder was let go without a word.
    Abandon,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.drafts.is_empty()
            && self.artifacts.is_empty()
            && self.dropped == 0
            && self.closing.is_none()
    }

    /// Keeps the memory for the next round.
    pub(super) fn clear(&mut self) {
        self.drafts.clear();
        self.artifacts.clear();
        self.dropped = 0;
        self.bytes = 0;
    }
}

#[derive(Debug, Default)]
struct Inner {
    batch: Batch,
    asleep: bool,
    closed: bool,
}

/// Appending takes a lock and a move; it wakes the writer only when that one sleeps for good.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    limit_bytes: usize,
}

/// The writer is woken early when this much waits, so that a burst does not sit in memory.
const HURRY_BYTES: usize = 1 << 20;

impl Queue {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self { inner: Mutex::default(), wake: Condvar::new(), limit_bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic of another thread leaves the lists intact: every change below is a single push or swap.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a draft in, or drops and counts it: bulky ones from three quarters of the limit on, so that there is room left for
    /// the small ones that tell what happened.
    pub(super) fn push(&self, draft: Draft) {
        let bytes = size_of_draft(&draft);
        let bulky = bytes > self.limit_bytes / 64;
        let limit = if bulky { self.limit_bytes / 4 * 3 } else { self.limit_bytes };
        let mut inner = self.lock();
        if inner.closed || inner.batch.bytes + bytes > limit {
            inner.batch.dropped += 1;
        } else {
            let hurry = inner.batch.bytes < HURRY_BYTES && inner.batch.bytes + bytes >= HURRY_BYTES;
            inner.batch.bytes += bytes;
            inner.batch.drafts.push(draft);
            if inner.asleep || hurry {
                inner.asleep = false;
                drop(inner);
                self.wake.notify_one();
            }
        }
    }

    pub(super) fn push_artifact(&self, artifact: ArtifactDraft) {
        self.lock().batch.artifacts.push(artifact);
        self.wake.notify_one();
    }

    /// The first closing counts; whatever is pushed later is dropped.
    pub(super) fn close(&self, closing: Closing) {
        let mut inner = self.lock();
        if !inner.closed {
            inner.closed = true;
            inner.batch.closing = Some(closing);
            drop(inner);
            self.wake.notify_one();
        }
    }

    /// Swaps the waiting batch against an empty one; waits for something to happen, at most until `deadline`.
    pub(super) fn take(&self, batch: &mut Batch, deadline: Option<Instant>) {
        let mut inner = self.lock();
        while inner.batch.is_empty() {
            inner.asleep = true;
            let left = deadline
                .map_or(Duration::from_hours(1), |at| at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            let waited = self.wake.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        inner.asleep = false;
        std::mem::swap(&mut inner.batch, batch);
    }

    /// Lets a batch gather for a moment, so that a busy test thread never pays for a wake-up.
    pub(super) fn linger(&self, moment: Duration) {
        let inner = self.lock();
        if inner.batch.closing.is_none() && inner.batch.bytes < HURRY_BYTES {
            drop(self.wake.wait_timeout(inner, moment));
        }
    }
}

/// What a draft weighs in the queue: its bytes and about as much again as its own struct.
fn size_of_draft(draft: &Draft) -> usize {
    let contents = draft.contents.iter().map(|content| content.data.len() + 128);
    draft.payload.len() + draft.kind.len() + size_of::<Draft>() + contents.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(bytes: usize) -> Draft {
        Draft { payload: "x".repeat(bytes), ..Draft::default() }
    }

    #[test]
    fn drops_bulk_before_detail_and_counts_it() {
        let queue = Queue::new(64 * 1024);
        (0..7).for_each(|_| queue.push(draft(8 * 1024)));
        let mut batch = Batch::default();
        queue.push(draft(500));
        queue.take(&mut batch, None);
        assert_eq!((batch.drafts.len(), batch.dropped), (6, 2 - 1));
        assert_eq!(batch.drafts[5].payload.len(), 500);
    }

    #[test]
    fn closes_once_and_drops_what_comes_later() {
        let queue = Queue::new(1024);
        queue.close(Closing::Abandon);
        queue.close(Closing::Finish(Finish::default()));
        queue.push(draft(1));
        let mut batch = Batch::default();
        queue.take(&mut batch, None);
        assert!(matches!(batch.closing, Some(Closing::Abandon)));
        assert_eq!((batch.drafts.len(), batch.dropped), (0, 1));
    }

    #[test]
    fn an_empty_queue_waits_no_longer_than_told() {
        let mut batch = Batch::default();
        Queue::new(1024).take(&mut batch, Some(Instant::now() + Duration::from_millis(5)));
        assert!(batch.is_empty());
    }
}
