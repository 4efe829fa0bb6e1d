//! Connections and schema.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr, SqlitePool};

use crate::catalog::CatalogError;

/// Every migration, oldest first: only ever appended to.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "catalog", include_str!("../../../migrations/sqlite/0001_catalog.sql")),
    (2, "replays", include_str!("../../../migrations/sqlite/0002_replays.sql")),
];

/// Readers beside the one writer; each is a thread of its own.
const READERS: u32 = 4;

/// The writer and the readers of a file, its schema brought up to date.
pub(super) async fn pools(path: &Path) -> Result<(SqlitePool, SqlitePool), CatalogError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5));
    let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    migrator().run(&writer).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_lazy_with(options.read_only(true).create_if_missing(false));
    Ok((writer, readers))
}

fn migrator() -> Migrator {
    Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|(version, name, sql)| {
                let kind = MigrationType::Simple;
                Migration::new(*version, Cow::Borrowed(name), kind, sql.into_sql_str(), false)
            })
            .collect(),
    )
}
