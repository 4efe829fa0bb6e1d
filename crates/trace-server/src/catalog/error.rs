//! What can go wrong with rows.

use thiserror::Error;

/// A failure of the catalog.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The database did not do it.
    #[error("the catalog failed")]
    Sql(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the catalog's schema could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored value that this version cannot have written.
    #[error("the catalog holds `{value}` in `{column}`, which this version does not understand")]
    Row {
        /// The column.
        column: &'static str,
        /// Its value.
        value: String,
    },
    /// The trace of a write is gone.
    #[error("trace `{0}` is not in the catalog")]
    NoTrace(String),
    /// Another trace of the organisation has this short id.
    #[error("short id `{0}` belongs to another trace")]
    ShortIdTaken(String),
}
