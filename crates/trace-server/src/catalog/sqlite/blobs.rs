//! Blobs, who may read them, and artifacts.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, SqlitePool, Transaction};
use trace_core::TraceId;

use super::map::{self, int};
use crate::catalog::{ArtifactRow, BlobRow, CatalogError, NewBlob};
use crate::clock::EpochMs;
use crate::org::OrgScope;

pub(super) async fn claim(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    digests: &[String],
    now: EpochMs,
) -> Result<Vec<bool>, CatalogError> {
    let mut held = Vec::with_capacity(digests.len());
    for sha256 in digests {
        // One statement whether or not anybody holds the blob: what other organisations have shows neither in the answer nor in
        // the work done for it.
        let linked = sqlx::query(
            "INSERT INTO trace_blobs (org_id, trace_id, sha256, size, media_type)
             SELECT org_id, ?2, sha256, size, media_type FROM trace_blobs
             WHERE org_id = ?1 AND sha256 = ?3 LIMIT 1
             ON CONFLICT DO UPDATE SET size = size RETURNING 1",
        )
        .bind(org.as_str())
        .bind(id.to_string())
        .bind(sha256)
        .fetch_optional(&mut *tx)
        .await?;
        held.push(linked.is_some());
    }
    touch(&mut tx, org, id, now).await?;
    tx.commit().await?;
    Ok(held)
}

async fn touch(
    tx: &mut Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    now: EpochMs,
) -> Result<(), CatalogError> {
    sqlx::query(
        "UPDATE traces SET active_ms = MAX(active_ms, ?3) WHERE org_id = ?1 AND trace_id = ?2",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn stored(
    pool: &SqlitePool,
    sha256: &str,
) -> Result<Option<BlobRow>, CatalogError> {
    let row = sqlx::query(
        "SELECT sha256, size, stored_bytes, encoding, '' AS media_type FROM blobs WHERE sha256 = ?1",
    )
    .bind(sha256)
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(blob).transpose()
}

pub(super) async fn commit(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    new: &NewBlob,
    now: EpochMs,
) -> Result<bool, CatalogError> {
    sqlx::query(
        "INSERT INTO blobs (sha256, size, stored_bytes, encoding, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )
    .bind(&new.sha256)
    .bind(int(new.size))
    .bind(int(new.stored_bytes))
    .bind(if new.zstd { "zstd" } else { "identity" })
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let done = sqlx::query(
        "INSERT INTO trace_blobs (org_id, trace_id, sha256, size, media_type)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(&new.sha256)
    .bind(int(new.size))
    .bind(&new.media_type)
    .execute(&mut *tx)
    .await?;
    touch(&mut tx, org, id, now).await?;
    tx.commit().await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn of_trace(
    pool: &SqlitePool,
    org: &OrgScope,
    id: TraceId,
    sha256: &str,
) -> Result<Option<BlobRow>, CatalogError> {
    let row = sqlx::query(
        "SELECT t.sha256, t.size, t.media_type, b.stored_bytes, b.encoding
         FROM trace_blobs t JOIN blobs b ON b.sha256 = t.sha256
         WHERE t.org_id = ?1 AND t.trace_id = ?2 AND t.sha256 = ?3",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(sha256)
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(blob).transpose()
}

pub(super) async fn all_of_trace(
    pool: &SqlitePool,
    org: &OrgScope,
    id: TraceId,
) -> Result<Vec<BlobRow>, CatalogError> {
    let rows = sqlx::query(
        "SELECT t.sha256, t.size, t.media_type, b.stored_bytes, b.encoding
         FROM trace_blobs t JOIN blobs b ON b.sha256 = t.sha256
         WHERE t.org_id = ?1 AND t.trace_id = ?2 ORDER BY t.sha256",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .fetch_all(pool)
    .await?;
    rows.iter().map(blob).collect()
}

fn blob(row: &SqliteRow) -> Result<BlobRow, CatalogError> {
    Ok(BlobRow {
        sha256: row.try_get("sha256")?,
        size: map::count(row, "size")?,
        media_type: row.try_get("media_type")?,
        stored_bytes: map::count(row, "stored_bytes")?,
        zstd: row.try_get::<String, _>("encoding")? == "zstd",
    })
}

pub(super) async fn commit_artifact(
    mut tx: Transaction<'static, Sqlite>,
    org: &OrgScope,
    id: TraceId,
    new: &ArtifactRow,
    now: EpochMs,
) -> Result<ArtifactRow, CatalogError> {
    let row = sqlx::query(
        "INSERT INTO artifacts (org_id, trace_id, name, sha256, bytes, made_by, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (org_id, trace_id, name) DO UPDATE SET
             sha256 = CASE WHEN made_by = 'server' THEN excluded.sha256 ELSE sha256 END,
             bytes = CASE WHEN made_by = 'server' THEN excluded.bytes ELSE bytes END
         RETURNING name, sha256, bytes, made_by",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .bind(&new.name)
    .bind(&new.sha256)
    .bind(int(new.bytes))
    .bind(if new.ours { "server" } else { "recorder" })
    .bind(now)
    .fetch_one(&mut *tx)
    .await?;
    let artifact = artifact(&row)?;
    touch(&mut tx, org, id, now).await?;
    tx.commit().await?;
    Ok(artifact)
}

pub(super) async fn artifacts(
    pool: &SqlitePool,
    org: &OrgScope,
    id: TraceId,
) -> Result<Vec<ArtifactRow>, CatalogError> {
    let rows = sqlx::query(
        "SELECT name, sha256, bytes, made_by FROM artifacts
         WHERE org_id = ?1 AND trace_id = ?2 ORDER BY name",
    )
    .bind(org.as_str())
    .bind(id.to_string())
    .fetch_all(pool)
    .await?;
    rows.iter().map(artifact).collect()
}

fn artifact(row: &SqliteRow) -> Result<ArtifactRow, CatalogError> {
    Ok(ArtifactRow {
        name: row.try_get("name")?,
        sha256: row.try_get("sha256")?,
        bytes: map::count(row, "bytes")?,
        ours: row.try_get::<String, _>("made_by")? == "server",
    })
}
