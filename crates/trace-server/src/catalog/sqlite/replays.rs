//! Rows of `replays` and `replay_progress`, as readers and callers see them.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, SqlitePool, Transaction};
use trace_core::TraceId;

use super::map;
use crate::catalog::{
    Cancelled, CatalogError, NewReplay, ProgressLine, Replay, ReplayState, Requested,
};
use crate::clock::EpochMs;
use crate::org::OrgScope;

/// A replay tells some dozens of lines; one that tells more than this is broken, and its last line still has a place.
const MAX_LINES: i64 = 5000;

pub(super) async fn request(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    new: &NewReplay,
    open_limit: u64,
    now: EpochMs,
) -> Result<Requested, CatalogError> {
    if let Some(known) = by_key(&mut tx, org, new.idempotency_key.as_deref()).await? {
        let same = known.new.trace == new.trace && known.new.request == new.request;
        return Ok(if same { Requested::Known(known) } else { Requested::KeyReused });
    }
    let open: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM replays WHERE org_id = ?1 AND ended_ms IS NULL")
            .bind(org.as_str())
            .fetch_one(&mut *tx)
            .await?;
    if open >= map::int(open_limit) {
        return Ok(Requested::TooMany);
    }
    let request = serde_json::to_string(&new.request).map_err(|_| broken(&new.id))?;
    sqlx::query(
        "INSERT INTO replays (org_id, replay_id, trace_id, project, request, idempotency_key,
             created_ms, queued_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    )
    .bind(org.as_str())
    .bind(&new.id)
    .bind(new.trace.to_string())
    .bind(&new.project)
    .bind(request)
    .bind(&new.idempotency_key)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    say(&mut tx, org, &new.id, ReplayState::Queued, None, "asked for", now).await?;
    let row = sqlx::query("SELECT * FROM replays WHERE org_id = ?1 AND replay_id = ?2")
        .bind(org.as_str())
        .bind(&new.id)
        .fetch_one(&mut *tx)
        .await?;
    let replay = replay(&row)?;
    tx.commit().await?;
    Ok(Requested::New(replay))
}

fn broken(id: &str) -> CatalogError {
    CatalogError::Row { column: "request", value: id.to_owned() }
}

async fn by_key(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    key: Option<&str>,
) -> Result<Option<Replay>, CatalogError> {
    let Some(key) = key else { return Ok(None) };
    let row = sqlx::query("SELECT * FROM replays WHERE org_id = ?1 AND idempotency_key = ?2")
        .bind(org.as_str())
        .bind(key)
        .fetch_optional(&mut **tx)
        .await?;
    row.as_ref().map(replay).transpose()
}

/// A row of `replays`.
pub(super) fn replay(row: &SqliteRow) -> Result<Replay, CatalogError> {
    let id: String = row.try_get("replay_id")?;
    let request: String = row.try_get("request")?;
    Ok(Replay {
        new: NewReplay {
            trace: map::trace_id(row)?,
            project: row.try_get("project")?,
            request: serde_json::from_str(&request).map_err(|_| broken(&id))?,
            idempotency_key: row.try_get("idempotency_key")?,
            id,
        },
        state: map::parsed(row, "state")?,
        code: row.try_get("code")?,
        message: row.try_get("message")?,
        child: map::parsed_opt(row, "child_trace_id")?,
        certificate: json_of(row, "certificate")?,
        timings: json_of(row, "timings")?,
        attempt: map::small(row, "attempt")?,
        cancel_ms: row.try_get("cancel_ms")?,
        created_ms: row.try_get("created_ms")?,
        started_ms: row.try_get("started_ms")?,
        ended_ms: row.try_get("ended_ms")?,
    })
}

fn json_of(row: &SqliteRow, column: &'static str) -> Result<Option<Value>, CatalogError> {
    let text: Option<String> = row.try_get(column)?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|_| CatalogError::Row { column, value: text })
    };
    text.map(read).transpose()
}

