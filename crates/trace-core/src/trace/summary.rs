//! A trace in one small value: the list row, the counts, and what to look at first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, FailingAssertion, NetworkError};
use super::failure::FailureSignature;
use super::read::{self, integer, number, of, raw, text};
use super::steps::{StepStatus, StepTree, StepTreeBuilder};
use crate::blob::Hasher;
use crate::event::{Event, FORMAT_VERSION, Kind, Seq};
use crate::scan;

/// The step at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedStep {
    /// Its number, when it is a top-level `test.step`.
    pub index: Option<u64>,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Number of its first event.
    pub seq: Seq,
}

/// How many steps came out how; top-level `test.step`s only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCounts {
    /// All of them.
    pub total: u64,
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Begun and never ended.
    pub unfinished: u64,
}

/// Which test this is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioRef {
    /// Stable name.
    pub slug: String,
    /// The test's title.
    pub title: String,
    /// Spec file, relative to the project.
    pub file: Option<String>,
    /// Line of the test.
    pub line: Option<u64>,
}

/// `summary.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Format version of the trace.
    pub format: u64,
    /// The trace's id; empty when `run.start` is missing.
    pub trace_id: String,
    /// The trace's short id.
    pub short_id: String,
    /// The test.
    pub scenario: ScenarioRef,
    /// Playwright project.
    pub project: Option<String>,
    /// The CI job's execution.
    pub run_id: Option<String>,
    /// Number of the retry, from 0.
    pub retry: u64,
    /// `pr`, `schedule`, `manual`, `shadow_diff`.
    pub source: Option<String>,
    /// Commit of the code under test.
    pub code_sha: Option<String>,
    /// Branch of the code under test.
    pub branch: Option<String>,
    /// Epoch milliseconds at ts 0.
    pub wall_ms: u64,
    /// `passed`, `failed`, `error`, `aborted`; aborted when the trace has no `run.end`.
    pub status: String,
    /// What the test was expected to come out as, when that is not `passed`.
    pub expected_status: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Events of each kind.
    pub counts: BTreeMap<String, u64>,
    /// Steps.
    pub steps: StepCounts,
    /// The step at fault.
    pub failed_step: Option<FailedStep>,
    /// The assertion that ended the test.
    pub failing_assertion: Option<FailingAssertion>,
    /// The network error that most probably explains the failure.
    pub network_error: Option<NetworkError>,
    /// Message of the error that ended the test, without colours.
    pub error: Option<String>,
    /// Answers of status 400 and above and failed requests.
    pub network_errors: u64,
    /// Console errors and page errors.
    pub console_errors: u64,
    /// Clones that appear in the trace.
    pub clones: Vec<String>,
    /// What the record itself admits to be missing: code to number of events.
    pub notices: BTreeMap<String, u64>,
    /// Kind of failure; none when nothing failed.
    pub signature: Option<FailureSignature>,
    /// Number of the last event.
    pub last_seq: u64,
    /// Lines of the trace.
    pub total_lines: u64,
    /// Bytes of the lines, line breaks included; 0 when only events were given.
    pub raw_bytes: u64,
    /// SHA-256 of the lines, 64 hexadecimal digits; none when only events were given.
    pub sha256: Option<String>,
}

/// Builds a summary while a trace is read.
#[derive(Debug, Clone, Default)]
pub struct SummaryBuilder {
    summary: Summary,
    steps: StepTreeBuilder,
    evidence: Evidence,
    digest: Hasher,
    last_ms: f64,
}

impl SummaryBuilder {
    /// Takes in the next event.
    pub fn push(&mut self, event: &Event) {
        let summary = &mut self.summary;
        match summary.counts.get_mut(event.kind.as_str()) {
            Some(count) => *count += 1,
            None => drop(summary.counts.insert(event.kind.as_str().to_owned(), 1)),
        }
        summary.total_lines += 1;
        summary.last_seq = summary.last_seq.max(event.seq.get());
        self.last_ms = self.last_ms.max(event.ts.as_ms());
        self.steps.push(event);
        self.evidence.push(event);
        match event.kind {
            Kind::RunStart => start(summary, event),
            Kind::RunEnd => end(summary, event),
            Kind::ConsoleError => summary.console_errors += 1,
            Kind::NetworkResponse | Kind::NetworkFailed => {
                summary.network_errors += u64::from(read::is_problem(event));
            }
            Kind::CloneState | Kind::CloneSnapshot => {
                add_once(&mut summary.clones, text(event, "clone"));
            }
            Kind::CaptureNotice => {
                let code = text(event, "code").unwrap_or_else(|| "unknown".to_owned());
                let known = summary.notices.entry(code).or_default();
                *known = known.saturating_add(integer(event, "count").unwrap_or(1));
            }
            _ => {}
        }
    }

