//! What a replay from some step will do, as a value that prints as a dry run.

mod clones;
mod past;
#[cfg(test)]
mod tests;
mod text;
mod types;

pub use clones::{ClonePlace, ClonePlan, SnapshotRef};
pub use past::Past;
pub use types::{NetworkPlan, OriginPlan, Plan, PlannedStep, StepAt, TapePlan, TestRef, Warning};

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::ReplayError;
use super::network::{Answer, Entry};
use super::origins::{OriginClass, Origins, origin};
use super::state;
use crate::event::{CaptureNotice, Event, Kind, RunStart, ScenarioEvent};
use crate::trace::{Step, StepTree};

/// What a plan is made of besides the events.
#[derive(Debug, Clone, Copy)]
pub struct PlanOptions<'p> {
    /// Number of the top-level step from which on the test is to run anew.
    pub from_step: u64,
    /// The recorded requests of the browser.
    pub entries: &'p [Entry],
    /// Whose addresses are whose.
    pub origins: &'p Origins,
    /// How many web sockets were recorded.
    pub sockets: usize,
    /// How many of Playwright's calls were recorded; none when there is no archive of them.
    pub tape_calls: Option<usize>,
    /// What opening the trace has found to be lacking.
    pub warnings: &'p [Warning],
}

/// The plan of a replay. Errors: the trace has no beginning, or no such step.
pub fn plan(events: &[Event], options: &PlanOptions<'_>) -> Result<Plan, ReplayError> {
    let start = events.iter().find(|event| event.kind == Kind::RunStart);
    let run: RunStart = start
        .and_then(|event| event.payload.read("run.start").ok())
        .ok_or(ReplayError::NoRunStart)?;
    let tree = StepTree::build(events);
    let past = Past::of(&tree, options.from_step)?;
    let steps: Vec<PlannedStep> = numbered(&tree).map(planned).collect();
    let clones = clones::clones(events, &past);
    let mut warnings = options.warnings.to_vec();
    warnings.extend(clones::warnings(events, &clones, options.from_step));
    warnings.extend(missing_bodies(options.entries, &past));
    warnings.extend(gaps(events));
    let environment = |name: &str| run.environment.get(name).and_then(Value::as_str);
    let named = |name: &str| environment(name).map(str::to_owned);
    Ok(Plan {
        version: 1,
        trace_id: run.trace_id.to_string(),
        from_step: options.from_step,
        step: past.step.clone(),
        steps,
        wall_ms_at_step: whole_ms(run.wall_ms as f64 + past.step.ts_ms),
        seed: events.iter().find_map(seed),
        network: network(options, &past),
        browser: types::BrowserPlan { contexts: state::contexts(events, &past) },
        tape: options.tape_calls.map(|calls| TapePlan { calls }),
        sockets: options.sockets,
        clones,
        clone_places: clones::places(&run.environment),
        warnings,
        base_url: run
            .environment
            .get("use")
            .and_then(|used| used.get("baseURL"))
            .and_then(Value::as_str)
            .map(str::to_owned),
        browser_name: named("browser"),
        playwright: named("playwright"),
        node: named("node"),
        code_sha: run.code_sha.clone(),
        branch: run.branch.clone(),
        wall_ms: run.wall_ms,
        test: test(run),
    })
}

fn test(run: RunStart) -> TestRef {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    TestRef {
        test_id: text(run.extra.get("test_id")),
        timeout_ms: run.extra.get("timeout_ms").and_then(Value::as_f64),
        file: run.scenario.file,
        line: run.scenario.line,
        title_path: run.scenario.title_path,
        project: run.project,
        retry: run.retry,
        repeat_each: run.repeat_each,
    }
}

fn numbered(tree: &StepTree) -> impl Iterator<Item = &Step> {
    tree.roots.iter().map(|at| &tree.steps[*at]).filter(|step| step.index.is_some())
}

fn planned(step: &Step) -> PlannedStep {
    PlannedStep {
        index: step.index.unwrap_or_default(),
        title: step.title.clone(),
        id: step.id.clone(),
        status: step.status,
        ts_ms: step.start_ms,
    }
}

/// Epoch milliseconds are whole and below 2^53.
fn whole_ms(ms: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what both types hold"
    )]
    let whole = ms.round().clamp(0.0, 9_007_199_254_740_991.0) as u64;
    whole
}

fn seed(event: &Event) -> Option<Value> {
    let told: ScenarioEvent = match event.kind {
        Kind::ScenarioEvent => event.payload.read("scenario.event").ok()?,
        _ => return None,
    };
    (told.name == "rng.seed").then(|| told.data?.get("seed").cloned()).flatten()
}

fn network(options: &PlanOptions<'_>, past: &Past) -> NetworkPlan {
    let mut origins: BTreeMap<(OriginClass, String), usize> = BTreeMap::new();
    for entry in options.entries {
        let class = options.origins.class(&entry.shown_url);
        let origin = origin(&entry.shown_url).unwrap_or_else(|| "elsewhere".to_owned());
        *origins.entry((class, origin)).or_default() += 1;
    }
    let origins = origins.into_iter();
    let past_requests =
        options.entries.iter().filter(|entry| entry.sent_ms < past.step.ts_ms).count();
    NetworkPlan {
        past: past_requests,
        future: options.entries.len() - past_requests,
        origins: origins
            .map(|((class, origin), requests)| OriginPlan { origin, class, requests })
            .collect(),
    }
}

fn missing_bodies(entries: &[Entry], past: &Past) -> Option<Warning> {
    let lacks = |entry: &&Entry| match &entry.answer {
        Answer::Response(response) => response.body.is_none() && response.body_missing.is_some(),
        Answer::Failed(_) | Answer::Open => false,
    };
    let (all, later) = (
        entries.iter().filter(lacks).count(),
        entries.iter().filter(lacks).filter(|entry| entry.sent_ms >= past.step.ts_ms).count(),
    );
    (all > 0).then(|| {
        Warning::new(
            "BODY_MISSING",
            format!("{all} recorded answers have no body, {later} of them from this step on; what asks for them fails"),
        )
    })
}

/// What the record itself admits to be missing.
fn gaps(events: &[Event]) -> Option<Warning> {
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == Kind::CaptureNotice) {
        if let Ok(notice) = event.payload.read::<CaptureNotice>("capture.notice") {
            *codes.entry(notice.code).or_default() += 1;
        }
    }
    let told: Vec<String> = codes.iter().map(|(code, times)| format!("{code} ×{times}")).collect();
    let message = || format!("the record names gaps of its own: {}", told.join(", "));
    (!told.is_empty()).then(|| Warning::new("RECORD_GAPS", message()))
}
