//! The writer thread of one recorder: drafts in, lines, blobs, chunks and artifacts out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::event::Payload;
use crate::ship::{Ended, Input};

use super::error::{FileError, explain};
use super::layout::{TraceDir, names};
use super::live::LiveTrace;
use super::lot::Parts;
use super::options::{Finish, Limits, Masks, ServerOptions, Shipped};
use super::owner::{Owner, RecorderFile};
use super::prepare::{Preparer, Unfit, parse};
use super::queue::{Batch, Closing, Queue};
use super::raw::Keeper;
use super::recorder::LEARN;
use super::stats::Stats;
use super::uploader::Shipment;
use super::{artifacts, blobs, files, finalize, recover, vault};

/// How long a batch gathers: a tenth of the 50 ms within which a line has to be out of this process.
const LINGER: Duration = Duration::from_millis(5);
/// How long the writer leaves a disk alone that refused a write.
const DISK_PAUSE: Duration = Duration::from_secs(1);

/// Owns everything of a trace that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    live: LiveTrace,
    preparer: Preparer,
    limits: Limits,
    masks: Masks,
    shipment: Option<Shipment>,
    /// Where the trace goes once it is known to be wanted.
    held: Option<ServerOptions>,
    keeper: Arc<Keeper>,
    /// Held as long as lines may come, so that nobody recovers the trace meanwhile.
    owner: Arc<Owner>,
    stats: Arc<Stats>,
    spooled_bytes: u64,
    spool_full: bool,
    /// Lines lost to a refusing disk and not told in the trace yet, and when to try again.
    lost: u64,
    retry_at: Option<Instant>,
}

impl Writer {
    pub(super) fn new(
        live: LiveTrace,
        preparer: Preparer,
        (limits, masks): (Limits, Masks),
        shipment: Option<Shipment>,
        held: Option<ServerOptions>,
        owner: Arc<Owner>,
        stats: Arc<Stats>,
    ) -> Self {
        let (spooled_bytes, spool_full, lost, retry_at) = (0, false, 0, None);
        let keeper = Arc::new(Keeper::new(&live.at));
        Self {
            live,
            preparer,
            limits,
            masks,
            shipment,
            held,
            keeper,
            owner,
            stats,
            spooled_bytes,
            spool_full,
            lost,
            retry_at,
        }
    }

    pub(super) fn at(&self) -> &TraceDir {
        &self.live.at
    }

    pub(super) fn keeper(&self) -> &Arc<Keeper> {
        &self.keeper
    }

    /// Runs until the queue is closed; answers where the trace is then.
    pub(super) fn run(mut self, queue: &Queue) -> Shipped {
        self.preparer.secrets.may_wait();
        let mut batch = Batch::default();
        loop {
            let deadline = self.deadline();
            queue.take(&mut batch, deadline);
            self.write(&mut batch);
            queue.wrote();
            match batch.closing.take() {
                Some(Closing::Finish(finish)) => return self.finish(finish),
                Some(Closing::Discard) => return self.discard(),
                Some(Closing::Abandon) => return self.abandon(),
                None => queue.linger(LINGER),
            }
        }
    }

    fn deadline(&mut self) -> Option<Instant> {
        let retry_at = self.retry_at;
        self.live.deadline().into_iter().chain(retry_at).min()
    }

    fn write(&mut self, batch: &mut Batch) {
        for draft in batch.drafts.iter() {
            self.event(&draft);
        }
        if batch.dropped > 0 {
            self.stats.drop_events(batch.dropped);
            let message = "the recorder's queue was full; the newest events were dropped";
            self.notice("queue.dropped", message, None, batch.dropped);
        }
        for artifact in std::mem::take(&mut batch.artifacts) {
            let secrets = &mut self.preparer.secrets;
            let kept = artifacts::keep(&self.live.at, &artifact, secrets, self.masks);
            self.tell_refusal();
            match kept {
                Ok((info, lacks)) => {
                    if let Some((message, count)) = lacks {
                        let name = Some(artifact.name.as_str());
                        self.notice("playwright_zip.left_out", &message, name, count);
                    }
                    self.tell(Input::ArtifactReady(info));
                }
                Err(error) => self.missing_artifact(artifact.name.as_str(), &error),
            }
        }
        batch.clear();
        if let Some(shipment) = &self.shipment {
            self.live.watch(shipment.is_watched());
        }
        self.tell_lost();
        let ticked = self.live.tick();
        self.check(ticked);
        self.tell_ready();
    }