    /// Takes in the raw lines (whole lines or frames, in order), for size and digest.
    pub fn push_bytes(&mut self, lines: &[u8]) {
        self.digest.update(lines);
        self.summary.raw_bytes += lines.len() as u64;
    }

    /// The steps as far as they have been read.
    pub fn steps(&self) -> &StepTree {
        self.steps.tree()
    }

    /// The summary. Without a `run.end` the status is `aborted` and the duration ends at the last event.
    pub fn finish(self) -> Summary {
        let mut summary = self.summary;
        let steps = self.steps.finish();
        if summary.status.is_empty() {
            "aborted".clone_into(&mut summary.status);
            summary.duration_ms = self.last_ms;
        }
        if summary.raw_bytes > 0 {
            summary.sha256 = Some(self.digest.finish().hex());
        }
        summary.steps = counts(&steps);
        if summary.status != "passed" {
            summary.failed_step = failed_step(&steps);
            summary.failing_assertion = self.evidence.assertion_at_fault().cloned();
            summary.network_error = self.evidence.dominant_network_error().cloned();
            summary.error = summary
                .error
                .or_else(|| self.evidence.step.as_ref().map(|step| step.message.clone()));
            summary.signature = signature(&summary, &self.evidence, &steps);
        }
        summary
    }
}

/// A killed worker leaves no failure behind, so it has no kind of failure either; `aborted` says it all.
fn signature(summary: &Summary, evidence: &Evidence, steps: &StepTree) -> Option<FailureSignature> {
    let failed = summary.status != "aborted" || evidence.moment().is_some();
    failed.then(|| FailureSignature::from_evidence(evidence, steps))
}

fn start(summary: &mut Summary, event: &Event) {
    summary.format = integer(event, "format").unwrap_or(u64::from(FORMAT_VERSION));
    summary.trace_id = text(event, "trace_id").unwrap_or_default();
    summary.short_id = text(event, "short_id").unwrap_or_default();
    let scenario = raw(event, "scenario").unwrap_or_default();
    summary.scenario = ScenarioRef {
        slug: of(event, "scenario", "slug").unwrap_or_default(),
        title: of(event, "scenario", "title").unwrap_or_default(),
        file: of(event, "scenario", "file"),
        line: scan::field(scenario, "line")
            .and_then(|line| std::str::from_utf8(line.raw).ok()?.parse().ok()),
    };
    summary.project = text(event, "project").or_else(|| of(event, "project", "name"));
    summary.run_id = of(event, "run", "id");
    summary.retry = integer(event, "retry").unwrap_or(0);
    summary.source = text(event, "source");
    summary.code_sha = text(event, "code_sha");
    summary.branch = text(event, "branch");
    summary.wall_ms = integer(event, "wall_ms").unwrap_or(0);
}

fn end(summary: &mut Summary, event: &Event) {
    summary.status = text(event, "status").unwrap_or_else(|| "error".to_owned());
    summary.expected_status = text(event, "expected_status");
    summary.duration_ms = number(event, "duration_ms").unwrap_or_else(|| event.ts.as_ms());
    summary.error = read::error_message(event);
}

fn add_once(list: &mut Vec<String>, name: Option<String>) {
    list.extend(name.filter(|name| !list.contains(name)));
}

fn counts(steps: &StepTree) -> StepCounts {
    let mut counts = StepCounts::default();
    for step in steps.roots.iter().map(|at| &steps.steps[*at]).filter(|step| step.index.is_some()) {
        counts.total += 1;
        match step.status {
            StepStatus::Passed => counts.passed += 1,
            StepStatus::Failed => counts.failed += 1,
            StepStatus::Unfinished => counts.unfinished += 1,
            StepStatus::Skipped => {}
        }
    }
    counts
}

fn failed_step(steps: &StepTree) -> Option<FailedStep> {
    steps.failed_step().map(|step| FailedStep {
        index: step.index,
        id: step.id.as_str().to_owned(),
        title: step.title.clone(),
        seq: step.first_seq,
    })
}
