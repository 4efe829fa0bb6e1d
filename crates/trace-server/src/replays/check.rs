//! What is refused before anything is enqueued. The runner checks patches once more: it alone knows the tree.

use trace_core::ndjson::{Lines, decode_line};
use trace_core::replay::plan::Past;
use trace_core::trace::StepTree;

use crate::app::App;
use crate::catalog::{Edit, ReplayRequest, Tier, TraceRecord};
use crate::error::{AppError, Refusal};
use crate::org::OrgScope;
use crate::read::{self, ReadFailure, Source};

/// Whoever needs more has another suite, not an edit.
const MAX_EDITS: usize = 50;
/// A day.
const MAX_SECONDS: u64 = 86_400;

/// The trace is at hand and at its end.
pub(super) fn trace(record: &TraceRecord) -> Result<(), AppError> {
    if record.tier == Tier::Cold {
        let message = "this trace lies in the cold tier, where nothing can be replayed from";
        let detail = "restore it first, then ask again";
        return Err(AppError::conflict("COLD_TIER", message, detail).into());
    }
    if record.finished_ms.is_none() {
        let message =
            format!("this trace is `{}`; only a finished one can be replayed", record.status);
        let detail = "ask again when its status is `passed`, `failed`, `error` or `aborted`";
        return Err(AppError::conflict("unfinished", message, detail)
            .with("trace_status", record.status.as_str())
            .into());
    }
    Ok(())
}

/// What can be told from the request alone.
pub(super) fn request(request: &ReplayRequest) -> Result<(), AppError> {
    let invalid = |message: String, detail: &str| -> AppError {
        AppError::invalid("invalid", message, detail).into()
    };
    if request.from_step == 0 {
        return Err(invalid("`from_step` is 0".to_owned(), "steps are numbered from 1"));
    }
    if request.edits.len() > MAX_EDITS {
        let message = format!("{} edits are too many", request.edits.len());
        return Err(invalid(message, "put them into fewer patches, at most 50"));
    }
    if !request.timeout_seconds.is_none_or(|seconds| (1..=MAX_SECONDS).contains(&seconds)) {
        return Err(invalid("`timeout_seconds` is out of range".to_owned(), "1 to 86400"));
    }
    let named = |name: &String| name.len() <= 200 && !name.chars().any(char::is_control);
    if !request.suite.as_ref().is_none_or(named) {
        return Err(invalid("`suite` is no name".to_owned(), "name one of the worker's suites"));
    }
    for (n, Edit::Patch { text }) in request.edits.iter().enumerate() {
        replay_runner::check_patch(text).map_err(|why| bad_patch(n, &why))?;
    }
    Ok(())
}

fn bad_patch(n: usize, why: &str) -> Refusal {
    let message = format!("patch {} is not taken: {why}", n + 1);
    let detail = "send unified diffs of plain text files, as `git diff` writes them, with paths inside the suite's repository";
    AppError::invalid("PATCH_FAILED", message, detail).with("edit", n)
}

/// The record has that step.
pub(super) async fn step(
    app: &std::sync::Arc<App>,
    org: &OrgScope,
    record: &TraceRecord,
    from_step: u64,
) -> Result<(), AppError> {
    let tree = read::read(app, org, record.trace.id, steps).await?;
    Past::of(&tree, from_step).map(drop).map_err(|error| {
        let detail = "name a `test.step` of the test's own level, as `step.start` numbers them";
        let last = tree.roots.iter().filter_map(|at| tree.steps[*at].index).max();
        AppError::invalid("NO_SUCH_STEP", error.to_string(), detail).with("steps", last).into()
    })
}

fn steps(source: &Source) -> Result<StepTree, ReadFailure> {
    let mut events = Vec::new();
    for n in 0..source.n_frames() {
        for line in Lines::new(&source.lines(n)?) {
            let event = decode_line(line.bytes).ok();
            events.extend(event.filter(|event| event.kind.as_str().starts_with("step.")));
        }
    }
    Ok(StepTree::build(&events))
}
