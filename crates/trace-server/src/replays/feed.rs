//! Following a replay. Its worker is another process, so the log is looked at again and again.

use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event as SseEvent;
use serde_json::json;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::app::App;
use crate::error::AppError;
use crate::org::OrgScope;

/// Lines that wait for a slow watcher.
const AHEAD: usize = 64;
/// Lines per look into the log.
const BATCH: u32 = 500;

/// The feed of a replay behind its `after`th line; it ends when the replay has and everything has been told.
pub fn feed(app: &Arc<App>, org: &OrgScope, id: String, after: u64) -> Receiver<SseEvent> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let feeder = Feeder { app: Arc::clone(app), org: org.clone(), id, sender, after };
    tokio::spawn(feeder.run());
    receiver
}

struct Feeder {
    app: Arc<App>,
    org: OrgScope,
    id: String,
    sender: Sender<SseEvent>,
    after: u64,
}

impl Feeder {
    async fn run(mut self) {
        let hello = SseEvent::default().retry(Duration::from_secs(2));
        if self.sender.send(hello).await.is_err() {
            return;
        }
        let pause = Duration::from_millis(self.app.config.layer2.poll_ms);
        loop {
            match self.round().await {
                Ok(false) => {}
                Ok(true) => return,
                Err(error) => {
                    tracing::warn!(replay = self.id, ?error, "feed of a replay stopped");
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.sender.closed() => return,
                () = self.app.shutdown.cancelled() => return,
            }
        }
    }

    /// Tells everything new; true when there will be no more, or nobody listens.
    async fn round(&mut self) -> Result<bool, AppError> {
        // The row is read before the lines: whatever ended it has written its last line by then.
        let replay = super::find(&self.app, &self.org, &self.id).await?;
        loop {
            let (app, after) = (&self.app, self.after);
            let lines = app.catalog.replay_progress(&self.org, &self.id, after, BATCH).await?;
            let Some(last) = lines.last() else { break };
            self.after = last.n;
            for line in lines {
                let event = SseEvent::default().id(line.n.to_string()).event("progress");
                if self.sender.send(event.data(line.line.replace('\r', " "))).await.is_err() {
                    return Ok(true);
                }
            }
        }
        if !replay.state.is_final() {
            return Ok(false);
        }
        let end = json!({
            "state": replay.state,
            "code": replay.code,
            "message": replay.message,
            "child_trace_id": replay.child.map(|id| id.to_string()),
        });
        let event = SseEvent::default().event("end").data(end.to_string());
        // Who has left has no use for the end.
        drop(self.sender.send(event).await);
        Ok(true)
    }
}
