//! Why a queued replay waits, told as long as it does.

use crate::app::App;
use crate::catalog::{CatalogError, Replay, ReplayState};
use crate::org::OrgScope;

/// A worker is heard of every third of its lease; one that was silent for so long has gone.
const SILENCE_MS: i64 = 60_000;

/// What a caller is told while nobody has the replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// `NO_WORKER`, or none when one will come to it.
    pub code: Option<&'static str>,
    /// What, where, what to do.
    pub message: String,
}

/// None when the replay is not queued.
pub async fn waiting(
    app: &App,
    org: &OrgScope,
    replay: &Replay,
) -> Result<Option<Waiting>, CatalogError> {
    if replay.state != ReplayState::Queued {
        return Ok(None);
    }
    let workers = app.catalog.workers_since(app.clock.now_ms() - SILENCE_MS).await?;
    let suite = replay.new.request.suite.as_deref();
    let fits = workers
        .iter()
        .any(|worker| worker.offers.iter().any(|it| it.fits(org, &replay.new.project, suite)));
    if fits {
        let message = "queued: a worker for this suite takes it when it is free".to_owned();
        return Ok(Some(Waiting { code: None, message }));
    }
    let named = suite.map_or_else(
        || format!("traces of organisation `{org}` and project `{}`", replay.new.project),
        |suite| format!("suite `{suite}` of organisation `{org}`"),
    );
    let seconds = app.config.layer2.queue_seconds;
    let message = format!(
        "queued: no worker for {named} is there; start `trace-server worker --role layer2` with such a suite within {seconds} s"
    );
    Ok(Some(Waiting { code: Some("NO_WORKER"), message }))
}
