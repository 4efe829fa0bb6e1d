//! How a recording process died, noted by whoever saw it so that recovery can tell.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::files;
use super::layout::names;
use super::owner::{Owner, RecorderFile, host};
use super::recover::{recover, trace_dirs};

/// The end of a process as its parent sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// Its exit code, when it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it, such as `SIGKILL`.
    pub signal: Option<String>,
}

impl Death {
    /// What was noted beside a trace.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        let text = files::read_if_any(&dir.join(names::DEATH)).ok()??;
        serde_json::from_slice(&text).ok()
    }

    /// For a sentence that begins with "the recording process".
    pub(super) fn deed(&self) -> String {
        match (self.signal.as_deref(), self.code) {
            (Some("SIGABRT"), _) => {
                "aborted itself (SIGABRT), as Node does when its memory is exhausted,".to_owned()
            }
            (Some(signal), _) => format!("was killed by {signal}"),
            (None, Some(code)) => format!("left with exit code {code}"),
            (None, None) => "died".to_owned(),
        }
    }

    /// In a word, for machines.
    pub(super) fn name(&self) -> String {
        match (&self.signal, self.code) {
            (Some(signal), _) => signal.clone(),
            (None, Some(code)) => format!("exit {code}"),
            (None, None) => "unknown".to_owned(),
        }
    }
}

/// Notes how process `pid` of this machine ended, beside every unfinished trace of it under `root`; the traces' directories.
pub fn note_death(root: &Path, pid: u32, death: &Death) -> Vec<PathBuf> {
    let text = serde_json::to_vec(death).unwrap_or_default();
    let host = host();
    let is_its = |dir: &Path| {
        RecorderFile::read(dir).is_some_and(|file| file.pid == pid && file.host == host)
    };
    let note = |dir: &Path| {
        // A living owner is another process that was given the same number.
        let owner = Owner::take(dir).ok().flatten();
        owner.is_some() && files::write_whole(&dir.join(names::DEATH), &text).is_ok()
    };
    let mut dirs = trace_dirs(root);
    dirs.retain(|dir| is_its(dir) && note(dir));
    dirs
}

/// Ends every trace under `root` whose process is known to have died, and ships nothing; whether it was done in time.
///
/// Another recovery that is under way in this process is waited for.
pub fn settle_deaths(root: &Path, timeout: Duration) -> bool {
    let until = Instant::now() + timeout;
    loop {
        recover(root, None, |_| {});
        let is_open =
            |dir: &Path| dir.join(names::DEATH).exists() && !dir.join(names::END).exists();
        if !trace_dirs(root).iter().any(|dir| is_open(dir)) {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(AGAIN);
    }
}

/// Between two looks at whether the other recovery is done.
const AGAIN: Duration = Duration::from_millis(20);
