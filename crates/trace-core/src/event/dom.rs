//! Recorded DOM.

use serde::{Deserialize, Serialize};

use super::{Content, Extra};

/// Payload of `dom.snapshot` and `dom.mutation`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomEvents {
    /// The page.
    pub page: String,
    /// The frame.
    pub frame: String,
    /// The frame's address.
    pub frame_url: String,
    /// The recorder instance of one document.
    pub stream: String,
    /// Which full snapshot of the stream it builds on.
    pub generation: u64,
    /// How many rrweb events it holds.
    pub count: u64,
    /// Time of the first one, on the trace's axis.
    pub first_ts: f64,
    /// Time of the last one.
    pub last_ts: f64,
    /// JSON array of rrweb events.
    pub events: Content,
    /// For a frame of another origin: its element in the parent's recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<FrameHolder>,
    /// The page's own score of the document after the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<DomDigest>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Where a frame hangs in the recording of its parent, which does not hold the frame's own nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameHolder {
    /// The parent's stream.
    pub stream: String,
    /// The generation whose ids count.
    pub generation: u64,
    /// The rrweb id of the frame's element.
    pub node: u64,
}

/// A score of a document's body, by which a rebuilt document is compared with the one in the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomDigest {
    /// Which rules made it.
    pub version: u32,
    /// Eight hex digits.
    pub value: String,
    /// How many nodes it covers.
    pub nodes: u64,
}
