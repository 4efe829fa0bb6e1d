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

/// Payload of `browser.state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrowserState {
    /// A [`super::Content`], or a reference into the vault.
    pub state: Value,
    /// Why it was taken.
    pub reason: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
