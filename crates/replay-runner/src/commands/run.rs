//! `run`: one replay from its decision to its outcome.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use trace_core::edge::replay::certify;

use super::signals;
use crate::act::Stage;
use crate::args::{Place, Wanted};
use crate::child::{self, FoundChild};
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::home::{self, Home, Manifest, ReplayDir};
use crate::out::{self, Teller};
use crate::outcome::{Outcome, State};
use crate::pipeline;
use crate::source::{self, Source};
use crate::verdict::{self, Remains};

/// Lines of Playwright's output that a message quotes.
const QUOTED_LINES: usize = 15;

pub(crate) fn run(place: &Place, wanted: &Wanted) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(replay(place, wanted))?;
    Teller { json: place.json }.outcome(&outcome)?;
    Ok(outcome.exit_code())
}

async fn replay(place: &Place, wanted: &Wanted) -> Result<Outcome> {
    let home = Home::open(place.home.as_deref())?;
    sweep(&home).await?;
    let replay_id = home::new_id()?;
    let dir = home.begin(&replay_id)?;
    let begin = Instant::now();
    let mut outcome = Outcome {
        state: State::Blocked,
        code: None,
        message: None,
        replay_id,
        parent_trace_id: String::new(),
        from_step: wanted.from_step,
        child: None,
        certificate: None,
        timings_ms: Map::new(),
    };
    let done = carry_out(place, wanted, &dir, &mut outcome).await;
    let total = begin.elapsed().as_secs_f64() * 1000.0;
    outcome.timings_ms.insert("total".to_owned(), Value::from(total.round()));
    dir.end();
    match done {
        Ok(()) => Ok(outcome),
        Err(error @ RunnerError::Blocked { code, .. }) => {
            outcome.code = Some(code.to_string());
            outcome.message = Some(error.told());
            Ok(outcome)
        }
        Err(other) => Err(other),
    }
}

/// Closes what replays left that were killed.
async fn sweep(home: &Home) -> Result<()> {
    for orphan in home.orphans()? {
        let manifest = Manifest::read(&orphan.path);
        for problem in home::close(&manifest, || {}).await {
            out::note(&format!("of a replay that was killed: {problem}"));
        }
        orphan.end();
    }
    Ok(())
}

async fn carry_out(
    place: &Place,
    wanted: &Wanted,
    dir: &ReplayDir,
    outcome: &mut Outcome,
) -> Result<()> {
    let source = source::open(wanted, source::find(&wanted.trace, &place.root)?, &dir.path)?;
    outcome.parent_trace_id.clone_from(&source.plan.trace_id);
    let pipeline = pipeline::decide(wanted, place, &source, &outcome.replay_id)?;
    let mut stage = Stage::new(wanted, &source, dir, Teller { json: place.json });
    let limit = Duration::from_secs(wanted.manner.timeout);
    let acted = tokio::select! {
        acted = stage.act(&pipeline) => acted,
        asked = signals::asked_to_end() => asked.map_err(RunnerError::from).and_then(|by| Err(cancelled(&format!("it was stopped by {by}")))),
        () = tokio::time::sleep(limit) => Err(cancelled(&format!("it did not end within {} s; give it more with --timeout", limit.as_secs()))),
    };
    let output = child::last_lines(&dir.path.join(child::LOG), QUOTED_LINES);
    let Stage { manifest, mut child, told, status, before, timings, .. } = stage;
    let reap = || {
        if let Some(child) = &mut child {
            drop(child.try_wait());
        }
    };
    for problem in home::close(&manifest, reap).await {
        out::note(&problem);
        // The manifest stays, and the next start tries again.
        dir.keep();
    }
    outcome.timings_ms = timings;
    let found = child::find(pipeline.child_root(), &before, &outcome.replay_id);
    acted.inspect_err(|_| outcome.child = found.as_ref().map(|found| found.child.clone()))?;
    let succeeded = status.is_some_and(|status| status.success());
    let remains = Remains { succeeded, told: &told, child: found.as_ref(), output: &output };
    (outcome.state, outcome.code, outcome.message) = verdict::of(&remains);
    if let Some(found) = &found {
        outcome.certificate = certificate(&source, found, pipeline.child_root());
    }
    outcome.child = found.map(|FoundChild { child, .. }| child);
    Ok(())
}

/// What both traces have in common, with its printed form as `text`. A trace that cannot be compared any more has none.
fn certificate(source: &Source, found: &FoundChild, child_root: &Path) -> Option<Value> {
    let recorded = (source.dir.as_path(), Some(source.store.as_path()));
    let replayed = (found.child.directory.as_path(), Some(child_root));
    let certified = certify(recorded, replayed, source.plan.from_step);
    match certified.map(|certificate| (certificate.to_text(), serde_json::to_value(&certificate))) {
        Ok((text, Ok(mut value))) => {
            value["text"] = Value::from(text);
            Some(value)
        }
        Ok((_, Err(error))) => {
            out::note(&format!("no certificate: {error}"));
            None
        }
        Err(error) => {
            out::note(&format!("no certificate: {error}"));
            None
        }
    }
}

fn cancelled(why: &str) -> RunnerError {
    RunnerError::blocked(Code::Cancelled, format!("the replay was cancelled: {why}"))
}
