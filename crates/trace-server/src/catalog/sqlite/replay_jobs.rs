//! Replays as workers see them: leases, and `(id, attempt)` as the fencing token.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, SqlitePool, Transaction};

use super::{map, replays};
use crate::catalog::{
    CatalogError, ClaimedReplay, OpenReplay, Patience, ReplayEnd, ReplayState, WorkerRow,
};
use crate::clock::EpochMs;
use crate::org::OrgScope;

pub(super) async fn open(pool: &SqlitePool) -> Result<Vec<OpenReplay>, CatalogError> {
    let rows = sqlx::query(
        "SELECT org_id, replay_id, project, json_extract(request, '$.suite') AS suite FROM replays
         WHERE ended_ms IS NULL AND state = 'queued' ORDER BY created_ms LIMIT 10000",
    )
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OpenReplay {
                org: map::org(row)?,
                id: row.try_get("replay_id")?,
                project: row.try_get("project")?,
                suite: row.try_get("suite")?,
            })
        })
        .collect()
}

pub(super) async fn claim(
    mut tx: Transaction<'static, Sqlite>,
    open: &OpenReplay,
    worker: &str,
    now: EpochMs,
    lease_ms: u64,
) -> Result<Option<ClaimedReplay>, CatalogError> {
    let row = sqlx::query(
        "UPDATE replays SET state = 'ready', attempt = attempt + 1, worker = ?3,
             lease_until = ?4 + ?5, started_ms = ?4, code = NULL, message = NULL
         WHERE org_id = ?1 AND replay_id = ?2 AND state = 'queued' RETURNING *",
    )
    .bind(open.org.as_str())
    .bind(&open.id)
    .bind(worker)
    .bind(now)
    .bind(map::int(lease_ms))
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let replay = replays::replay(&row)?;
    let message = "a worker has it";
    replays::say(&mut tx, &open.org, &open.id, ReplayState::Ready, None, message, now).await?;
    tx.commit().await?;
    Ok(Some(ClaimedReplay { org: open.org.clone(), replay }))
}

pub(super) async fn renew(
    pool: &SqlitePool,
    claimed: &ClaimedReplay,
    now: EpochMs,
    lease_ms: u64,
) -> Result<Option<bool>, CatalogError> {
    let row = sqlx::query(
        "UPDATE replays SET lease_until = ?4 + ?5
         WHERE org_id = ?1 AND replay_id = ?2 AND attempt = ?3 AND ended_ms IS NULL
             AND state <> 'queued' RETURNING cancel_ms",
    )
    .bind(claimed.org.as_str())
    .bind(&claimed.replay.new.id)
    .bind(i64::from(claimed.replay.attempt))
    .bind(now)
    .bind(map::int(lease_ms))
    .fetch_optional(pool)
    .await?;
    row.map(|row| Ok(row.try_get::<Option<EpochMs>, _>("cancel_ms")?.is_some())).transpose()
}

/// The state of a replay that this attempt still has.
async fn held(
    tx: &mut Transaction<'static, Sqlite>,
    claimed: &ClaimedReplay,
) -> Result<Option<ReplayState>, CatalogError> {
    let row = sqlx::query(
        "SELECT state FROM replays WHERE org_id = ?1 AND replay_id = ?2 AND attempt = ?3",
    )
    .bind(claimed.org.as_str())
    .bind(&claimed.replay.new.id)
    .bind(i64::from(claimed.replay.attempt))
    .fetch_optional(&mut **tx)
    .await?;
    let state = row.map(|row| map::parsed::<ReplayState>(&row, "state")).transpose()?;
    Ok(state.filter(|state| state.is_held()))
}

