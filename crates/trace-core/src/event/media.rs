//! Pictures, videos and the browser's state.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Content, Extra};

/// Payload of `screenshot`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Screenshot {
    /// The page.
    pub page: String,
    /// `step.start`, `step.end`, `heartbeat` or `failure`.
    pub reason: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The picture.
    pub image: Content,
    /// Areas painted over because the recording masks what is there: left, top, width and height as parts of the picture's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<[f64; 4]>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `video`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// The page.
    pub page: String,
    /// The artifact's name.
    pub artifact: String,
    /// Time of its first picture, on the trace's axis.
    pub start_ts: f64,
    /// Time of its last picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ts: Option<f64>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `browser.state`: what changed in one browser context since the boundary before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrowserState {
    /// The context, `c1`, `c2`, … in order of appearance.
    pub context: String,
    /// `start` or `end` of the step, or `close` of the context.
    pub boundary: String,
    /// Counts the changes of this context, from 1.
    pub revision: u64,
    /// Whether `secret` holds every part and not only what changed.
    #[serde(default)]
    pub full: bool,
    /// Names of the parts that changed.
    #[serde(default)]
    pub changed: Vec<String>,
    /// How much there is of every part now.
    #[serde(default)]
    pub counts: Vec<StatePart>,
    /// Milliseconds after the boundary at which the answers were there, when that was late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<u64>,
    /// What should have answered and did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Boundaries before this one that were not read, because earlier ones had no answer yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
    /// The parts themselves, as a reference into the vault.
    pub secret: Value,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How much there is of one part of a browser's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatePart {
    /// Its name, such as `local https://app.test/`.
    pub part: String,
    /// Items, cookies or databases.
    pub keys: u64,
    /// Bytes of its JSON.
    pub bytes: u64,
}
