//! Steps, assertions and actions: what the test did.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::words;
use super::{Extra, Location, StepId, TraceError};

words! {
    /// What kind of step it is.
    StepCategory {
        /// Written by the test.
        TestStep = "test.step",
        /// Collects what the body does outside any step.
        Implicit = "implicit",
        /// A hook.
        Hook = "hook",
        /// A fixture.
        Fixture = "fixture",
    }
}

words! {
    /// How a step ended.
    StepStatus {
        /// As expected.
        Passed = "passed",
        /// Something in it broke.
        Failed = "failed",
        /// It did not run to its end on purpose.
        Skipped = "skipped",
    }
}

/// Payload of `step.start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepStart {
    /// Title for people.
    pub title: String,
    /// What kind of step it is.
    pub category: StepCategory,
    /// The step around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<StepId>,
    /// Number of a top-level `test.step`, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Titles from the outside in.
    pub path: Vec<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `step.end`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEnd {
    /// How it ended.
    pub status: StepStatus,
    /// How long it took.
    pub duration_ms: f64,
    /// What broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TraceError>,
    /// What the body returned, when it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `assertion`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assertion {
    /// The matcher, such as `toHaveURL`.
    pub name: String,
    /// Whether it held.
    pub pass: bool,
    /// What it looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locator: Option<String>,
    /// What it wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What it found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Value>,
    /// Whether the test goes on after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft: Option<bool>,
    /// Whether it was `not`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negated: Option<bool>,
    /// How long it took.
    pub duration_ms: f64,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TraceError>,
    /// Whether it was `expect.poll`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<bool>,
    /// The test's own words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether its step had ended already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<bool>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `action`; written when the call ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The call, such as `locator.click`.
    pub api: String,
    /// The call for people.
    pub title: String,
    /// What it acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locator: Option<String>,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// When it began, on the trace's axis.
    pub start_ts: f64,
    /// How long it took.
    pub duration_ms: f64,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TraceError>,
    /// What it gave back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Whether its step had ended already, by a timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<bool>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