pub(super) async fn tell(
    mut tx: Transaction<'static, Sqlite>,
    claimed: &ClaimedReplay,
    state: Option<ReplayState>,
    line: &str,
) -> Result<bool, CatalogError> {
    let Some(now) = held(&mut tx, claimed).await? else { return Ok(false) };
    let (org, id) = (&claimed.org, &claimed.replay.new.id);
    replays::add_line(&mut tx, org, id, line, false).await?;
    if let Some(next) = state.filter(|next| next.is_held() && now.may_become(*next)) {
        sqlx::query("UPDATE replays SET state = ?3 WHERE org_id = ?1 AND replay_id = ?2")
            .bind(org.as_str())
            .bind(id)
            .bind(next.as_str())
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn end(
    mut tx: Transaction<'static, Sqlite>,
    claimed: &ClaimedReplay,
    end: &ReplayEnd,
    now: EpochMs,
) -> Result<bool, CatalogError> {
    let Some(state) = held(&mut tx, claimed).await? else { return Ok(false) };
    if !state.may_become(end.state) {
        return Ok(false);
    }
    let (org, id) = (&claimed.org, &claimed.replay.new.id);
    let text = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
    sqlx::query(
        "UPDATE replays SET state = ?3, code = ?4, message = ?5, child_trace_id = ?6,
             certificate = ?7, timings = ?8, ended_ms = ?9, lease_until = 0,
             queued_ms = CASE WHEN ?3 = 'queued' THEN ?10 ELSE queued_ms END
         WHERE org_id = ?1 AND replay_id = ?2",
    )
    .bind(org.as_str())
    .bind(id)
    .bind(end.state.as_str())
    .bind(&end.code)
    .bind(&end.message)
    .bind(end.child.map(|child| child.to_string()))
    .bind(text(&end.certificate))
    .bind(text(&end.timings))
    .bind(end.state.is_final().then_some(now))
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let (code, message) = (end.code.as_deref(), end.message.as_deref().unwrap_or_default());
    replays::say(&mut tx, org, id, end.state, code, message, now).await?;
    tx.commit().await?;
    Ok(true)
}

const STALE: &str = "SELECT org_id, replay_id, state, lost, cancel_ms FROM replays
    WHERE ended_ms IS NULL
      AND ((state = 'queued' AND queued_ms < ?1) OR (state <> 'queued' AND lease_until < ?2))";

/// Looks before it asks for the one writer: nearly always there is nothing to do.
pub(super) async fn has_stale(
    pool: &SqlitePool,
    patience: Patience,
    now: EpochMs,
) -> Result<bool, CatalogError> {
    let row = sqlx::query(STALE)
        .bind(now.saturating_sub(patience.queue_ms))
        .bind(now)
        .fetch_optional(pool)
        .await?;
    Ok(row.is_some())
}

pub(super) async fn sweep(
    mut tx: Transaction<'static, Sqlite>,
    patience: Patience,
    now: EpochMs,
) -> Result<u64, CatalogError> {
    let rows = sqlx::query(STALE)
        .bind(now.saturating_sub(patience.queue_ms))
        .bind(now)
        .fetch_all(&mut *tx)
        .await?;
    for row in &rows {
        settle(&mut tx, row, patience, now).await?;
    }
    tx.commit().await?;
    Ok(rows.len() as u64)
}

/// A replay that nobody has any more, or that nobody came for.
async fn settle(
    tx: &mut Transaction<'static, Sqlite>,
    row: &SqliteRow,
    patience: Patience,
    now: EpochMs,
) -> Result<(), CatalogError> {
    let (org, id): (OrgScope, String) = (map::org(row)?, row.try_get("replay_id")?);
    let state: ReplayState = map::parsed(row, "state")?;
    let blocked = ReplayState::Blocked;
    if state == ReplayState::Queued {
        let seconds = patience.queue_ms / 1000;
        let message = format!(
            "no worker took it within {seconds} s; start `trace-server worker --role layer2` with a suite for this trace, then ask again"
        );
        return replays::close(tx, &org, &id, blocked, "NO_WORKER", &message, now).await;
    }
    if row.try_get::<Option<EpochMs>, _>("cancel_ms")?.is_some() {
        let message = "it was cancelled, and its worker vanished before it said so";
        let state = ReplayState::Cancelled;
        return replays::close(tx, &org, &id, state, "CANCELLED", message, now).await;
    }
    let lost = map::small(row, "lost")? + 1;
    if lost >= patience.lost {
        let message = format!(
            "{lost} workers vanished while they had it, so it is not given to another; see what ended them"
        );
        return replays::close(tx, &org, &id, blocked, "WORKER_LOST", &message, now).await;
    }
    let message = "its worker vanished; another one begins anew";
    sqlx::query(
        "UPDATE replays SET state = 'queued', lost = ?3, queued_ms = ?4, code = 'WORKER_LOST',
             message = ?5, lease_until = 0
         WHERE org_id = ?1 AND replay_id = ?2",
    )
    .bind(org.as_str())
    .bind(&id)
    .bind(i64::from(lost))
    .bind(now)
    .bind(message)
    .execute(&mut **tx)
    .await?;
    replays::say(tx, &org, &id, ReplayState::Queued, Some("WORKER_LOST"), message, now).await
}

pub(super) async fn meet(pool: &SqlitePool, worker: &WorkerRow) -> Result<(), CatalogError> {
    let suites = serde_json::to_string(&worker.offers)
        .map_err(|_| CatalogError::Row { column: "suites", value: worker.worker.clone() })?;
    sqlx::query(
        "INSERT INTO replay_workers (worker, suites, seen_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (worker) DO UPDATE SET suites = ?2, seen_ms = ?3",
    )
    .bind(&worker.worker)
    .bind(suites)
    .bind(worker.seen_ms)
    .execute(pool)
    .await?;
    // A worker that was killed never says goodbye.
    sqlx::query("DELETE FROM replay_workers WHERE seen_ms < ?1")
        .bind(worker.seen_ms - 86_400_000)
        .execute(pool)
        .await?;
    Ok(())
}

pub(super) async fn forget(pool: &SqlitePool, worker: &str) -> Result<(), CatalogError> {
    sqlx::query("DELETE FROM replay_workers WHERE worker = ?1").bind(worker).execute(pool).await?;
    Ok(())
}

pub(super) async fn workers(
    pool: &SqlitePool,
    since: EpochMs,
) -> Result<Vec<WorkerRow>, CatalogError> {
    let rows =
        sqlx::query("SELECT worker, suites, seen_ms FROM replay_workers WHERE seen_ms >= ?1")
            .bind(since)
            .fetch_all(pool)
            .await?;
    rows.iter()
        .map(|row| {
            let suites: String = row.try_get("suites")?;
            Ok(WorkerRow {
                worker: row.try_get("worker")?,
                offers: serde_json::from_str(&suites)
                    .map_err(|_| CatalogError::Row { column: "suites", value: suites })?,
                seen_ms: row.try_get("seen_ms")?,
            })
        })
        .collect()
}