    fn event(&mut self, draft: &Parts<'_>) {
        if draft.kind == LEARN {
            self.preparer.secrets.redactor.learn_typed(draft.payload);
            return;
        }
        if self.is_held_back() {
            return;
        }
        let prepared = self.preparer.prepare(draft, self.live.compressor());
        self.tell_refusal();
        match prepared {
            Ok(ready) => {
                if let Some(reason) = &ready.complaint {
                    self.notice("event.step_id", reason, Some(draft.kind), 1);
                }
                let fields = ready.payload.fields_text();
                let written = self.live.append(draft.ts, draft.kind, ready.step_id, fields);
                self.check(written);
            }
            Err(Unfit::Invalid(code, reason)) => {
                self.stats.drop_events(1);
                self.stats.problem(format!("`{}` event was not written: {reason}", draft.kind));
                self.notice(code, &reason, Some(draft.kind), 1);
            }
            Err(Unfit::Disk(error)) => self.refused(1, &error),
        }
    }

    /// Whether the disk is refusing or the spool is full; the event is counted then.
    fn is_held_back(&mut self) -> bool {
        let paused = self.retry_at.is_some_and(|at| Instant::now() < at);
        if paused {
            self.lost += 1;
            self.stats.drop_events(1);
            return true;
        }
        let freed = self.shipment.as_ref().map_or(0, Shipment::freed_bytes);
        let placed = self.preparer.blob_bytes + self.preparer.secrets.vault_bytes();
        let used = (self.spooled_bytes + placed).saturating_sub(freed);
        let full = used > self.limits.spool_bytes;
        if full {
            if !self.spool_full {
                let message = "the trace reached its limit on disk; later events are dropped";
                self.notice("spool.full", message, None, 1);
                self.stats
                    .problem(format!("{message} (`spool_bytes` is {})", self.limits.spool_bytes));
            }
            self.stats.drop_events(1);
        }
        self.spool_full = full;
        full
    }

    fn notice(&mut self, code: &str, message: &str, source: Option<&str>, count: u64) {
        let mut fields = json!({"code": code, "message": message, "count": count});
        if let Some(source) = source {
            fields["source"] = json!(source);
        }
        let redacted =
            self.preparer.secrets.apply("capture.notice", &fields.to_string()).into_owned();
        if let Ok(payload) = parse(redacted) {
            let (ts, fields) = (self.live.last_ts(), payload.fields_text());
            let written = self.live.append(ts, "capture.notice", None, fields);
            self.check(written);
        }
    }

    /// Tells which originals the vault did not take: a replay will miss them.
    fn tell_refusal(&mut self) {
        if let Some((count, why)) = self.preparer.secrets.take_refusal() {
            let message = format!("the originals of redacted values are not kept: {why}");
            self.stats.problem(message.clone());
            self.notice("vault.refused", &message, Some("vault"), count);
        }
    }

    /// Lists the vault, now that nothing more comes to it.
    fn list_vault(&mut self) {
        if let Err(error) = self.preparer.secrets.settle() {
            self.stats.problem(explain(&error));
        }
        match vault::list(&self.live.at) {
            Ok(info) => info.into_iter().for_each(|info| self.tell(Input::ArtifactReady(info))),
            Err(error) => self.stats.problem(explain(&error)),
        }
    }

    /// Tells what a refusing disk swallowed as soon as it takes lines again.
    fn tell_lost(&mut self) {
        let due = self.retry_at.is_none_or(|at| Instant::now() >= at);
        let lost = self.lost;
        if lost > 0 && due {
            self.retry_at = None;
            self.lost = 0;
            let message = "the disk refused to take these events";
            self.notice("disk.refused", message, None, lost);
            let flushed = self.live.flush();
            // The notice itself is not one of the lost events.
            if let Err((taken_back, error)) = flushed {
                self.refused(0, &error);
                self.lost = lost + (taken_back as u64).saturating_sub(1);
            }
        }
    }

    fn check(&mut self, result: Result<(), (usize, FileError)>) {
        if let Err((taken_back, error)) = result {
            self.refused(taken_back as u64, &error);
        }
        let tally = self.live.tally();
        self.stats.events.store(tally.last_seq, Ordering::Relaxed);
        self.stats.bytes.store(tally.bytes, Ordering::Relaxed);
        self.stats.blobs.store(self.preparer.blobs.len(), Ordering::Relaxed);
    }

    fn refused(&mut self, lines: u64, error: &FileError) {
        self.lost += lines;
        self.stats.drop_events(lines);
        self.stats.problem(explain(error));
        self.retry_at = Some(Instant::now() + DISK_PAUSE);
    }

