//! The plan's parts.

use serde::Serialize;
use serde_json::Value;

use super::clones::{ClonePlace, ClonePlan};
use crate::event::{StepId, WallMs};
use crate::replay::origins::OriginClass;
use crate::replay::state::ContextParts;
use crate::trace::StepStatus;

/// What a replay from one step on will do. It prints as a dry run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Of this value's own shape: 1.
    pub version: u32,
    /// The trace that is replayed.
    pub trace_id: String,
    /// Number of the top-level step from which on the test runs anew.
    pub from_step: u64,
    /// That step.
    pub step: StepAt,
    /// Every top-level step.
    pub steps: Vec<PlannedStep>,
    /// The test.
    pub test: TestRef,
    /// Wall clock at `ts` 0, in epoch milliseconds.
    pub wall_ms: WallMs,
    /// Wall clock when the step began, in epoch milliseconds.
    pub wall_ms_at_step: u64,
    /// The seed of the test's random numbers, when it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<Value>,
    /// Clones and the snapshots they start from.
    pub clones: Vec<ClonePlan>,
    /// Where the clones stood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clone_places: Vec<ClonePlace>,
    /// Recorded requests.
    pub network: NetworkPlan,
    /// The browser before the step.
    pub browser: BrowserPlan,
    /// Playwright's own record of its calls.
    pub tape: Option<TapePlan>,
    /// How many web sockets were recorded.
    pub sockets: usize,
    /// What will be lacking.
    pub warnings: Vec<Warning>,
    /// The configuration's `baseURL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The browser's name.
    #[serde(rename = "browser_name", skip_serializing_if = "Option::is_none")]
    pub browser_name: Option<String>,
    /// Playwright's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playwright: Option<String>,
    /// Node's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The commit under test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_sha: Option<String>,
    /// The branch under test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// A step and when it began.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepAt {
    /// Its id.
    pub id: StepId,
    /// Its title.
    pub title: String,
    /// Number of its first event.
    pub seq: u64,
    /// When it began, in milliseconds on the trace's axis.
    pub ts_ms: f64,
}

/// A top-level step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedStep {
    /// Its number, from 1.
    pub index: u64,
    /// Its title.
    pub title: String,
    /// Its id.
    pub id: StepId,
    /// How it came out when recorded.
    pub status: StepStatus,
    /// When it began, in milliseconds on the trace's axis.
    pub ts_ms: f64,
}

/// Which test it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestRef {
    /// The spec file, relative to the project's root.
    pub file: String,
    /// The line of the test.
    pub line: u32,
    /// Titles from the outside in.
    pub title_path: Vec<String>,
    /// The project of the suite's configuration.
    pub project: String,
    /// Which attempt was recorded, from 0.
    pub retry: u32,
    /// Which repetition was recorded, from 0.
    pub repeat_each: u32,
    /// The test's id in Playwright's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_id: Option<String>,
    /// The test's timeout in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<f64>,
}

/// Recorded requests on both sides of the step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkPlan {
    /// Sent before the step.
    pub past: usize,
    /// Sent from the step on.
    pub future: usize,
    /// Whom they went to.
    pub origins: Vec<OriginPlan>,
}

/// Requests to one origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OriginPlan {
    /// Scheme, host and port.
    pub origin: String,
    /// Whose it is.
    pub class: OriginClass,
    /// How many were recorded.
    pub requests: usize,
}

/// The browser before the step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrowserPlan {
    /// Contexts that were open, with the parts of their state.
    pub contexts: Vec<ContextParts>,
}

/// Playwright's own record of its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TapePlan {
    /// How many there are.
    pub calls: usize,
}

/// Something that a replay will lack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable, such as `NO_SECRETS`.
    pub code: String,
    /// What, and what to do about it.
    pub message: String,
}

impl Warning {
    /// A warning.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
