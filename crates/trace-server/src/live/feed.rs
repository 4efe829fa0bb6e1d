//! One watcher's feed: everything from a seq on, first from the log, then as it grows.

use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event as SseEvent;
use serde_json::json;
use tokio::sync::mpsc::{self, Receiver, Sender};
use trace_core::TraceId;

use super::Watch;
use crate::app::App;
use crate::catalog::{Outcome, TraceRecord, TraceRef};
use crate::error::AppError;
use crate::org::OrgScope;
use crate::read::{Line, SliceRequest, slice};

/// Where a watcher begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    /// The first seq it wants.
    pub from_seq: u64,
}

/// Events that wait for a slow watcher; beyond them its feed pauses and later reads on from the log, so nothing is lost.
const AHEAD: usize = 256;
/// Lines per look into the log.
const BATCH: usize = 500;
/// How long after finalize the feed waits for the outcome before it ends without.
const OUTCOME_WAIT: Duration = Duration::from_secs(30);

/// The feed of a trace; it ends when the trace is finalized and everything has been told.
pub fn feed(app: &Arc<App>, org: &OrgScope, id: TraceId, resume: Resume) -> Receiver<SseEvent> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let watch = app.hub.watch(org, id);
    let feeder =
        Feeder { app: Arc::clone(app), org: org.clone(), id, watch, sender, next: resume.from_seq };
    tokio::spawn(feeder.run());
    receiver
}

struct Feeder {
    app: Arc<App>,
    org: OrgScope,
    id: TraceId,
    watch: Watch,
    sender: Sender<SseEvent>,
    next: u64,
}

/// The watcher has gone, or the process ends.
struct Gone;

impl Feeder {
    async fn run(mut self) {
        // The first words tell the client how soon to come back after a break.
        let hello = SseEvent::default().retry(Duration::from_secs(2));
        if self.sender.send(hello).await.is_err() {
            return;
        }
        loop {
            self.watch.catch_up();
            match self.round().await {
                Ok(Some(record)) => {
                    if self.wait_for_outcome(record).await.is_err() {
                        tracing::debug!(trace = %self.id, "watcher left before the end");
                    }
                    return;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(trace = %self.id, ?error, "live feed stopped");
                    return;
                }
            }
            if self.pause().await.is_err() {
                return;
            }
        }
    }

    /// Tells everything that is in the log; the record when there will be no more.
    async fn round(&mut self) -> Result<Option<TraceRecord>, AppError> {
        loop {
            let Some(record) = self.record().await? else { return Ok(None) };
            let request = SliceRequest { from_seq: self.next, limit: BATCH, ..SliceRequest::all() };
            let page = slice(&self.app, &self.org, self.id, request).await?;
            let told = page.lines.len();
            for line in page.lines {
                self.next = line.seq + 1;
                if self.sender.send(event(&line)).await.is_err() {
                    return Ok(None);
                }
            }
            if told == 0 && page.next_seq.is_none() {
                return Ok(record.finalized_ms.map(|_| record));
            }
        }
    }

    async fn record(&self) -> Result<Option<TraceRecord>, AppError> {
        Ok(self.app.catalog.find_trace(&self.org, &TraceRef::Id(self.id)).await?)
    }

    /// Waits for news; an error when nobody is listening any more.
    async fn pause(&mut self) -> Result<(), Gone> {
        tokio::select! {
            () = self.watch.woken() => Ok(()),
            () = self.sender.closed() => Err(Gone),
            () = self.app.shutdown.cancelled() => Err(Gone),
        }
    }

    /// `finalized` at once, `end` as soon as postprocessing knows the outcome.
    async fn wait_for_outcome(&mut self, record: TraceRecord) -> Result<(), Gone> {
        let outcome = record.outcome.map(Outcome::as_str);
        self.say("finalized", &json!({"status": outcome, "last_seq": self.next - 1})).await?;
        let deadline = tokio::time::sleep(OUTCOME_WAIT);
        tokio::pin!(deadline);
        let mut record = Some(record);
        while record.as_ref().is_some_and(|record| record.finished_ms.is_none()) {
            tokio::select! {
                paused = self.pause() => paused?,
                () = &mut deadline => break,
            }
            self.watch.catch_up();
            record = self.record().await.map_err(|_| Gone)?;
        }
        let record = record.as_ref();
        let end = json!({
            "status": record.map(|record| record.status.as_str()),
            "failure_signature": record.and_then(|record| record.failure_signature.clone()),
        });
        self.say("end", &end).await
    }

    async fn say(&self, name: &str, data: &serde_json::Value) -> Result<(), Gone> {
        let event = SseEvent::default().event(name).data(data.to_string());
        self.sender.send(event).await.map_err(|_| Gone)
    }
}

/// `event:` is the kind, `id:` the seq, `data:` the line. A kind that could break the frame of SSE loses its name there, not in
/// the data; so does a line's white space.
fn event(line: &Line) -> SseEvent {
    let name = line.kind.as_str();
    let named = SseEvent::default().id(line.seq.to_string());
    let named =
        if name.contains(char::is_control) { named.event("message") } else { named.event(name) };
    named.data(line.text.replace('\r', " "))
}
