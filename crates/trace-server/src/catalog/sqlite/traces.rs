//! Rows of `traces`.

use sqlx::{Sqlite, SqlitePool, Transaction};
use trace_core::TraceId;

use super::map::{self, int};
use crate::catalog::{
    CatalogError, Form, ListFilter, NewTrace, PostRow, Source, Status, Tier, TraceRecord, TraceRef,
};
use crate::clock::EpochMs;
use crate::org::OrgScope;

pub(super) async fn register(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    new: &NewTrace,
    now: EpochMs,
) -> Result<(TraceRecord, bool), CatalogError> {
    let added = insert(&mut tx, org, new, now).await?;
    let row = sqlx::query("SELECT * FROM traces WHERE org_id = ?1 AND trace_id = ?2")
        .bind(org.as_str())
        .bind(new.id.to_string())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else {
        return Err(CatalogError::ShortIdTaken(new.short_id.to_string()));
    };
    let record = map::trace(&row)?;
    tx.commit().await?;
    Ok((record, added))
}

async fn insert(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    new: &NewTrace,
    now: EpochMs,
) -> Result<bool, CatalogError> {
    let done = sqlx::query(
        "INSERT INTO traces (org_id, trace_id, short_id, wall_ms, scenario_id, scenario_slug,
             scenario_title, project, run_id, retry, source, code_sha, run_start, status,
             created_ms, active_ms, parent_trace_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'running', ?14, ?14, ?15)
         ON CONFLICT DO NOTHING",
    )
    .bind(org.as_str())
    .bind(new.id.to_string())
    .bind(new.short_id.as_str())
    .bind(new.wall_ms)
    .bind(&new.scenario_id)
    .bind(&new.scenario_slug)
    .bind(&new.scenario_title)
    .bind(&new.project)
    .bind(&new.run_id)
    .bind(i64::from(new.retry))
    .bind(new.source.as_str())
    .bind(&new.code_sha)
    .bind(&new.run_start)
    .bind(now)
    .bind(new.parent_trace_id.map(|id| id.to_string()))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn find(
    pool: &SqlitePool,
    org: &OrgScope,
    trace: &TraceRef,
) -> Result<Option<TraceRecord>, CatalogError> {
    let (query, id) = match trace {
        TraceRef::Id(id) => (
            sqlx::query("SELECT * FROM traces WHERE org_id = ?1 AND trace_id = ?2"),
            id.to_string(),
        ),
        TraceRef::Short(id) => (
            sqlx::query("SELECT * FROM traces WHERE org_id = ?1 AND short_id = ?2"),
            id.to_string(),
        ),
    };
    let row = query.bind(org.as_str()).bind(id).fetch_optional(pool).await?;
    row.as_ref().map(map::trace).transpose()
}

/// One statement for every combination of filters: a filter that is not set is NULL and lets everything through.
const LIST: &str = "
    SELECT traces.* FROM traces
    WHERE traces.org_id = ?1
      AND (?2 IS NULL OR status = ?2)
      AND (?3 IS NULL OR source = ?3)
      AND (?4 IS NULL OR failure_signature = ?4 OR failure_hash = ?4)
      AND (?5 IS NULL OR tier = ?5)
      AND (?6 IS NULL OR scenario_slug = ?6 OR scenario_id = ?6)
      AND (?7 IS NULL OR run_id = ?7)
      AND (?8 IS NULL OR created_ms >= ?8)
      AND (?9 IS NULL OR created_ms < ?9)
      AND (?10 IS NULL OR pinned = ?10)
      AND (?11 IS NULL OR (created_ms, trace_id) < (?11, ?12))
      AND (?13 IS NULL OR row_no IN
          (SELECT rowid FROM trace_text WHERE trace_text MATCH ?13 AND org_id = ?1))
    ORDER BY created_ms DESC, trace_id DESC
    LIMIT ?14";

