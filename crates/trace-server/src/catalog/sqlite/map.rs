//! Between SQL's integers and ours.

use std::str::FromStr;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use trace_core::TraceId;

use crate::catalog::CatalogError;
use crate::catalog::rows::{NewTrace, TraceRecord};
use crate::org::OrgScope;

/// A count as SQL keeps it. Ours stay far below 2^63.
pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A stored count.
pub(super) fn count(row: &SqliteRow, column: &'static str) -> Result<u64, CatalogError> {
    let n: i64 = row.try_get(column)?;
    u64::try_from(n).map_err(|_| CatalogError::Row { column, value: n.to_string() })
}

/// A stored number that fits in 32 bits.
pub(super) fn small(row: &SqliteRow, column: &'static str) -> Result<u32, CatalogError> {
    let n: i64 = row.try_get(column)?;
    u32::try_from(n).map_err(|_| CatalogError::Row { column, value: n.to_string() })
}

/// A stored word or id.
pub(super) fn parsed<T: FromStr>(row: &SqliteRow, column: &'static str) -> Result<T, CatalogError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| CatalogError::Row { column, value: text })
}

/// A stored word that may be absent.
pub(super) fn parsed_opt<T: FromStr>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>, CatalogError> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|_| CatalogError::Row { column, value: text.clone() }))
        .transpose()
}

/// The organisation of a row that was found for the system, not for a tenant.
pub(super) fn org(row: &SqliteRow) -> Result<OrgScope, CatalogError> {
    parsed(row, "org_id")
}

/// The trace of a row.
pub(super) fn trace_id(row: &SqliteRow) -> Result<TraceId, CatalogError> {
    parsed(row, "trace_id")
}

/// A row of `traces`.
pub(super) fn trace(row: &SqliteRow) -> Result<TraceRecord, CatalogError> {
    let parent: Option<String> = row.try_get("parent_trace_id")?;
    Ok(TraceRecord {
        trace: NewTrace {
            id: trace_id(row)?,
            short_id: parsed(row, "short_id")?,
            wall_ms: row.try_get("wall_ms")?,
            scenario_id: row.try_get("scenario_id")?,
            scenario_slug: row.try_get("scenario_slug")?,
            scenario_title: row.try_get("scenario_title")?,
            project: row.try_get("project")?,
            run_id: row.try_get("run_id")?,
            retry: small(row, "retry")?,
            source: parsed(row, "source")?,
            code_sha: row.try_get("code_sha")?,
            // Taken over by a migration out of payloads that nobody had checked for it.
            parent_trace_id: parent.and_then(|text| text.parse().ok()),
            run_start: row.try_get("run_start")?,
        },
        status: parsed(row, "status")?,
        outcome: parsed_opt(row, "outcome")?,
        abort_reason: row.try_get("abort_reason")?,
        tier: parsed(row, "tier")?,
        pinned: row.try_get("pinned")?,
        duration_ms: row.try_get("duration_ms")?,
        failure_signature: row.try_get("failure_signature")?,
        failure_hash: row.try_get("failure_hash")?,
        failed_step: row.try_get("failed_step")?,
        bytes: count(row, "bytes")?,
        events: count(row, "events")?,
        high_water: small(row, "high_water")?,
        high_seq: count(row, "high_seq")?,
        form: parsed(row, "form")?,
        created_ms: row.try_get("created_ms")?,
        finalized_ms: row.try_get("finalized_ms")?,
        finished_ms: row.try_get("finished_ms")?,
    })
}
