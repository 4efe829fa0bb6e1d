//! Replays: how long they wait, and the suites that a worker of this machine can replay.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::ConfigError;
use crate::org::OrgScope;

/// What servers and workers of replays have to agree on, and what only a worker needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layer2Config {
    /// How long a claimed replay belongs to its worker without a heartbeat, in milliseconds.
    pub lease_ms: u64,
    /// How often a worker looks for replays, and a stream for news, in milliseconds.
    pub poll_ms: u64,
    /// How many workers may vanish with one replay before it is given up. A replay is work in a real application, so not many.
    pub max_lost: u32,
    /// How long a replay waits for a worker, in seconds.
    pub queue_seconds: u64,
    /// Unfinished replays of one organisation.
    pub open_per_org: u64,
    /// Replays at a time in one worker.
    pub slots: usize,
    /// Where a worker keeps what replays open until they close it; `layer2` in the data directory when absent.
    pub home: Option<PathBuf>,
    /// The `replay-runner` to start; this program itself when absent.
    pub runner: Option<PathBuf>,
    /// What can be replayed.
    pub suites: Vec<SuiteConfig>,
}

impl Default for Layer2Config {
    fn default() -> Self {
        Self {
            lease_ms: 30_000,
            poll_ms: 500,
            max_lost: 2,
            queue_seconds: 3600,
            open_per_org: 50,
            slots: 1,
            home: None,
            runner: None,
            suites: Vec::new(),
        }
    }
}

/// One suite: where its code lies and what it needs. Nothing of this ever comes from a trace or from a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteConfig {
    /// Its name.
    pub name: String,
    /// Whose traces it takes.
    #[serde(deserialize_with = "org")]
    pub org: OrgScope,
    /// Playwright's projects that it takes traces of; every one when empty.
    #[serde(default)]
    pub projects: Vec<String>,
    /// The working directory of the code: a repository, or a folder.
    pub root: PathBuf,
    /// The suite's folder below it, where Playwright's configuration lies.
    #[serde(default)]
    pub folder: PathBuf,
    /// Playwright's configuration, relative to the suite's folder.
    #[serde(default)]
    pub config: Option<PathBuf>,
    /// Replays the commit that the trace was recorded at, instead of the working directory as it lies there.
    #[serde(default)]
    pub recorded_commit: bool,
    /// A command to run in the edited copy before the test.
    #[serde(default)]
    pub build: Option<String>,
    /// Variables of the replay, over the few that it inherits.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Names of the worker's own variables that the replay inherits too.
    #[serde(default)]
    pub pass_env: Vec<String>,
    /// Simulators: name to admin address, or to `ADMIN,ADDRESS_FOR_THE_APP`.
    #[serde(default)]
    pub clones: BTreeMap<String, String>,
    /// Origins of the application under test; guessed from the record when empty.
    #[serde(default)]
    pub app_origins: Vec<String>,
    /// Addresses that requests may really go to.
    #[serde(default)]
    pub passthrough: Vec<String>,
    /// The private key of vaults that this server has not the key of.
    #[serde(default)]
    pub vault_key: Option<PathBuf>,
    /// The module that replays inside Playwright's worker; that of `@molar/trace-replay-runner` when absent.
    #[serde(default)]
    pub guest: Option<PathBuf>,
    /// Ends a replay after so many seconds.
    #[serde(default = "ten_minutes")]
    pub timeout_seconds: u64,
}

fn ten_minutes() -> u64 {
    600
}

fn org<'de, D: serde::Deserializer<'de>>(from: D) -> Result<OrgScope, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}

impl SuiteConfig {
    /// The suite's folder.
    pub fn dir(&self) -> PathBuf {
        self.root.join(&self.folder)
    }
}

impl Layer2Config {
    /// Refuses what would only come to light with the first replay.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let below = |path: &Path| {
            path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        };
        for (n, suite) in self.suites.iter().enumerate() {
            let again = self.suites[..n].iter().any(|s| s.name == suite.name && s.org == suite.org);
            let fault = if suite.name.is_empty() {
                "it has no name"
            } else if again {
                "its organisation has another one of this name; rename one"
            } else if !suite.root.is_absolute() {
                "`root` has to be an absolute path"
            } else if !below(&suite.folder) {
                "`folder` has to lie below `root`"
            } else {
                continue;
            };
            return Err(ConfigError::Suite { suite: suite.name.clone(), fault });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn a_suite_that_cannot_be_replayed_is_refused_at_the_start() {
        let check = |suite: &str, expect: Option<&str>| {
            let text = format!("[[layer2.suites]]\n{suite}");
            let read = toml::from_str::<Config>(&text);
            let told = match &read {
                Ok(config) => config.layer2.check().err().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            match expect {
                None => assert_eq!(told, None, "{suite}"),
                Some(word) => assert!(
                    told.as_ref().is_some_and(|told| told.contains(word)),
                    "{suite}: {told:?}"
                ),
            }
        };
        check("name = 'shop'\norg = 'acme'\nroot = '/srv/shop'\nfolder = 'examples/shop'", None);
        check("name = 'shop'\norg = 'acme'\nroot = 'shop'", Some("absolute"));
        check("name = 'shop'\norg = 'acme'\nroot = '/srv'\nfolder = '../etc'", Some("below"));
        check("name = ''\norg = 'acme'\nroot = '/srv'", Some("no name"));
        check("name = 'shop'\norg = '../acme'\nroot = '/srv'", Some("org"));
        check("name = 'shop'\norg = 'acme'\nroot = '/srv'\nrot = 1", Some("rot"));
        check(
            "name = 'a'\norg = 'acme'\nroot = '/a'\n[[layer2.suites]]\nname = 'a'\norg = 'acme'\nroot = '/b'",
            Some("rename"),
        );
    }
}
