//! What an operator can set: one small struct per area, from one optional TOML file and the environment on top.

mod auth;
mod env;
mod jobs;
mod layer2;
mod limits;
mod server;
mod storage;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

pub use auth::AuthConfig;
pub use env::Env;
pub use jobs::JobsConfig;
pub use layer2::{Layer2Config, SuiteConfig};
pub use limits::LimitsConfig;
pub use server::ServerConfig;
pub use storage::StorageConfig;

/// Why the configuration cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A variable holds something else than what it should.
    #[error("environment variable `{name}` is `{value}`; it takes {wanted}")]
    Value {
        /// The variable.
        name: String,
        /// What it holds.
        value: String,
        /// What it takes.
        wanted: &'static str,
    },
    /// A file named by the configuration cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A suite of `layer2` that cannot be replayed.
    #[error("suite `{suite}` of section `layer2`: {fault}")]
    Suite {
        /// Its name.
        suite: String,
        /// What is wrong, and what to write instead.
        fault: &'static str,
    },
    /// The TOML file is no configuration.
    #[error("`{path}` is not a configuration of this server")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
}

/// Everything, by area.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and shutdown.
    pub server: ServerConfig,
    /// Where rows and bytes lie.
    pub storage: StorageConfig,
    /// Sizes and deadlines.
    pub limits: LimitsConfig,
    /// Credentials that are no API keys.
    pub auth: AuthConfig,
    /// Background work.
    pub jobs: JobsConfig,
    /// Replays: how long they wait, and what a worker for them can replay.
    pub layer2: Layer2Config,
}

impl Config {
    /// Defaults, then the file if one is named, then the process's environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config = match file {
            Some(path) => Self::from_file(path)?,
            None => Self::default(),
        };
        config.apply(&Env::of_process())?;
        Ok(config)
    }

    fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| ConfigError::Toml { path: path.to_owned(), source: Box::new(source) })
    }

    fn apply(&mut self, env: &Env) -> Result<(), ConfigError> {
        self.server.apply(env)?;
        self.storage.apply(env)?;
        self.limits.apply(env)?;
        self.auth.apply(env)?;
        self.jobs.apply(env)?;
        self.layer2.check()
    }

    /// A server in a private directory on a free port, with jobs that react at once.
    pub fn for_testing(data_dir: &Path) -> Self {
        Self {
            server: ServerConfig { port: 0, ..ServerConfig::default() },
            storage: StorageConfig { data_dir: data_dir.to_owned(), staging: None },
            limits: LimitsConfig::default(),
            auth: AuthConfig::default(),
            jobs: JobsConfig::for_testing(),
            layer2: Layer2Config::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_wins_over_the_file_and_mistakes_are_named() {
        let mut config: Config = toml::from_str("[server]\nport = 1\n[jobs]\nworkers = 3").unwrap();
        config.apply(&Env::of([("TRACE_PORT", "2")])).unwrap();
        assert_eq!((config.server.port, config.jobs.workers), (2, 3));
        let error = config.apply(&Env::of([("TRACE_PORT", "many")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable `TRACE_PORT` is `many`; it takes a port number, 0 for any free one"
        );
        assert!(toml::from_str::<Config>("[server]\nprot = 1").is_err());
    }
}
