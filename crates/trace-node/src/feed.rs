//! A feed: what JavaScript appends, by ring or by call, becomes one ordered sequence of drafts for the core's recorder.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use trace_core::Timestamp;
use trace_core::edge::{Draft, DraftRef, Recorder};

use crate::ring::{Reader, Record, Ring};

/// Records taken per turn of the lock, so that a direct append never waits for more than about a millisecond.
const RECORDS_PER_TURN: usize = 512;

/// How long a process that ends without `finish` waits for its last events; a disk that hangs must not keep it.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The one way into a recorder.
///
/// **Invariant:** whoever appends holds the reader's lock and has emptied the ring before, so the order of the calls in
/// JavaScript is the order of `seq`.
pub(crate) struct Feed {
    pub(crate) recorder: Recorder,
    ring: Arc<Ring>,
    reader: Mutex<Reader>,
}

impl Feed {
    pub(crate) fn new(recorder: Recorder) -> Arc<Self> {
        let ring = Ring::new();
        let reader = Mutex::new(Reader::new(Arc::clone(&ring)));
        Arc::new(Self { recorder, ring, reader })
    }

    pub(crate) fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring)
    }

    /// Takes one turn's records out of the ring; how many there were.
    pub(crate) fn turn(&self) -> usize {
        self.drain(&mut self.lock())
    }

    /// Empties the ring, then appends `draft` behind it.
    pub(crate) fn append(&self, draft: Draft) {
        let mut reader = self.lock();
        while self.drain(&mut reader) > 0 {}
        self.recorder.append(draft);
    }

    /// Empties the ring.
    pub(crate) fn settle(&self) {
        let mut reader = self.lock();
        while self.drain(&mut reader) > 0 {}
    }

    /// Empties the ring and waits, for a moment at most, until all of it is in the trace's file.
    pub(crate) fn flush(&self) {
        self.settle();
        self.recorder.flush(FLUSH_TIMEOUT);
    }

    fn drain(&self, reader: &mut Reader) -> usize {
        let mut n_records = 0;
        self.recorder.append_all(|take| {
            n_records = reader.drain(RECORDS_PER_TURN, |record| take(draft_of(&record)));
        });
        n_records
    }

    fn lock(&self) -> MutexGuard<'_, Reader> {
        // A reader is consistent between any two of its statements, so a panic elsewhere does not spoil it.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn draft_of<'a>(record: &Record<'a>) -> DraftRef<'a> {
    let Record { ts_ms, kind, step, payload } = *record;
    DraftRef { ts: axis(ts_ms), kind, step_id: step, payload }
}

/// A time before the start, or none at all, is the start: an event is worth more than its stamp.
pub(crate) fn axis(ts_ms: f64) -> Timestamp {
    Timestamp::from_ms(ts_ms).unwrap_or(Timestamp::ZERO)
}
