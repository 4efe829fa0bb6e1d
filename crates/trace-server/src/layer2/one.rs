//! One replay, from its claim to its end.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use replay_runner::{Outcome, State};
use serde_json::{Value, json};

use super::command::{self, Places};
use super::hide::Hidden;
use super::lend::{self, Lent};
use super::process::{Running, Told};
use super::{Worker, take};
use crate::app::App;
use crate::catalog::{CatalogError, ClaimedReplay, ReplayEnd, ReplayState, Tier, TraceRef};
use crate::config::SuiteConfig;
use crate::error::AppError;
use crate::org::OrgScope;
use crate::vault;

/// Between two looks whether somebody asked the replay to end.
const BEAT: Duration = Duration::from_millis(500);
/// A longer line of progress is cut down to its state and code.
const MAX_LINE: usize = 64 << 10;

/// Why a replay is stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// A caller wants it.
    Cancelled,
    /// This process ends.
    Shutdown,
    /// Another attempt has it.
    Lost,
}

/// Carries a claimed replay out and writes down how it ended.
pub(super) async fn carry_out(worker: &Worker, claimed: &ClaimedReplay) {
    let id = &claimed.replay.new.id;
    tracing::info!(replay = id, attempt = claimed.replay.attempt, "replay begins");
    let end = match attempt(worker, claimed).await {
        Ok(Some(end)) => end,
        Ok(None) => {
            tracing::warn!(replay = id, "another worker has this replay now");
            return;
        }
        Err(error) => {
            let why = text(error);
            tracing::error!(replay = id, error = why, "replay failed in the worker");
            blocked("WORKER_FAILED", format!("the worker could not carry it out: {why}"))
        }
    };
    tracing::info!(replay = id, state = %end.state, code = end.code, "replay ended");
    let app = &worker.app;
    for _ in 0..5 {
        match app.catalog.end_replay(claimed, &end, app.clock.now_ms()).await {
            Ok(_) => return,
            // The lease would run out and the replay begin anew; a busy database is worth some patience.
            Err(error) => tracing::warn!(replay = id, %error, "its end is not written yet"),
        }
        tokio::time::sleep(BEAT).await;
    }
}

fn text(error: AppError) -> String {
    match error {
        AppError::Failed(error) => format!("{error:#}"),
        AppError::Refused(refusal) => format!("{refusal:?}"),
    }
}

fn blocked(code: &str, message: String) -> ReplayEnd {
    end_of(ReplayState::Blocked, Some(code), Some(message))
}

fn end_of(state: ReplayState, code: Option<&str>, message: Option<String>) -> ReplayEnd {
    let code = code.map(str::to_owned);
    ReplayEnd { state, code, message, child: None, certificate: None, timings: None }
}

/// None when another attempt has it.
async fn attempt(worker: &Worker, claimed: &ClaimedReplay) -> Result<Option<ReplayEnd>, AppError> {
    let (app, new) = (&worker.app, &claimed.replay.new);
    let suite = match choose(worker, claimed) {
        Ok(suite) => suite,
        Err(end) => return Ok(Some(*end)),
    };
    let found = app.catalog.find_trace(&claimed.org, &TraceRef::Id(new.trace)).await?;
    let Some(record) = found else {
        return Ok(Some(blocked("TRACE_GONE", "the source trace is no longer here".to_owned())));
    };
    if record.tier == Tier::Cold {
        let message = "the source trace has gone to the cold tier meanwhile; restore it first";
        return Ok(Some(blocked("COLD_TIER", message.to_owned())));
    }
    let place = worker.scratch.place(&new.id, claimed.replay.attempt)?;
    let out = place.path().join("out");
    std::fs::create_dir(&out)?;
    let Lent { trace, vault_key } = lend::lend(app, &claimed.org, &record, place.path()).await?;
    let patches = command::write_patches(&new.request.edits, place.path())?;
    let with_vault = keep_vault(app, &claimed.org, &out)?;
    let places = Places {
        trace: &trace,
        patches: &patches,
        out: &out,
        home: worker.scratch.runner_home(),
        vault_key: suite.vault_key.as_deref().or(vault_key.as_deref()),
    };
    let command = command::command(&app.config.layer2, suite, &new.request, &places)?;
    let running = Running::start(command, &Hidden::of(suite))?;
    let (stop, outcome, told) = follow(worker, claimed, running).await?;
    if stop == Some(Stop::Lost) {
        return Ok(None);
    }
    let Some(outcome) = outcome else {
        return Ok(Some(without_outcome(stop, &told)));
    };
    Ok(Some(ended(worker, claimed, stop, outcome, (place.path(), with_vault)).await))
}

