//! The bounded queue between the test's thread and the writer thread.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::lot::{Lot, Parts};
use super::options::{ArtifactDraft, Draft, Finish};

/// What lies ready for the writer.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) drafts: Lot,
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
    /// Nobody wants the trace.
    Discard,
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
    /// Batches taken so far, and how many of them are written.
    taken: u64,
    written: u64,
    /// Whether somebody waits for the writing.
    awaited: bool,
}

impl Inner {
    /// Puts in what weighs so much, or drops and counts it; whether the writer has to be woken.
    fn admit(&mut self, weight: usize, limit_bytes: usize, put: impl FnOnce(&mut Lot)) -> bool {
        let bulky = weight > limit_bytes / 64;
        let limit = if bulky { limit_bytes / 4 * 3 } else { limit_bytes };
        let before = self.batch.bytes;
        if self.closed || before + weight > limit {
            self.batch.dropped += 1;
            return false;
        }
        self.batch.bytes += weight;
        put(&mut self.batch.drafts);
        let hurry = before < HURRY_BYTES && self.batch.bytes >= HURRY_BYTES;
        std::mem::take(&mut self.asleep) || hurry
    }
}

/// Appending takes a lock and a move; it wakes the writer only when that one sleeps for good.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    done: Condvar,
    limit_bytes: usize,
}

/// The writer is woken early when this much waits, so that a burst does not sit in memory.
const HURRY_BYTES: usize = 1 << 20;

impl Queue {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self { inner: Mutex::default(), wake: Condvar::new(), done: Condvar::new(), limit_bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic of another thread leaves the lists intact: every change below is a single push or swap.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a draft in, or drops and counts it: bulky ones from three quarters of the limit on, so that there is room left for
    /// the small ones that tell what happened.
    pub(super) fn push(&self, draft: Draft) {
        let weight = parts_of(&draft).weight();
        let mut inner = self.lock();
        let wakes = inner.admit(weight, self.limit_bytes, |lot| lot.take(draft));
        self.release(inner, wakes);
    }

    /// Takes in whatever `feed` has, under one lock: a caller with many drafts pays for one.
    pub(super) fn push_all(&self, feed: impl FnOnce(&mut dyn FnMut(Parts<'_>))) {
        let mut inner = self.lock();
        let mut wakes = false;
        feed(&mut |parts| {
            wakes |= inner.admit(parts.weight(), self.limit_bytes, |lot| lot.copy(parts));
        });
        self.release(inner, wakes);
    }

    fn release(&self, inner: MutexGuard<'_, Inner>, wakes: bool) {
        drop(inner);
        if wakes {
            self.wake.notify_one();
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
        inner.taken += 1;
        std::mem::swap(&mut inner.batch, batch);
    }

    /// Lets a batch gather for a moment, so that a busy test thread never pays for a wake-up.
    pub(super) fn linger(&self, moment: Duration) {
        let inner = self.lock();
        if inner.batch.closing.is_none() && inner.batch.bytes < HURRY_BYTES && !inner.awaited {
            drop(self.wake.wait_timeout(inner, moment));
        }
    }

    /// The writer is done with what it took.
    pub(super) fn wrote(&self) {
        let mut inner = self.lock();
        inner.written = inner.taken;
        if inner.awaited {
            self.done.notify_all();
        }
    }

    /// The writer is gone: nobody waits for it any more.
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.written = u64::MAX;
        self.done.notify_all();
    }

    /// Waits until everything that was pushed before is written, at most until `deadline`; whether it is.
    pub(super) fn await_written(&self, deadline: Instant) -> bool {
        let mut inner = self.lock();
        // What waits now goes with the next batch; what the writer has in hand went with the last one.
        let due = inner.taken + u64::from(!inner.batch.is_empty());
        while inner.written < due {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            (inner.awaited, inner.asleep) = (true, false);
            self.wake.notify_one();
            let waited = self.done.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        inner.awaited = false;
        true
    }
}

fn parts_of(draft: &Draft) -> Parts<'_> {
    let Draft { ts, kind, step_id, payload, contents } = draft;
    Parts { ts: *ts, kind, step_id: step_id.as_deref(), payload, contents }
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
        assert_eq!((batch.drafts.iter().count(), batch.dropped), (6, 2));
        assert_eq!(batch.drafts.iter().last().map(|last| last.payload.len()), Some(500));
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
        assert_eq!((batch.drafts.is_empty(), batch.dropped), (true, 1));
    }

    #[test]
    fn an_empty_queue_waits_no_longer_than_told() {
        let mut batch = Batch::default();
        Queue::new(1024).take(&mut batch, Some(Instant::now() + Duration::from_millis(5)));
        assert!(batch.is_empty());
    }
}