pub(super) async fn find(
    pool: &SqlitePool,
    org: &OrgScope,
    id: &str,
) -> Result<Option<Replay>, CatalogError> {
    let row = sqlx::query("SELECT * FROM replays WHERE org_id = ?1 AND replay_id = ?2")
        .bind(org.as_str())
        .bind(id)
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(replay).transpose()
}

pub(super) async fn of_trace(
    pool: &SqlitePool,
    org: &OrgScope,
    trace: TraceId,
) -> Result<Vec<Replay>, CatalogError> {
    let rows = sqlx::query(
        "SELECT * FROM replays WHERE org_id = ?1 AND trace_id = ?2
         ORDER BY created_ms DESC, replay_id LIMIT 200",
    )
    .bind(org.as_str())
    .bind(trace.to_string())
    .fetch_all(pool)
    .await?;
    rows.iter().map(replay).collect()
}

pub(super) async fn progress(
    pool: &SqlitePool,
    org: &OrgScope,
    id: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<ProgressLine>, CatalogError> {
    let rows = sqlx::query(
        "SELECT n, line FROM replay_progress WHERE org_id = ?1 AND replay_id = ?2 AND n > ?3
         ORDER BY n LIMIT ?4",
    )
    .bind(org.as_str())
    .bind(id)
    .bind(map::int(after))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| Ok(ProgressLine { n: map::count(row, "n")?, line: row.try_get("line")? }))
        .collect()
}

pub(super) async fn cancel(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: &str,
    now: EpochMs,
) -> Result<Cancelled, CatalogError> {
    let row = sqlx::query("SELECT state FROM replays WHERE org_id = ?1 AND replay_id = ?2")
        .bind(org.as_str())
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else { return Ok(Cancelled::Missing) };
    let state: ReplayState = map::parsed(&row, "state")?;
    if state.is_final() {
        return Ok(Cancelled::Over(state));
    }
    sqlx::query(
        "UPDATE replays SET cancel_ms = COALESCE(cancel_ms, ?3)
         WHERE org_id = ?1 AND replay_id = ?2",
    )
    .bind(org.as_str())
    .bind(id)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let is_queued = state == ReplayState::Queued;
    if is_queued {
        let message = "it was cancelled before a worker took it";
        close(&mut tx, org, id, ReplayState::Cancelled, "CANCELLED", message, now).await?;
    }
    tx.commit().await?;
    Ok(if is_queued { Cancelled::Done } else { Cancelled::Asked })
}

/// Brings a replay to a final state that no worker has found.
pub(super) async fn close(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: &str,
    state: ReplayState,
    code: &str,
    message: &str,
    now: EpochMs,
) -> Result<(), CatalogError> {
    sqlx::query(
        "UPDATE replays SET state = ?3, code = ?4, message = ?5, ended_ms = ?6, lease_until = 0
         WHERE org_id = ?1 AND replay_id = ?2",
    )
    .bind(org.as_str())
    .bind(id)
    .bind(state.as_str())
    .bind(code)
    .bind(message)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    say(tx, org, id, state, Some(code), message, now).await
}

/// A line of the server's own.
pub(super) async fn say(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: &str,
    state: ReplayState,
    code: Option<&str>,
    message: &str,
    now: EpochMs,
) -> Result<(), CatalogError> {
    let mut line = json!({ "at_ms": now, "state": state, "message": message });
    if let Some(code) = code {
        line["code"] = code.into();
    }
    add_line(tx, org, id, &line.to_string(), state.is_final()).await
}

/// Numbers a line and keeps it. Only a last line is kept beyond the limit.
pub(super) async fn add_line(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: &str,
    line: &str,
    is_last: bool,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO replay_progress (org_id, replay_id, n, line)
         SELECT ?1, ?2, COALESCE(MAX(n), 0) + 1, ?3 FROM replay_progress
         WHERE org_id = ?1 AND replay_id = ?2
         HAVING ?4 OR COUNT(*) < ?5",
    )
    .bind(org.as_str())
    .bind(id)
    .bind(line)
    .bind(is_last)
    .bind(MAX_LINES)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