/// Has the child's recorder encrypt to the organisation, so that its vault can be kept: the key that it would make goes with the folder.
fn keep_vault(app: &App, org: &OrgScope, out: &Path) -> Result<bool, AppError> {
    let Some(recipient) = vault::recipient(app, org) else { return Ok(false) };
    std::fs::write(out.join("vault.pub"), format!("{recipient}\n"))?;
    Ok(true)
}

/// The one suite that fits.
fn choose<'a>(
    worker: &'a Worker,
    claimed: &'a ClaimedReplay,
) -> Result<&'a SuiteConfig, Box<ReplayEnd>> {
    let new = &claimed.replay.new;
    let fitting = worker.fitting(&claimed.org, &new.project, new.request.suite.as_deref());
    let fitting: Vec<&SuiteConfig> = fitting.collect();
    match fitting.as_slice() {
        [suite] => Ok(suite),
        several => {
            let names: Vec<&str> = several.iter().map(|suite| suite.name.as_str()).collect();
            let names = names.join("`, `");
            let message = format!(
                "several suites of the worker fit this trace (`{names}`); name one in `suite`"
            );
            Err(Box::new(blocked("NO_SUITE", message)))
        }
    }
}

/// Follows the runner to its end: its lines go into the catalog, the lease is held, and whoever wants it to stop is heard.
async fn follow(
    worker: &Worker,
    claimed: &ClaimedReplay,
    mut running: Running,
) -> Result<(Option<Stop>, Option<Outcome>, String), AppError> {
    let (mut stop, mut outcome) = (None, None);
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let deadline = tokio::time::sleep(Duration::MAX);
    tokio::pin!(deadline);
    loop {
        let wanted = tokio::select! {
            told = running.lines.recv() => match told {
                None => break,
                Some(Told::Outcome(end)) => { outcome = Some(*end); None }
                Some(Told::Progress(line)) => progress(worker, claimed, line).await,
            },
            _ = beats.tick() => beat(worker, claimed).await,
            () = worker.app.shutdown.cancelled(), if stop.is_none() => Some(Stop::Shutdown),
            () = &mut deadline => break,
        };
        if let Some(why) = wanted.filter(|_| stop.is_none()) {
            stop = Some(why);
            running.ask_to_end();
            deadline.as_mut().reset(tokio::time::Instant::now() + Duration::from_mins(1));
        }
    }
    let told = running.end(stop.is_some()).await;
    Ok((stop, outcome, told))
}

/// Keeps the lease; tells when the replay shall stop.
async fn beat(worker: &Worker, claimed: &ClaimedReplay) -> Option<Stop> {
    let app = &worker.app;
    let lease = app.config.layer2.lease_ms;
    match app.catalog.renew_replay(claimed, app.clock.now_ms(), lease).await {
        Ok(Some(false)) => None,
        Ok(Some(true)) => Some(Stop::Cancelled),
        Ok(None) => Some(Stop::Lost),
        Err(error) => {
            tracing::warn!(%error, "lease of a replay not renewed");
            None
        }
    }
}

