//! API keys and policies.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use super::map;
use crate::catalog::{CatalogError, KeyRow};
use crate::clock::EpochMs;
use crate::org::OrgScope;

pub(super) async fn insert(
    pool: &SqlitePool,
    org: &OrgScope,
    key: &KeyRow,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO api_keys (key_id, org_id, secret_sha256, scopes, name, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(&key.key_id)
    .bind(org.as_str())
    .bind(&key.secret_sha256)
    .bind(&key.scopes)
    .bind(&key.name)
    .bind(key.created_ms)
    .execute(pool)
    .await?;
    Ok(())
}

pub(super) async fn list(pool: &SqlitePool, org: &OrgScope) -> Result<Vec<KeyRow>, CatalogError> {
    let rows = sqlx::query(
        "SELECT key_id, secret_sha256, scopes, name, created_ms, revoked_ms FROM api_keys
         WHERE org_id = ?1 ORDER BY created_ms DESC, key_id",
    )
    .bind(org.as_str())
    .fetch_all(pool)
    .await?;
    rows.iter().map(key).collect()
}

pub(super) async fn revoke(
    pool: &SqlitePool,
    org: &OrgScope,
    key_id: &str,
    now: EpochMs,
) -> Result<bool, CatalogError> {
    let done = sqlx::query(
        "UPDATE api_keys SET revoked_ms = ?3
         WHERE org_id = ?1 AND key_id = ?2 AND revoked_ms IS NULL",
    )
    .bind(org.as_str())
    .bind(key_id)
    .bind(now)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn find(
    pool: &SqlitePool,
    key_id: &str,
) -> Result<Option<(OrgScope, KeyRow)>, CatalogError> {
    let row = sqlx::query(
        "SELECT org_id, key_id, secret_sha256, scopes, name, created_ms, revoked_ms
         FROM api_keys WHERE key_id = ?1",
    )
    .bind(key_id)
    .fetch_optional(pool)
    .await?;
    row.map(|row| Ok((map::org(&row)?, key(&row)?))).transpose()
}

fn key(row: &SqliteRow) -> Result<KeyRow, CatalogError> {
    Ok(KeyRow {
        key_id: row.try_get("key_id")?,
        secret_sha256: row.try_get("secret_sha256")?,
        scopes: row.try_get("scopes")?,
        name: row.try_get("name")?,
        created_ms: row.try_get("created_ms")?,
        revoked_ms: row.try_get("revoked_ms")?,
    })
}

pub(super) async fn pins_failed(pool: &SqlitePool, org: &OrgScope) -> Result<bool, CatalogError> {
    let pin: Option<bool> = sqlx::query_scalar("SELECT pin_failed FROM orgs WHERE org_id = ?1")
        .bind(org.as_str())
        .fetch_optional(pool)
        .await?;
    Ok(pin.unwrap_or(true))
}

pub(super) async fn set_pins_failed(
    pool: &SqlitePool,
    org: &OrgScope,
    pin: bool,
    now: EpochMs,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO orgs (org_id, pin_failed, created_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (org_id) DO UPDATE SET pin_failed = ?2",
    )
    .bind(org.as_str())
    .bind(pin)
    .bind(now)
    .execute(pool)
    .await?;
    Ok(())
}
