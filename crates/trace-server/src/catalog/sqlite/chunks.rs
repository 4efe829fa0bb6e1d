//! Rows of `chunks` and the high-water mark.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, SqlitePool, Transaction};
use trace_core::TraceId;

use super::map::{self, int};
use crate::catalog::{CatalogError, ChunkCommit, ChunkRow};
use crate::clock::EpochMs;
use crate::org::OrgScope;

pub(super) async fn one(
    pool: &SqlitePool,
    org: &OrgScope,
    id: TraceId,
    chunk_no: u32,
) -> Result<Option<ChunkRow>, CatalogError> {
    let row =
        sqlx::query("SELECT * FROM chunks WHERE org_id = ?1 AND trace_id = ?2 AND chunk_no = ?3")
            .bind(org.as_str())
            .bind(id.to_string())
            .bind(i64::from(chunk_no))
            .fetch_optional(pool)
            .await?;
    row.as_ref().map(chunk).transpose()
}

pub(super) async fn all(
    pool: &SqlitePool,
    org: &OrgScope,
    id: TraceId,
) -> Result<Vec<ChunkRow>, CatalogError> {
    let rows =
        sqlx::query("SELECT * FROM chunks WHERE org_id = ?1 AND trace_id = ?2 ORDER BY chunk_no")
            .bind(org.as_str())
            .bind(id.to_string())
            .fetch_all(pool)
            .await?;
    rows.iter().map(chunk).collect()
}

fn chunk(row: &SqliteRow) -> Result<ChunkRow, CatalogError> {
    Ok(ChunkRow {
        chunk_no: map::small(row, "chunk_no")?,
        sha256: row.try_get("sha256")?,
        bytes: map::count(row, "bytes")?,
        raw_bytes: map::count(row, "raw_bytes")?,
        first_seq: map::count(row, "first_seq")?,
        last_seq: map::count(row, "last_seq")?,
        min_ts_us: map::count(row, "min_ts_us")?,
        max_ts_us: map::count(row, "max_ts_us")?,
    })
}

/// The gapless prefix before this chunk, and whether the trace still takes chunks.
struct Head {
    high_water: u32,
    high_seq: u64,
    finalized: bool,
}

pub(super) async fn commit(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    chunk: &ChunkRow,
    now: EpochMs,
) -> Result<ChunkCommit, CatalogError> {
    let head = head(&mut tx, org, id).await?;
    let around = around(&mut tx, org, id, chunk.chunk_no).await?;
    if let Some(found) = around.iter().find(|other| other.chunk_no == chunk.chunk_no) {
        return Ok(if found.sha256 == chunk.sha256 {
            ChunkCommit::Known { high_water: head.high_water }
        } else {
            ChunkCommit::Conflict
        });
    }
    if head.finalized {
        return Ok(ChunkCommit::Finalized);
    }
    if let Some(gap) = gap(chunk, &around) {
        return Ok(gap);
    }
    insert(&mut tx, org, id, chunk).await?;
    let (high_water, high_seq) = advance(&mut tx, org, id, &head).await?;
    touch(&mut tx, org, id, (high_water, high_seq), chunk.bytes, now).await?;
    tx.commit().await?;
    Ok(ChunkCommit::Added { high_water, high_seq })
}

/// Why the chunk does not fit, or nothing: it begins where the one before ends, and ends where the one behind begins.
fn gap(chunk: &ChunkRow, around: &[ChunkRow]) -> Option<ChunkCommit> {
    let before = around.iter().find(|other| other.chunk_no + 1 == chunk.chunk_no);
    let behind = around.iter().find(|other| other.chunk_no == chunk.chunk_no + 1);
    let wanted = match before {
        Some(before) => Some(before.last_seq + 1),
        None => (chunk.chunk_no == 1).then_some(1),
    };
    if let Some(wanted) = wanted.filter(|wanted| *wanted != chunk.first_seq) {
        let neighbour = chunk.chunk_no - 1;
        return Some(ChunkCommit::Gap { wanted, found: chunk.first_seq, neighbour });
    }
    behind.filter(|behind| behind.first_seq != chunk.last_seq + 1).map(|behind| ChunkCommit::Gap {
        wanted: behind.first_seq - 1,
        found: chunk.last_seq,
        neighbour: behind.chunk_no,
    })
}

async fn head(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
) -> Result<Head, CatalogError> {
    let row = sqlx::query(
        "SELECT high_water, high_seq, finalized_ms IS NOT NULL AS finalized FROM traces
         WHERE org_id = ?1 AND trace_id = ?2",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| CatalogError::NoTrace(id.to_string()))?;
    Ok(Head {
        high_water: map::small(&row, "high_water")?,
        high_seq: map::count(&row, "high_seq")?,
        finalized: row.try_get("finalized")?,
    })
}

async fn around(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    chunk_no: u32,
) -> Result<Vec<ChunkRow>, CatalogError> {
    let rows = sqlx::query(
        "SELECT * FROM chunks
         WHERE org_id = ?1 AND trace_id = ?2 AND chunk_no BETWEEN ?3 - 1 AND ?3 + 1",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(i64::from(chunk_no))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(chunk).collect()
}

async fn insert(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    chunk: &ChunkRow,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO chunks (org_id, trace_id, chunk_no, sha256, bytes, raw_bytes, first_seq,
             last_seq, min_ts_us, max_ts_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(i64::from(chunk.chunk_no))
    .bind(&chunk.sha256)
    .bind(int(chunk.bytes))
    .bind(int(chunk.raw_bytes))
    .bind(int(chunk.first_seq))
    .bind(int(chunk.last_seq))
    .bind(int(chunk.min_ts_us))
    .bind(int(chunk.max_ts_us))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The gapless prefix after the insert: a late chunk may close a gap and carry the mark over many.
async fn advance(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    head: &Head,
) -> Result<(u32, u64), CatalogError> {
    let rows = sqlx::query(
        "SELECT chunk_no, last_seq FROM chunks
         WHERE org_id = ?1 AND trace_id = ?2 AND chunk_no > ?3 ORDER BY chunk_no",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(i64::from(head.high_water))
    .fetch_all(&mut **tx)
    .await?;
    let (mut high_water, mut high_seq) = (head.high_water, head.high_seq);
    for row in &rows {
        if map::small(row, "chunk_no")? != high_water + 1 {
            break;
        }
        high_water += 1;
        high_seq = map::count(row, "last_seq")?;
    }
    Ok((high_water, high_seq))
}

async fn touch(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    (high_water, high_seq): (u32, u64),
    bytes: u64,
    now: EpochMs,
) -> Result<(), CatalogError> {
    sqlx::query(
        "UPDATE traces SET high_water = ?3, high_seq = ?4, events = ?4, bytes = bytes + ?5,
             active_ms = MAX(active_ms, ?6)
         WHERE org_id = ?1 AND trace_id = ?2",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(i64::from(high_water))
    .bind(int(high_seq))
    .bind(int(bytes))
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