/// Writes a line down. The worker's last word is no state yet: the runner's outcome is.
async fn progress(worker: &Worker, claimed: &ClaimedReplay, line: Value) -> Option<Stop> {
    let state: Option<ReplayState> = line["state"].as_str().and_then(|word| word.parse().ok());
    let mut text = line.to_string();
    if text.len() > MAX_LINE {
        let cut = json!({"at_ms": line["at_ms"], "state": line["state"], "code": line["code"],
            "message": "this line was too long to keep"});
        text = cut.to_string();
    }
    let told: Result<bool, CatalogError> =
        worker.app.catalog.tell_replay(claimed, state, &text).await;
    match told {
        Ok(true) => None,
        Ok(false) => Some(Stop::Lost),
        Err(error) => {
            tracing::warn!(%error, "a line of progress is lost");
            None
        }
    }
}

/// A runner that ended without its last line.
fn without_outcome(stop: Option<Stop>, told: &str) -> ReplayEnd {
    match stop {
        Some(Stop::Cancelled) => cancelled(),
        Some(Stop::Shutdown) => released(),
        _ => {
            let why = if told.is_empty() { "it said nothing" } else { told };
            blocked("RUNNER_FAILED", format!("the runner ended without an outcome: {why}"))
        }
    }
}

fn cancelled() -> ReplayEnd {
    let message = "it was cancelled on request";
    end_of(ReplayState::Cancelled, Some("CANCELLED"), Some(message.to_owned()))
}

fn released() -> ReplayEnd {
    let message = "its worker was stopped; another one begins anew";
    end_of(ReplayState::Queued, None, Some(message.to_owned()))
}

/// From the runner's outcome to the end of the replay; the child trace is taken over first, so that the end can name it.
async fn ended(
    worker: &Worker,
    claimed: &ClaimedReplay,
    stop: Option<Stop>,
    outcome: Outcome,
    place: (&Path, bool),
) -> ReplayEnd {
    let was_stopped = outcome.code.as_deref() == Some("CANCELLED");
    if was_stopped && stop == Some(Stop::Shutdown) {
        return released();
    }
    let state = match outcome.state {
        State::Passed => ReplayState::Passed,
        State::Failed => ReplayState::Failed,
        State::Diverged => ReplayState::Diverged,
        _ if was_stopped && stop == Some(Stop::Cancelled) => ReplayState::Cancelled,
        _ => ReplayState::Blocked,
    };
    let mut end = end_of(state, outcome.code.as_deref(), outcome.message);
    if state == ReplayState::Cancelled {
        end.message = cancelled().message;
    }
    (end.certificate, end.timings) = (outcome.certificate, Some(outcome.timings_ms.into()));
    if let Some(child) = outcome.child {
        match take_child(worker, claimed, child.directory, place).await {
            Ok(id) => end.child = Some(id),
            Err(error) => {
                let why = text(error);
                tracing::error!(replay = claimed.replay.new.id, error = why, "child not taken");
                let told = end.message.take().map(|told| format!("{told}; ")).unwrap_or_default();
                end.message = Some(format!("{told}its trace could not be taken over: {why}"));
            }
        }
    }
    end
}

/// Keeps the lease while the child is taken over: a long film takes a while.
///
/// Both are polled side by side. A beat never waits inside the turn of a `select!` that holds the taking still, because the taking may
/// hold the catalog's one writer by then: each would wait for the other until the writer's patience ends, and the lease with it.
async fn take_child(
    worker: &Worker,
    claimed: &ClaimedReplay,
    dir: PathBuf,
    (place, with_vault): (&Path, bool),
) -> Result<trace_core::TraceId, AppError> {
    tokio::select! {
        taken = take::take(&worker.app, &claimed.org, &dir, place, with_vault) => taken,
        never = keep_lease(worker, claimed) => match never {},
    }
}

async fn keep_lease(worker: &Worker, claimed: &ClaimedReplay) -> Infallible {
    let mut beats = tokio::time::interval(BEAT);
    loop {
        beats.tick().await;
        // Whether somebody wants it to stop does not matter any more: it has ended.
        let _stop = beat(worker, claimed).await;
    }
}
