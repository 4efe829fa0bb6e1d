//! What a replay tells about itself in the trace that it records.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::words;
use super::{Extra, Seq};

words! {
    /// How the steps before the replayed one are got over.
    ReplayStrategy {
        /// They are carried out again, their requests answered out of the record.
        FastForward = "fast-forward",
        /// They are not carried out: the browser is put back to what it was.
        Restore = "restore",
    }
}

words! {
    /// Who answers the application's requests from the replayed step on.
    AppMode {
        /// The running server.
        Live = "live",
        /// The record.
        Recorded = "recorded",
        /// The running server, and the record where it has no answer.
        Hybrid = "hybrid",
    }
}

words! {
    /// How near a restored browser comes to the recorded one.
    FidelityGrade {
        /// Nothing differs.
        Exact = "exact",
        /// Only what differs in every run differs.
        Equivalent = "equivalent",
        /// Something differs that the coming steps do not look at.
        Degraded = "degraded",
        /// Something differs that the coming steps need.
        Diverged = "diverged",
    }
}

/// `replay` of a `run.start`: the replay that the trace was recorded in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayRef {
    /// The replay's id.
    pub id: String,
    /// Number of the top-level step from which on the test ran anew.
    pub from_step: u32,
    /// What was asked for; `auto` leaves the choice to the replay, and `replay.start` tells it.
    pub strategy: String,
    /// Who answers the application's requests.
    pub app_mode: AppMode,
    /// Nobody was asked, neither the application nor a simulator: the record answered to the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_record: bool,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One of the changes that a replay was asked to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayEdit {
    /// The name of its file.
    pub name: String,
    /// The unified diff; none where it was too long to be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
}

/// Payload of `replay.start`: from here on the test runs anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayStart {
    /// The replay's id.
    pub replay_id: String,
    /// The trace whose steps before this point were not run anew.
    pub parent_trace_id: String,
    /// Number of the top-level step that begins.
    pub from_step: u32,
    /// How it was reached.
    pub strategy: ReplayStrategy,
    /// Who answers the application's requests from here on.
    pub app_mode: AppMode,
    /// Milliseconds that reaching it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<f64>,
    /// Why not the strategy that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was changed in the code for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<ReplayEdit>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A value in which a request differs from a recorded one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDelta {
    /// `path`, `query`, `body` or `header`.
    pub place: String,
    /// Its name there.
    pub name: String,
    /// What was recorded; none where the recorded request has no such value.
    #[serde(default)]
    pub recorded: Option<String>,
    /// What was asked for; none where this request has no such value.
    #[serde(default)]
    pub asked: Option<String>,
}

/// Payload of `network.match`: an answer out of the record to a request that is not quite the recorded one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkMatch {
    /// The method.
    pub method: String,
    /// The address that was asked.
    pub url: String,
    /// `exact`, `normalised` or `scored`.
    pub tier: String,
    /// `next`, `as_of` or `overrun`.
    pub used: String,
    /// Likeness from 0 to 1.
    pub score: f64,
    /// The recorded request, in the parent trace.
    pub recorded_seq: Seq,
    /// What differs.
    #[serde(default)]
    pub deltas: Vec<RequestDelta>,
    /// `missing` where the recorded answer's body was not recorded, so that it was given empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The page that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A recorded request that came near and did not answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearRequest {
    /// The recorded request, in the parent trace.
    pub seq: Seq,
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// Likeness from 0 to 1.
    pub score: f64,
    /// What differs.
    #[serde(default)]
    pub deltas: Vec<RequestDelta>,
    /// It would have answered, but its answers were used up.
    #[serde(default)]
    pub used_up: bool,
}

/// Payload of `network.miss`: a request that nothing recorded answers, and that was aborted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkMiss {
    /// The method.
    pub method: String,
    /// The address that was asked.
    pub url: String,
    /// Whose address it is: `app`, `clone` or `third-party`.
    pub class: String,
    /// The recorded requests that came nearest, the nearest first.
    #[serde(default)]
    pub near: Vec<NearRequest>,
    /// The page that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One comparison of the restored browser with the recorded one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FidelityCheck {
    /// What was compared, such as `url` or `locators`.
    pub name: String,
    /// How it came out.
    pub grade: FidelityGrade,
    /// What differs, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Payload of `replay.fidelity`: whether the replay stands where the record stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayFidelity {
    /// The worst of the checks, those of whole documents apart: much of a document differs without a test seeing it.
    pub grade: FidelityGrade,
    /// Each comparison.
    pub checks: Vec<FidelityCheck>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `replay.divergence`: the first thing that came out otherwise than recorded, as the replay itself saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayDivergence {
    /// Stable, such as `SKIPPED_REGION_DIVERGED`.
    pub code: String,
    /// What, in words.
    pub message: String,
    /// `network`, `steps`, `tape` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The recorded event, in the parent trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_seq: Option<Seq>,
    /// Further facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
