//! What traces consist of: pure counting, so that one trace and a thousand are told in the same words.

mod build;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use build::StatsBuilder;

/// Everything `stats` tells.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Stats {
    pub(crate) traces: u64,
    /// How many came out how.
    pub(crate) statuses: BTreeMap<String, u64>,
    pub(crate) events: u64,
    /// Bytes of lines, uncompressed.
    pub(crate) line_bytes: u64,
    /// Events and bytes of each kind; a blob counts for the kind that refers to it first.
    pub(crate) kinds: BTreeMap<String, Share>,
    /// The same by what was watched: dom, network, test, media …
    pub(crate) sources: BTreeMap<&'static str, Share>,
    pub(crate) media_types: BTreeMap<String, Media>,
    pub(crate) hosts: BTreeMap<String, Host>,
    /// The slowest `test.step`s, slowest first.
    pub(crate) slow_steps: Vec<SlowStep>,
    /// What the records themselves admit to be missing: code to number.
    pub(crate) gaps: BTreeMap<String, u64>,
    /// Bytes of each artifact's name.
    pub(crate) artifacts: BTreeMap<String, u64>,
    pub(crate) blobs: Blobs,
    /// What takes most of the bytes, in one line.
    pub(crate) dominates: Option<String>,
}

/// Events and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Share {
    pub(crate) events: u64,
    pub(crate) line_bytes: u64,
    /// Original bytes of the blobs.
    pub(crate) blob_bytes: u64,
}

impl Share {
    pub(crate) fn bytes(&self) -> u64 {
        self.line_bytes + self.blob_bytes
    }
}

/// Contents of one media type, inline ones included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Media {
    pub(crate) contents: u64,
    pub(crate) bytes: u64,
}

/// What one host was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Host {
    pub(crate) requests: u64,
    /// Answers of status 400 and above, and requests without an answer.
    pub(crate) failed: u64,
    /// Bytes of the answers' bodies.
    pub(crate) bytes: u64,
}

/// A step that took long.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SlowStep {
    pub(crate) title: String,
    pub(crate) duration_ms: f64,
    pub(crate) seq: u64,
    pub(crate) trace: String,
}

/// Contents by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Blobs {
    /// How often events refer to one.
    pub(crate) references: u64,
    /// Bytes as if each reference had its own copy.
    pub(crate) referenced_bytes: u64,
    /// Distinct ones.
    pub(crate) distinct: u64,
    /// Original bytes of the distinct ones.
    pub(crate) distinct_bytes: u64,
    /// `referenced_bytes / distinct_bytes`: how many copies one stored byte stands for.
    pub(crate) dedup_ratio: Option<f64>,
    /// Of the distinct ones, those that other traces of the same folder need as well; none where that is not known.
    pub(crate) shared: Option<u64>,
    pub(crate) shared_bytes: Option<u64>,
}
