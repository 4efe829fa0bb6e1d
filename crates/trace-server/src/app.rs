//! Everything a handler or a job can reach.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use trace_core::TraceId;
use trace_core::blob::TracePrefix;

use crate::catalog::{Catalog, SqliteCatalog, TraceRecord, TraceRef};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::AppError;
use crate::ingest::TraceLocks;
use crate::live::Hub;
use crate::org::OrgScope;
use crate::store::Store;
use crate::telemetry::Metrics;

/// The server's parts. Shared, never copied.
#[derive(Debug)]
pub struct App {
    /// What the operator set.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Rows.
    pub catalog: Arc<dyn Catalog>,
    /// Bytes.
    pub store: Store,
    /// Who watches what.
    pub hub: Hub,
    /// One writer per trace at a time.
    pub locks: TraceLocks,
    /// A job was enqueued.
    pub job_wake: Notify,
    /// The process is ending.
    pub shutdown: CancellationToken,
    /// Counters.
    pub metrics: Metrics,
    url: OnceLock<String>,
}

impl App {
    /// Opens the data directory, making it if it is not there.
    pub async fn open(config: Config, clock: Clock) -> anyhow::Result<Arc<Self>> {
        let catalog = Self::open_catalog(&config).await?;
        empty(&config.storage.staging_dir())?;
        let store = Store::directory(&config.storage.store_dir())?;
        Ok(Arc::new(Self {
            config,
            clock,
            catalog: Arc::new(catalog),
            store,
            hub: Hub::default(),
            locks: TraceLocks::default(),
            job_wake: Notify::new(),
            shutdown: CancellationToken::new(),
            metrics: Metrics::new(),
            url: OnceLock::new(),
        }))
    }

    /// The rows alone, for commands that run beside a server.
    pub async fn open_catalog(config: &Config) -> anyhow::Result<SqliteCatalog> {
        for dir in [config.storage.store_dir(), config.storage.staging_dir()] {
            make_private_dir(&dir)?;
        }
        let file = config.storage.catalog_file();
        let context = || format!("cannot open catalog `{}`", file.display());
        SqliteCatalog::open(&file).await.with_context(context)
    }

    /// The address that links show: the configured one, else where we really listen.
    pub fn url(&self) -> &str {
        let configured = self.config.server.public_url.trim_end_matches('/');
        if configured.is_empty() {
            self.url.get().map_or("http://127.0.0.1:4173", String::as_str)
        } else {
            configured
        }
    }

    /// Remembers where we listen; the first call counts.
    pub fn listens_at(&self, url: String) {
        self.url.get_or_init(|| url);
    }

    /// The page of a trace.
    pub fn trace_url(&self, id: TraceId) -> String {
        format!("{}/traces/{id}", self.url())
    }

    /// The trace of that id in this organisation; the same 404 for a malformed, a missing and a foreign id.
    pub async fn trace(&self, org: &OrgScope, id: &str) -> Result<TraceRecord, AppError> {
        let trace = TraceRef::parse(id).ok_or_else(AppError::not_found)?;
        self.catalog.find_trace(org, &trace).await?.ok_or_else(AppError::not_found)
    }

    /// Where a trace's objects lie.
    pub fn prefix(
        org: &OrgScope,
        record: &TraceRecord,
    ) -> Result<TracePrefix, trace_core::blob::KeyError> {
        let wall_ms = u64::try_from(record.trace.wall_ms).unwrap_or(0);
        TracePrefix::new(org.id(), wall_ms, record.trace.id)
    }
}

/// Readable by the server's user alone: traces hold what tests saw.
fn make_private_dir(dir: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).with_context(|| format!("cannot make directory `{}`", dir.display()))
}

/// What a killed process was receiving was never acknowledged.
fn empty(dir: &Path) -> anyhow::Result<()> {
    let context = || format!("cannot empty `{}`", dir.display());
    for entry in std::fs::read_dir(dir).with_context(context)? {
        let entry = entry.with_context(context)?;
        let is_dir = entry.file_type().with_context(context)?.is_dir();
        let remove = if is_dir { std::fs::remove_dir_all } else { std::fs::remove_file };
        remove(entry.path()).with_context(context)?;
    }
    Ok(())
}
