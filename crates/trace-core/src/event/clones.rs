//! Clones: their state, their clocks and the chaos they were told to make.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::words;
use super::{Content, Extra};

words! {
    /// Which side of a step a snapshot belongs to.
    SnapshotWhen {
        /// Before the step.
        Before = "before",
        /// After the step.
        After = "after",
    }
}

/// Payload of `clone.state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloneState {
    /// The clone.
    pub clone: String,
    /// The clone's run.
    pub run: String,
    /// Counts resets.
    pub epoch: u64,
    /// Counts changes inside an epoch.
    pub rev: u64,
    /// Names the state.
    pub digest: String,
    /// What the state endpoint answered.
    pub state: Content,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `clone.snapshot`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloneSnapshot {
    /// The clone.
    pub clone: String,
    /// The clone's run.
    pub run: String,
    /// Which side of the step.
    pub when: SnapshotWhen,
    /// Counts resets.
    pub epoch: u64,
    /// Counts changes inside an epoch.
    pub rev: u64,
    /// The clone's clock.
    pub clock_ms: f64,
    /// The snapshot's schema.
    pub schema: Value,
    /// What restores it.
    pub snapshot: Content,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `clock.advance`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClockAdvance {
    /// The clone.
    pub clone: String,
    /// Its clock before.
    pub from_ms: f64,
    /// Its clock after.
    pub to_ms: f64,
    /// Who moved it.
    pub cause: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `error_injection`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorInjection {
    /// The clone.
    pub clone: String,
    /// Requests it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Methods it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The status it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Share of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Further parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `latency_injection`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatencyInjection {
    /// The clone.
    pub clone: String,
    /// Requests it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<f64>,
    /// Further parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
