//! Closing a trace, and enqueuing what follows in the same transaction.

use std::collections::HashSet;

use sqlx::{Row, Sqlite, SqlitePool, Transaction};
use trace_core::TraceId;

use super::map;
use crate::catalog::{CatalogError, FinalizeCommit, FinalizeRequest, Outcome};
use crate::clock::EpochMs;
use crate::org::OrgScope;

/// More than so many missing numbers help nobody.
const MISSING_NAMED: usize = 1000;

pub(super) async fn finalize(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    request: &FinalizeRequest,
    now: EpochMs,
) -> Result<FinalizeCommit, CatalogError> {
    if let Some(refusal) = already(&mut tx, org, id, request).await? {
        return Ok(refusal);
    }
    if let Some((chunks, last_seq)) = request.expect
        && let Some(refusal) = incomplete(&mut tx, org, id, chunks, last_seq).await?
    {
        return Ok(refusal);
    }
    sqlx::query(
        "UPDATE traces SET status = 'queued', outcome = ?3, abort_reason = ?4, finalized_ms = ?5
         WHERE org_id = ?1 AND trace_id = ?2",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(request.outcome.as_str())
    .bind(&request.reason)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO jobs (org_id, kind, key, payload, run_at)
         VALUES (?1, 'postprocess', 'postprocess/' || ?1 || '/' || ?2, ?2, ?3)
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(FinalizeCommit::Closed)
}

async fn already(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    request: &FinalizeRequest,
) -> Result<Option<FinalizeCommit>, CatalogError> {
    let row = sqlx::query(
        "SELECT finalized_ms, outcome, active_ms FROM traces WHERE org_id = ?1 AND trace_id = ?2",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| CatalogError::NoTrace(id.to_string()))?;
    if row.try_get::<Option<EpochMs>, _>("finalized_ms")?.is_some() {
        let outcome: Outcome = map::parsed(&row, "outcome")?;
        let same = outcome == request.outcome;
        return Ok(Some(if same {
            FinalizeCommit::Already
        } else {
            FinalizeCommit::Other(outcome)
        }));
    }
    let active: EpochMs = row.try_get("active_ms")?;
    let awake = request.idle_since.is_some_and(|since| active >= since);
    Ok(awake.then_some(FinalizeCommit::Awake))
}

async fn incomplete(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    chunks: u32,
    last_seq: u64,
) -> Result<Option<FinalizeCommit>, CatalogError> {
    let rows = sqlx::query(
        "SELECT chunk_no, last_seq FROM chunks WHERE org_id = ?1 AND trace_id = ?2
         ORDER BY chunk_no",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    let mut there = HashSet::new();
    let mut found = (0, 0);
    for row in &rows {
        found = (map::small(row, "chunk_no")?, map::count(row, "last_seq")?);
        there.insert(found.0);
    }
    let missing: Vec<u32> =
        (1..=chunks).filter(|n| !there.contains(n)).take(MISSING_NAMED).collect();
    if !missing.is_empty() {
        return Ok(Some(FinalizeCommit::Missing(missing)));
    }
    let fits = found == (chunks, last_seq);
    Ok((!fits).then_some(FinalizeCommit::Mismatch { chunks: found.0, last_seq: found.1 }))
}

pub(super) async fn idle(
    pool: &SqlitePool,
    before: EpochMs,
    limit: u32,
) -> Result<Vec<(OrgScope, TraceId)>, CatalogError> {
    let rows = sqlx::query(
        "SELECT org_id, trace_id FROM traces WHERE finalized_ms IS NULL AND active_ms < ?1
         ORDER BY active_ms LIMIT ?2",
    )
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((map::org(row)?, map::trace_id(row)?))).collect()
}