    fn missing_artifact(&mut self, name: &str, error: &FileError) {
        let message = explain(error);
        self.notice("artifact.missing", &message, Some(name), 1);
        self.stats.problem(format!("artifact `{name}` is missing: {message}"));
    }

    /// Blobs before the chunks that refer to them.
    fn tell_ready(&mut self) {
        for blob in std::mem::take(&mut self.preparer.new_blobs) {
            self.tell(Input::BlobReady(blob));
        }
        for chunk in std::mem::take(&mut self.live.cut) {
            self.spooled_bytes += chunk.bytes_len;
            self.tell(Input::ChunkReady(chunk));
        }
    }

    fn tell(&self, input: Input) {
        if let Some(shipment) = &self.shipment {
            shipment.tell(input);
        }
    }

    /// Nothing of the trace stays. A shipment that had begun ends here; the server ends such a trace by itself.
    fn discard(self) -> Shipped {
        self.keeper.stop();
        drop(self.shipment);
        match blobs::remove_trace(&self.live.at) {
            Ok(()) => Shipped::Discarded,
            Err(error) => {
                self.stats.problem(explain(&error));
                Shipped::Unfinished { reason: explain(&error) }
            }
        }
    }

    fn abandon(mut self) -> Shipped {
        self.keeper.stop();
        let closed = self.live.close();
        self.check(closed);
        self.tell_ready();
        Shipped::Unfinished { reason: "the recorder was dropped before it finished".to_owned() }
    }

    fn finish(mut self, finish: Finish) -> Shipped {
        let until = Instant::now() + self.limits.finish_timeout;
        self.keeper.stop();
        // Gives a full disk room for the notice and the end; that it could not be removed leaves what a full disk leaves.
        drop(files::remove_if_any(&self.at().own(names::RESERVE)));
        // The last chance to tell: a disk that has room again takes the rest, one that has not costs one more refused write.
        self.retry_at = None;
        self.tell_lost();
        let unlearnt = self.preparer.secrets.redactor.unlearnt();
        if unlearnt > 0 {
            let message = "more secrets than a trace remembers; later ones are only known by their place and shape";
            self.notice("redaction.full", message, None, unlearnt);
        }
        let Finish { ts, status, payload } = finish;
        let payload = self.run_end(&status, payload);
        let ended = self
            .live
            .append(ts, "run.end", None, payload.fields_text())
            .and_then(|()| self.live.close());
        let is_whole = ended.is_ok();
        self.check(ended);
        self.tell_ready();
        if !is_whole {
            let reason =
                "its end could not be written; it is recovered when there is room".to_owned();
            return Shipped::Spooled { reason };
        }
        self.list_vault();
        let tally = self.live.tally();
        let end = Ended { status, chunks: tally.chunks, last_seq: tally.last_seq };
        match finalize::note_end(&self.live.at, &end) {
            Ok(()) => self.bring_home(end, until),
            Err(error) => Shipped::Spooled { reason: explain(&error) },
        }
    }

    /// `run.end` with its status and the counts of all kinds, itself included.
    fn run_end(&mut self, status: &str, payload: String) -> Payload {
        let redacted = parse(payload)
            .map(|payload| self.preparer.secrets.apply("run.end", payload.as_str()).into_owned());
        let given = if let Ok(payload) = redacted.and_then(parse) {
            payload.fields()
        } else {
            self.notice("event.invalid", "the payload of `run.end` is no object", None, 1);
            serde_json::Map::new()
        };
        finalize::run_end(status, given, self.live.counts())
    }

    fn bring_home(mut self, end: Ended, until: Instant) -> Shipped {
        let idle = self.limits.idle_timeout;
        if let Some(server) = self.held {
            return match recover::ship(&self.live.at, end, server, self.owner) {
                Ok(shipment) => shipment.wait(idle, until),
                Err(error) => Shipped::Spooled { reason: explain(&error) },
            };
        }
        match self.shipment {
            Some(shipment) => {
                shipment.tell(Input::Ended(end));
                shipment.wait(idle, until)
            }
            None if RecorderFile::read(&self.live.at.dir).is_some_and(|f| f.server.is_some()) => {
                Shipped::Spooled { reason: "live shipping could not be started".to_owned() }
            }
            None => match finalize::locally(&self.live.at, self.live.story.take()) {
                Ok(()) => Shipped::Local,
                Err(error) => {
                    self.stats.problem(explain(&error));
                    Shipped::Spooled { reason: explain(&error) }
                }
            },
        }
    }
}
