//! Looks for traces whose recorder has vanished, and for replays whose worker has.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::{ingest, replays};

/// Looks again and again until the process ends.
pub(super) async fn sweep(app: Arc<App>) {
    let pause = Duration::from_millis(app.config.jobs.sweep_ms);
    loop {
        if let Err(error) = ingest::sweep(&app).await {
            tracing::error!(?error, "sweep failed; it is tried again");
        }
        if let Err(error) = replays::sweep(&app).await {
            tracing::error!(?error, "sweep of replays failed; it is tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.shutdown.cancelled() => return,
        }
    }
}
