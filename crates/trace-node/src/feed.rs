//! A feed: what JavaScript appends, by ring or by call, becomes one ordered sequence of drafts for the core's recorder.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trace_core::Timestamp;
use trace_core::edge::{Draft, Recorder};

use crate::ring::{Reader, Record, Ring};

/// Records taken per turn of the lock, so that a direct append never waits for more than about a millisecond.
const RECORDS_PER_TURN: usize = 512;

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

    fn drain(&self, reader: &mut Reader) -> usize {
        reader.drain(RECORDS_PER_TURN, |record| self.recorder.append(draft_of(record)))
    }

    fn lock(&self) -> MutexGuard<'_, Reader> {
        // A reader is consistent between any two of its statements, so a panic elsewhere does not spoil it.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn draft_of(record: Record<'_>) -> Draft {
    Draft {
        ts: axis(record.ts_ms),
        kind: record.kind.to_owned(),
        step_id: record.step.map(str::to_owned),
        payload: record.payload,
        contents: Vec::new(),
    }
}

/// A time before the start, or none at all, is the start: an event is worth more than its stamp.
pub(crate) fn axis(ts_ms: f64) -> Timestamp {
    Timestamp::from_ms(ts_ms).unwrap_or(Timestamp::ZERO)
}