pub(super) async fn list(
    pool: &SqlitePool,
    org: &OrgScope,
    filter: &ListFilter,
) -> Result<Vec<TraceRecord>, CatalogError> {
    let after = filter.after.as_ref();
    let rows = sqlx::query(LIST)
        .bind(org.as_str())
        .bind(filter.status.map(Status::as_str))
        .bind(filter.source.map(Source::as_str))
        .bind(&filter.signature)
        .bind(filter.tier.map(Tier::as_str))
        .bind(&filter.scenario)
        .bind(&filter.run)
        .bind(filter.from_ms)
        .bind(filter.to_ms)
        .bind(filter.pinned)
        .bind(after.map(|cursor| cursor.created_ms))
        .bind(after.map(|cursor| cursor.trace_id.as_str()))
        .bind(&filter.tokens)
        .bind(i64::from(filter.limit))
        .fetch_all(pool)
        .await?;
    rows.iter().map(map::trace).collect()
}

/// Traces that say that they are replays of this one, oldest first.
pub(super) async fn children(
    pool: &SqlitePool,
    org: &OrgScope,
    parent: TraceId,
) -> Result<Vec<TraceRecord>, CatalogError> {
    let rows = sqlx::query(
        "SELECT * FROM traces WHERE org_id = ?1 AND parent_trace_id = ?2
         ORDER BY created_ms, trace_id LIMIT 200",
    )
    .bind(org.as_str())
    .bind(parent.to_string())
    .fetch_all(pool)
    .await?;
    rows.iter().map(map::trace).collect()
}

pub(super) async fn set_pinned(
    pool: &SqlitePool,
    org: &OrgScope,
    id: TraceId,
    pinned: bool,
) -> Result<(), CatalogError> {
    sqlx::query("UPDATE traces SET pinned = ?3 WHERE org_id = ?1 AND trace_id = ?2")
        .bind(org.as_str())
        .bind(id.to_string())
        .bind(pinned)
        .execute(pool)
        .await?;
    Ok(())
}

pub(super) async fn set_form(
    pool: &SqlitePool,
    org: &OrgScope,
    id: TraceId,
    form: Form,
    bytes: u64,
) -> Result<(), CatalogError> {
    // A job that runs for the second time must not take the trace back to an earlier form.
    sqlx::query(
        "UPDATE traces SET form = ?3, bytes = ?4
         WHERE org_id = ?1 AND trace_id = ?2 AND NOT (form = 'archived' AND ?3 <> 'archived')",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(form.as_str())
    .bind(int(bytes))
    .execute(pool)
    .await?;
    Ok(())
}

pub(super) async fn set_outcome(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    row: &PostRow,
    now: EpochMs,
) -> Result<(), CatalogError> {
    // COALESCE: repeating the job must not change when it was finished first. A pin is set here at most once, so that an unpin
    // by hand stays even if the job runs again.
    let row_no: Option<i64> = sqlx::query_scalar(
        "UPDATE traces SET status = ?3, duration_ms = ?4, events = ?5, failure_signature = ?6,
             failure_hash = ?7, failed_step = ?8,
             pinned = CASE WHEN finished_ms IS NULL AND ?9 THEN 1 ELSE pinned END,
             finished_ms = COALESCE(finished_ms, ?10)
         WHERE org_id = ?1 AND trace_id = ?2 RETURNING row_no",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(row.status.as_str())
    .bind(row.duration_ms)
    .bind(int(row.events))
    .bind(&row.failure_signature)
    .bind(&row.failure_hash)
    .bind(&row.failed_step)
    .bind(row.pin)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    let row_no = row_no.ok_or_else(|| CatalogError::NoTrace(id.to_string()))?;
    sqlx::query("DELETE FROM trace_text WHERE rowid = ?1 AND org_id = ?2")
        .bind(row_no)
        .bind(org.as_str())
        .execute(&mut *tx)
        .await?;
    sqlx::query("INSERT INTO trace_text (rowid, org_id, tokens) VALUES (?1, ?2, ?3)")
        .bind(row_no)
        .bind(org.as_str())
        .bind(&row.search_text)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
