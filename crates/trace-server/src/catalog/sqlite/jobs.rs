//! The queue: leases, and `(id, attempt)` as the fencing token.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use super::map::{self, int};
use crate::catalog::{CatalogError, Job, JobCounts, JobEnd};
use crate::clock::EpochMs;
use crate::org::OrgScope;

pub(super) async fn claim(
    pool: &SqlitePool,
    owner: &str,
    now: EpochMs,
    lease_ms: u64,
) -> Result<Option<Job>, CatalogError> {
    let row = sqlx::query(
        "UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_owner = ?1,
             lease_until = ?2 + ?3
         WHERE id = (SELECT id FROM jobs
                     WHERE (state = 'ready' AND run_at <= ?2)
                        OR (state = 'running' AND lease_until < ?2)
                     ORDER BY run_at, id LIMIT 1)
         RETURNING id, org_id, kind, key, payload, attempt, state, step_state, error",
    )
    .bind(owner)
    .bind(now)
    .bind(int(lease_ms))
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(job).transpose()
}

fn job(row: &SqliteRow) -> Result<Job, CatalogError> {
    let steps: String = row.try_get("step_state")?;
    Ok(Job {
        id: row.try_get("id")?,
        org: map::org(row)?,
        kind: row.try_get("kind")?,
        key: row.try_get("key")?,
        trace: map::parsed(row, "payload")?,
        attempt: map::small(row, "attempt")?,
        state: row.try_get("state")?,
        step_state: serde_json::from_str(&steps)
            .map_err(|_| CatalogError::Row { column: "step_state", value: steps })?,
        error: row.try_get("error")?,
    })
}

pub(super) async fn renew(
    pool: &SqlitePool,
    job: &Job,
    now: EpochMs,
    lease_ms: u64,
) -> Result<bool, CatalogError> {
    let done = sqlx::query(
        "UPDATE jobs SET lease_until = ?4 + ?5
         WHERE org_id = ?1 AND id = ?2 AND attempt = ?3 AND state = 'running'",
    )
    .bind(job.org.as_str())
    .bind(job.id)
    .bind(i64::from(job.attempt))
    .bind(now)
    .bind(int(lease_ms))
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn record_step(
    pool: &SqlitePool,
    job: &Job,
    step: &str,
    result: &serde_json::Value,
) -> Result<bool, CatalogError> {
    let done = sqlx::query(
        "UPDATE jobs SET step_state = json_set(step_state, '$.' || ?4, json(?5))
         WHERE org_id = ?1 AND id = ?2 AND attempt = ?3 AND state = 'running'",
    )
    .bind(job.org.as_str())
    .bind(job.id)
    .bind(i64::from(job.attempt))
    .bind(step)
    .bind(result.to_string())
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn end(pool: &SqlitePool, job: &Job, end: &JobEnd) -> Result<bool, CatalogError> {
    let (state, run_at, error) = match end {
        JobEnd::Done => ("done", None, None),
        JobEnd::Retry { run_at, error } => ("ready", Some(*run_at), Some(error.as_str())),
        JobEnd::Dead { error } => ("dead", None, Some(error.as_str())),
        JobEnd::Released => ("ready", None, None),
    };
    let done = sqlx::query(
        "UPDATE jobs SET state = ?4, run_at = COALESCE(?5, run_at), error = ?6,
             lease_owner = NULL, lease_until = 0
         WHERE org_id = ?1 AND id = ?2 AND attempt = ?3 AND state = 'running'",
    )
    .bind(job.org.as_str())
    .bind(job.id)
    .bind(i64::from(job.attempt))
    .bind(state)
    .bind(run_at)
    .bind(error)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn find(
    pool: &SqlitePool,
    org: &OrgScope,
    key: &str,
) -> Result<Option<Job>, CatalogError> {
    let row = sqlx::query("SELECT * FROM jobs WHERE org_id = ?1 AND key = ?2")
        .bind(org.as_str())
        .bind(key)
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(job).transpose()
}

pub(super) async fn counts(pool: &SqlitePool, now: EpochMs) -> Result<JobCounts, CatalogError> {
    let row = sqlx::query(
        "SELECT COUNT(CASE WHEN state = 'ready' THEN org_id END) AS ready,
                COUNT(CASE WHEN state = 'running' THEN org_id END) AS running,
                COUNT(CASE WHEN state = 'dead' THEN org_id END) AS dead,
                COALESCE(MAX(CASE WHEN state = 'ready' AND run_at <= ?1 THEN ?1 - run_at END), 0)
                    AS oldest_due_ms
         FROM jobs",
    )
    .bind(now)
    .fetch_one(pool)
    .await?;
    Ok(JobCounts {
        ready: map::count(&row, "ready")?,
        running: map::count(&row, "running")?,
        dead: map::count(&row, "dead")?,
        oldest_due_ms: map::count(&row, "oldest_due_ms")?,
    })
}
