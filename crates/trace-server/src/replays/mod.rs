//! Replays as callers see them: asked for, watched, cancelled. Who carries them out is [`crate::layer2`], in a process of its own.

mod check;
mod feed;
mod request;
mod waiting;

pub use feed::feed;
pub use request::request;
pub use waiting::{Waiting, waiting};

use crate::app::App;
use crate::catalog::{Cancelled, Patience, Replay};
use crate::error::AppError;
use crate::org::OrgScope;

/// The replay of that id in this organisation; the same 404 for a missing and a foreign one.
pub async fn find(app: &App, org: &OrgScope, id: &str) -> Result<Replay, AppError> {
    app.catalog.replay(org, id).await?.ok_or_else(AppError::not_found)
}

/// Ends a replay, or has its worker end it. To ask again changes nothing.
pub async fn cancel(app: &App, org: &OrgScope, id: &str) -> Result<Replay, AppError> {
    match app.catalog.cancel_replay(org, id, app.clock.now_ms()).await? {
        Cancelled::Missing => Err(AppError::not_found()),
        Cancelled::Over(state) if state != crate::catalog::ReplayState::Cancelled => {
            let message = format!("this replay is over: it `{state}`");
            Err(AppError::conflict("replay_over", message, "there is nothing left to cancel")
                .into())
        }
        Cancelled::Done | Cancelled::Asked | Cancelled::Over(_) => find(app, org, id).await,
    }
}

/// Settles replays whose worker vanished and those that no worker came for, so that none waits for ever.
pub async fn sweep(app: &App) -> Result<u64, AppError> {
    let layer2 = &app.config.layer2;
    let queue_ms = i64::try_from(layer2.queue_seconds.saturating_mul(1000))?;
    let patience = Patience { lost: layer2.max_lost, queue_ms };
    Ok(app.catalog.sweep_replays(patience, app.clock.now_ms()).await?)
}
