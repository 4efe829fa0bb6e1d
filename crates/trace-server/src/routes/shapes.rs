//! What readers are told about a trace. These types are the wire's, not the catalog's.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::catalog::{ArtifactRow, BlobRow, Form, Source, Status, Tier, TraceRecord};
use crate::clock::rfc3339;

/// One trace in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraceRow {
    id: String,
    short_id: String,
    scenario_id: String,
    scenario_slug: String,
    scenario_title: String,
    project: String,
    run_id: String,
    retry: u32,
    status: Status,
    tier: Tier,
    pinned: bool,
    source: Source,
    duration_ms: Option<f64>,
    code_sha: Option<String>,
    /// The trace that it is the replay of.
    parent_trace_id: Option<String>,
    /// Readable name of the failure, such as `webhook-404`.
    failure_signature: Option<String>,
    /// Stable hash of the failure.
    failure_hash: Option<String>,
    failed_step: Option<Value>,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339; when postprocessing knew the outcome.
    finished_at: Option<String>,
    /// Every event can be read; true from the first chunk on.
    viewable: bool,
    /// The recompressed file is in place.
    archived: bool,
    bytes: u64,
    events: u64,
}

impl TraceRow {
    pub(crate) fn of(record: &TraceRecord) -> Self {
        let trace = &record.trace;
        Self {
            id: trace.id.to_string(),
            short_id: trace.short_id.to_string(),
            scenario_id: trace.scenario_id.clone(),
            scenario_slug: trace.scenario_slug.clone(),
            scenario_title: trace.scenario_title.clone(),
            project: trace.project.clone(),
            run_id: trace.run_id.clone(),
            retry: trace.retry,
            status: record.status,
            tier: record.tier,
            pinned: record.pinned,
            source: trace.source,
            duration_ms: record.duration_ms,
            code_sha: trace.code_sha.clone(),
            parent_trace_id: trace.parent_trace_id.map(|id| id.to_string()),
            failure_signature: record.failure_signature.clone(),
            failure_hash: record.failure_hash.clone(),
            failed_step: json(record.failed_step.as_deref()),
            created_at: rfc3339(record.created_ms),
            finished_at: record.finished_ms.map(rfc3339),
            viewable: record.high_water > 0 || record.form != Form::Live,
            archived: record.form == Form::Archived,
            bytes: record.bytes,
            events: record.events,
        }
    }
}

fn json(text: Option<&str>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

/// One trace with everything about it but its events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraceDetail {
    #[serde(flatten)]
    row: TraceRow,
    /// Why it was aborted.
    abort_reason: Option<String>,
    /// The payload of `run.start`.
    run_start: Option<Value>,
    /// `summary.json`, once it is made.
    summary: Option<Value>,
    artifacts: Vec<Artifact>,
    blobs: BlobCounts,
    /// Last seq that can be read.
    last_seq: u64,
}

/// A named file beside the trace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Artifact {
    name: String,
    bytes: u64,
    sha256: String,
    /// Where it can be fetched, relative to the server.
    url: String,
}

/// How many blobs the trace refers to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlobCounts {
    count: u64,
    /// Original bytes.
    bytes: u64,
}

impl TraceDetail {
    pub(crate) fn of(
        record: &TraceRecord,
        summary: Option<Value>,
        artifacts: &[ArtifactRow],
        blobs: &[BlobRow],
    ) -> Self {
        let id = record.trace.id;
        let artifact = |row: &ArtifactRow| Artifact {
            name: row.name.clone(),
            bytes: row.bytes,
            sha256: row.sha256.clone(),
            url: format!("/v1/traces/{id}/artifacts/{}", row.name),
        };
        Self {
            row: TraceRow::of(record),
            abort_reason: record.abort_reason.clone(),
            run_start: json(Some(&record.trace.run_start)),
            summary,
            artifacts: artifacts.iter().map(artifact).collect(),
            blobs: BlobCounts {
                count: blobs.len() as u64,
                bytes: blobs.iter().map(|blob| blob.size).sum(),
            },
            last_seq: record.high_seq,
        }
    }
}
