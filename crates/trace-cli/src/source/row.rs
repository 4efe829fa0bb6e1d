//! One line of a list, as the API words it.

use serde::{Deserialize, Serialize};

/// A trace as a list shows it; fields that a source does not have are absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) short_id: String,
    pub(crate) scenario_slug: String,
    pub(crate) scenario_title: String,
    pub(crate) project: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) retry: u32,
    pub(crate) status: String,
    pub(crate) source: Option<String>,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) failure_signature: Option<String>,
    pub(crate) failed_step: Option<FailedStep>,
    pub(crate) created_at: String,
    pub(crate) bytes: Option<u64>,
    pub(crate) events: Option<u64>,
    pub(crate) archived: bool,
    pub(crate) viewable: bool,
    /// Where it lies, for local traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<String>,
}

/// The first failed top-level step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FailedStep {
    pub(crate) index: Option<u32>,
    pub(crate) id: String,
    pub(crate) title: String,
}

impl Row {
    /// Whether it ended badly.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self.status.as_str(), "failed" | "error" | "aborted")
    }
}

/// A moment given in microseconds since the epoch, as the API writes it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float beyond the range saturates, and the epoch is shown instead"
)]
pub(crate) fn rfc3339(epoch_us: f64) -> String {
    let nanos = epoch_us.round() as i128 * 1000;
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
