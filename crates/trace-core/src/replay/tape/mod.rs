//! Playwright's own record of its calls, read out of a `trace.playwright.zip`: what was called, in order, and what came back.
//!
//! Versions 8 to 10 of Playwright's trace are known; a newer one is read as far as it is alike, and anything that cannot be
//! read is counted instead of stopping.

mod lines;
mod steps;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

pub use lines::{holds_calls, parse};

/// Playwright's calls in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tape {
    /// What the test, its hooks and fixtures called.
    pub calls: Vec<Call>,
    /// Versions of the trace's format that its members name.
    pub versions: Vec<u64>,
    /// Lines that could not be read, and ends of calls without a beginning.
    pub unread: usize,
    runner: Vec<RunnerStep>,
}

/// One call of Playwright's protocol.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Its place in the order of beginning, from 0.
    pub ordinal: usize,
    /// Playwright's id of the call.
    pub call_id: String,
    /// What it was made on, such as `Frame`.
    pub class: String,
    /// What was called, such as `goto`.
    pub method: String,
    /// Its parameters as Playwright records them.
    pub params: Value,
    /// What came back; handles appear as texts such as `"<Response>"`. None when nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// What it threw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// The record ends before it came back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
    /// Playwright's words for it, when it has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it began, in milliseconds on the trace's axis; none without a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<f64>,
    /// When it came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_ms: Option<f64>,
    /// The innermost recorded step around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    /// Number of the top-level `test.step` around it; none in hooks, fixtures and between steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// The runner's step of the call, by which steps are found.
    #[serde(skip)]
    runner_step: Option<String>,
}

/// A line of the runner's own member: a step, a hook, a fixture or the runner's view of a call.
#[derive(Debug, Clone, PartialEq)]
struct RunnerStep {
    id: String,
    parent: Option<String>,
    /// `test.step`, `hook`, `fixture`, `pw:api`, `expect`.
    category: String,
    title: String,
    start: f64,
}

impl Tape {
    /// JSON lines, one call each.
    pub fn to_lines(&self) -> String {
        let lines = self.calls.iter().filter_map(|call| serde_json::to_string(call).ok());
        lines.map(|line| line + "\n").collect()
    }
}
