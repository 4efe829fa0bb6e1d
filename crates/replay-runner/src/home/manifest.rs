//! What a replay has opened, on disk before it exists.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::write_private;
use crate::error::{Result, RunnerError};

const FILE: &str = "manifest.json";

/// A git worktree that was added to somebody's repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Worktree {
    /// The repository's own working directory.
    pub(crate) repository: PathBuf,
    /// The added one.
    pub(crate) path: PathBuf,
}

/// A process group that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    /// Id of its leader, and so of the group.
    pub(crate) pid: u32,
    /// When the leader began, in the system's own words: the number alone may belong to somebody else later.
    pub(crate) start: Option<String>,
}

/// A container that was made of an image, and never started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Container {
    /// The program that has it.
    pub(crate) engine: PathBuf,
    /// Its name.
    pub(crate) name: String,
}

/// A run of a clone that exists for this replay alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CloneRun {
    /// The clone's name; its token is found under it in the environment and never written down.
    pub(crate) clone: String,
    /// The clone's admin address.
    pub(crate) admin: String,
    /// The run.
    pub(crate) run: String,
}

/// Everything of one replay that has to be closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Where `order.json` lies: a process with this path in its environment is ours.
    pub(crate) order: PathBuf,
    pub(crate) worktree: Option<Worktree>,
    pub(crate) group: Option<Group>,
    pub(crate) clone_runs: Vec<CloneRun>,
    #[serde(default)]
    pub(crate) container: Option<Container>,
}

impl Manifest {
    /// Whole or not there: a half manifest would leave what it names open for ever.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        let (path, beside) = (dir.join(FILE), dir.join("manifest.tmp"));
        write_private(&beside, &serde_json::to_vec(self)?)?;
        std::fs::rename(&beside, &path).map_err(RunnerError::at("write", &path))
    }

    /// The manifest of a replay that died; an empty one when it had opened nothing.
    pub(crate) fn read(dir: &Path) -> Self {
        let text = std::fs::read(dir.join(FILE)).unwrap_or_default();
        let mut manifest: Self = serde_json::from_slice(&text).unwrap_or_default();
        manifest.order = dir.join(crate::order::FILE);
        manifest
    }
}
