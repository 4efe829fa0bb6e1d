//! How a replay came out, once its processes have ended, and the closing of what it opened.

use std::path::Path;
use std::time::Instant;

use serde_json::Value;
use trace_core::edge::replay::certify;

use crate::act::Stage;
use crate::child::{self, FoundChild};
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::home;
use crate::out;
use crate::outcome::{Outcome, State};
use crate::pipeline::Pipeline;
use crate::source::Source;
use crate::verdict::{self, Remains};

/// Lines of Playwright's output that a message quotes.
const QUOTED_LINES: usize = 15;

/// Closes everything that a replay has opened; gives what could not be closed, in words.
pub(super) async fn close(stage: &mut Stage<'_>) -> Vec<String> {
    stage.end_work().await;
    let Stage { manifest, child, .. } = stage;
    home::close(manifest, || drop(child.as_mut().map(tokio::process::Child::try_wait))).await
}

/// Writes into the outcome what the processes left. What ended the acting early is given back, beside the trace that it left.
pub(super) fn outcome(
    acted: Result<()>,
    stage: &Stage<'_>,
    (source, pipeline): (&Source, &Pipeline),
    outcome: &mut Outcome,
) -> Result<()> {
    outcome.timings_ms.clone_from(&stage.timings);
    let found = child::find(pipeline.child_root(), &stage.before, &outcome.replay_id);
    outcome.child = found.as_ref().map(|found| found.child.clone());
    outcome.certificate = None;
    let came_there = stage.stay.came_there();
    if came_there {
        (outcome.state, outcome.code, outcome.message) = (State::Held, None, None);
        return Ok(());
    }
    acted?;
    let output = child::last_lines(&stage.dir.path.join(child::LOG), QUOTED_LINES);
    let succeeded = stage.status.is_some_and(|status| status.success());
    let remains = Remains { succeeded, told: &stage.told, child: found.as_ref(), output: &output };
    (outcome.state, outcome.code, outcome.message) = verdict::of(&remains);
    outcome.certificate =
        found.and_then(|found| certificate(source, &found, pipeline.child_root()));
    Ok(())
}

/// A replay that could not be carried out is an outcome; only other errors go on.
pub(super) fn blocked(done: Result<()>, outcome: &mut Outcome) -> Result<()> {
    let Err(error) = done else { return Ok(()) };
    let RunnerError::Blocked { code, .. } = &error else { return Err(error) };
    outcome.state = State::Blocked;
    outcome.code = Some(code.to_string());
    outcome.message = Some(error.told());
    Ok(())
}

/// How long it all took.
pub(super) fn total(outcome: &mut Outcome, begin: Instant) {
    let total = begin.elapsed().as_secs_f64() * 1000.0;
    outcome.timings_ms.insert("total".to_owned(), Value::from(total.round()));
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
        // The source has the step, so the replay did not come there, which its outcome says.
        Err(error) if error.code() == Code::NoSuchStep.as_str() => None,
        Err(error) => {
            out::note(&format!("no certificate: {error}"));
            None
        }
    }
}
