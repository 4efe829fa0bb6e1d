//! Where rows and bytes lie.

use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigError, Env};

/// The data directory and what stands in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// `TRACE_DATA_DIR`: holds `catalog.sqlite`, `store/` and `staging/`.
    pub data_dir: PathBuf,
    /// Uploads on their way in, where a process has a place of its own for them: a worker beside a server.
    #[serde(skip)]
    pub staging: Option<PathBuf>,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self { data_dir: PathBuf::from(".molar-server"), staging: None }
    }
}

impl StorageConfig {
    /// The catalog's file.
    pub fn catalog_file(&self) -> PathBuf {
        self.data_dir.join("catalog.sqlite")
    }

    /// The object store's directory.
    pub fn store_dir(&self) -> PathBuf {
        self.data_dir.join("store")
    }

    /// Uploads on their way in; emptied at start, since nothing in it was acknowledged.
    pub fn staging_dir(&self) -> PathBuf {
        self.staging.clone().unwrap_or_else(|| self.data_dir.join("staging"))
    }

    pub(super) fn apply(&mut self, env: &Env) -> Result<(), ConfigError> {
        env.set("TRACE_DATA_DIR", "a directory", &mut self.data_dir)
    }
}
