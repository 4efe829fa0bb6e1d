//! What the test itself told, and what the record admits to be missing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Content, Extra};

/// Payload of `scenario.event`; which fields it has depends on its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioEvent {
    /// `rng.seed`, `rng.draw`, `parameter`, `attachment`, `stdout`, `stderr`, `annotation`, or the test's own.
    pub name: String,
    /// Of `stdout` and `stderr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of `attachment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of `attachment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// Of `parameter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Of `parameter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Of every other name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `capture.notice`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaptureNotice {
    /// Stable, such as `queue.dropped`.
    pub code: String,
    /// For people.
    pub message: String,
    /// Which part of the recorder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How many times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
