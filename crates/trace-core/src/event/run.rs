//! The trace's first and last event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::words;
use super::{Extra, ReplayRef, ShortId, TraceError, TraceId, WallMs};

words! {
    /// What started the run.
    RunSource {
        /// A pull request.
        Pr = "pr",
        /// A timer.
        Schedule = "schedule",
        /// A person.
        Manual = "manual",
        /// A comparison of two versions.
        ShadowDiff = "shadow_diff",
    }
}

words! {
    /// How a trace ended.
    RunStatus {
        /// As expected.
        Passed = "passed",
        /// An expectation was not met.
        Failed = "failed",
        /// Something other than an expectation broke.
        Error = "error",
        /// Stopped from outside.
        Aborted = "aborted",
    }
}

/// The test, as its suite knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Stable name, safe in a URL.
    pub slug: String,
    /// Title for people.
    pub title: String,
    /// The spec file, relative to the project's root.
    pub file: String,
    /// The line of the test, from 1.
    pub line: u32,
    /// Titles from the outside in.
    pub title_path: Vec<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The run that the trace belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRef {
    /// The run's id.
    pub id: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The process that ran the test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    /// Playwright's worker index.
    pub index: u32,
    /// Playwright's parallel index.
    pub parallel_index: u32,
    /// The process id.
    pub pid: u32,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What wrote the trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorder {
    /// The recorder's package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `run.start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStart {
    /// The format's version.
    pub format: u32,
    /// The trace's id.
    pub trace_id: TraceId,
    /// Its short id.
    pub short_id: ShortId,
    /// Wall clock at `ts` 0, in epoch milliseconds.
    pub wall_ms: WallMs,
    /// The project of the suite's configuration.
    pub project: String,
    /// The test.
    pub scenario: Scenario,
    /// The run.
    pub run: RunRef,
    /// Which attempt, from 0.
    pub retry: u32,
    /// Which repetition, from 0.
    pub repeat_each: u32,
    /// The process.
    pub worker: Worker,
    /// What started the run.
    pub source: RunSource,
    /// The commit under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_sha: Option<String>,
    /// The branch under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Clone to seed.
    pub seeds: Extra,
    /// Versions and platform.
    pub environment: Extra,
    /// Capture options in force.
    pub capture: Extra,
    /// What wrote the trace.
    pub recorder: Recorder,
    /// The trace that this one replays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_trace_id: Option<TraceId>,
    /// The replay that it was recorded in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Box<ReplayRef>>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `run.end`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// How it ended.
    pub status: RunStatus,
    /// How the test said it would end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_status: Option<String>,
    /// How long it took.
    pub duration_ms: f64,
    /// Kind to number of events, this one included.
    pub counts: BTreeMap<String, u64>,
    /// What broke first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TraceError>,
    /// Everything that broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<TraceError>>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
