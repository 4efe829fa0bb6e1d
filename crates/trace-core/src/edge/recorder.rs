//! The recorder as the test's thread sees it: it appends and goes on.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::blob::ArtifactName;
use crate::event::TraceId;

use super::error::RecorderError;
use super::layout::TraceDir;
use super::lot::Parts;
use super::options::{
    ArtifactDraft, Draft, DraftRef, Finish, FinishReport, Limits, RecorderOptions, Shipped,
};
use super::queue::{Closing, Queue};
use super::raw::{Follow, Keeper};
use super::start;
use super::stats::Stats;

/// Records one trace.
///
/// - [`append`](Self::append) never waits, never fails and touches no file; a thread of the recorder's own writes.
/// - What was appended is in the hands of the operating system within 50 ms and survives the death of the process.
/// - A recorder that is dropped without [`finish`](Self::finish) leaves its trace to [`recover`](super::recover()).
///
/// Each recorder has a thread of its own rather than one for the process: closing a large trace must not hold up the lines
/// of the next test, and a thread that sleeps costs nothing.
#[derive(Debug)]
pub struct Recorder {
    queue: Arc<Queue>,
    stats: Arc<Stats>,
    keeper: Arc<Keeper>,
    at: TraceDir,
    trace_id: TraceId,
    limits: Limits,
    outcome: Mutex<Outcome>,
}

#[derive(Debug)]
enum Outcome {
    Awaited(Receiver<Shipped>),
    Told(FinishReport),
}

/// Kind of a draft that teaches the redaction and is no event; no producer's kind begins like this.
pub(super) const LEARN: &str = "\0learn";

/// What the handle waits beyond the writer's own bounds before it stops waiting for the thread itself.
const GRACE: Duration = Duration::from_secs(2);

impl Recorder {
    /// Prepares the trace's directory, writes `run.start` and starts the writer thread.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the options hold the key, and nobody needs them afterwards"
    )]
    pub fn start(options: RecorderOptions) -> Result<Self, RecorderError> {
        let limits = options.limits;
        let trace_id = options.trace_id;
        let queue = Arc::new(Queue::new(limits.queue_bytes));
        let stats = Arc::new(Stats::default());
        let writer = start::writer(&options, Arc::clone(&stats))?;
        let at = writer.at().clone();
        let keeper = Arc::clone(writer.keeper());
        let (tell, told) = mpsc::sync_channel(1);
        let for_thread = Arc::clone(&queue);
        std::thread::Builder::new()
            .name("molar-recorder".to_owned())
            // Nobody waits for the answer after a timeout; the trace on disk is the record then.
            .spawn(move || {
                let shipped = writer.run(&for_thread);
                for_thread.end();
                drop(tell.send(shipped));
            })
            .map_err(|error| RecorderError::Thread("molar-recorder", error))?;
        let outcome = Mutex::new(Outcome::Awaited(told));
        Ok(Self { queue, stats, keeper, at, trace_id, limits, outcome })
    }

    /// Hands an event over. Beyond `limits.queue_bytes` it is dropped, counted and told by a `capture.notice`.
    pub fn append(&self, draft: Draft) {
        self.queue.push(draft);
    }

    /// Hands many small events over at once, in order: `feed` is given the function that takes each. The lock is taken once,
    /// and nothing is allocated for an event.
    pub fn append_all(&self, feed: impl FnOnce(&mut dyn FnMut(DraftRef<'_>))) {
        self.queue.push_all(|take| {
            feed(&mut |DraftRef { ts, kind, step_id, payload }| {
                take(Parts { ts, kind, step_id, payload, contents: &[] });
            });
        });
    }

    /// Makes a value that was typed into a secret field go from everything appended later. It is never written.
    pub fn learn(&self, value: String) {
        let kind = LEARN.to_owned();
        self.queue.push(Draft { kind, payload: value, ..Draft::default() });
    }

    /// Keeps a file beside the trace: moved when `takes`, copied otherwise. It happens on the writer thread, before `finish`
    /// returns.
    pub fn add_artifact(&self, name: ArtifactName, path: PathBuf, takes: bool) {
        self.queue.push_artifact(ArtifactDraft { name, path, takes });
    }

    /// Keeps a file of another program from now on, so that it outlives its deletion when this process is killed.
    pub fn follow(&self, follow: Follow) -> Result<(), RecorderError> {
        Ok(self.keeper.follow(follow)?)
    }

    /// Waits until everything appended before is in the hands of the operating system, at most for `timeout`; whether it is.
    ///
    /// For a process that ends in an orderly way without [`finish`](Self::finish), which would lose the last moments otherwise.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.queue.await_written(Instant::now() + timeout)
    }

    /// The trace's id.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The trace's directory.
    pub fn dir(&self) -> &std::path::Path {
        &self.at.dir
    }

    /// Ends the trace and waits, never longer than `limits.finish_timeout` and a moment. A second call returns the first report.
    pub fn finish(&self, finish: Finish) -> FinishReport {
        self.close(Closing::Finish(finish))
    }

    /// Removes the trace as if it had never been. One that was shipped live is only removed here, see
    /// [`hold`](RecorderOptions::hold).
    pub fn discard(&self) -> FinishReport {
        self.close(Closing::Discard)
    }

    fn close(&self, closing: Closing) -> FinishReport {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        if let Outcome::Awaited(told) = &*outcome {
            self.queue.close(closing);
            let shipped = match told.recv_timeout(self.limits.finish_timeout + GRACE) {
                Ok(shipped) => shipped,
                Err(error) => Shipped::Unfinished { reason: why_not_told(error).to_owned() },
            };
            *outcome = Outcome::Told(self.report(shipped));
        }
        match &*outcome {
            Outcome::Told(report) => report.clone(),
            Outcome::Awaited(_) => self.report(Shipped::Unfinished { reason: String::new() }),
        }
    }

    fn report(&self, shipped: Shipped) -> FinishReport {
        let mut problems = self.stats.problems();
        if let Shipped::Spooled { reason } | Shipped::Unfinished { reason } = &shipped {
            problems.push(format!(
                "trace `{}` stays in `{}`: {reason}",
                self.trace_id,
                self.at.dir.display()
            ));
        }
        FinishReport {
            trace_id: self.trace_id,
            short_id: self.trace_id.short(),
            dir: self.at.dir.clone(),
            events: Stats::get(&self.stats.events),
            bytes: Stats::get(&self.stats.bytes),
            blobs: Stats::get(&self.stats.blobs),
            dropped: Stats::get(&self.stats.dropped),
            shipped,
            problems,
        }
    }
}

fn why_not_told(error: RecvTimeoutError) -> &'static str {
    match error {
        RecvTimeoutError::Timeout => "the recorder did not finish in time",
        RecvTimeoutError::Disconnected => "the recorder's thread ended early",
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.queue.close(Closing::Abandon);
    }
}
