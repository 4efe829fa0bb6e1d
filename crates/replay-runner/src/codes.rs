//! The reasons a replay names: words that programs match and that never change their meaning.

use serde::{Deserialize, Serialize};

/// Why a replay is blocked or has diverged. The message beside it says what, where and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Code {
    /// The trace lies in an archive that has to be restored first.
    ColdTier,
    /// The trace has no top-level step of that number.
    NoSuchStep,
    /// The trace holds no snapshot of a clone for that moment.
    NoSnapshot,
    /// A skipped step did something else than was recorded.
    SkippedRegionDiverged,
    /// A request that the record does not answer.
    NetworkMiss,
    /// A clone refused its snapshot or came out otherwise.
    CloneRestoreFailed,
    /// A clone does not answer, or is none.
    CloneUnreachable,
    /// The commit that the trace was recorded at is not named, or not in the repository.
    NoCode,
    /// The code could not be copied, built or loaded.
    BuildFailed,
    /// An edit cannot be applied.
    PatchFailed,
    /// The test used a handle out of a skipped step.
    UnsupportedHandle,
    /// Another browser than the recorded one.
    BrowserVersionSkew,
    /// Redacted values cannot be put back.
    NoSecrets,
    /// The trace has no record of Playwright's calls.
    NoTape,
    /// The running application is not where the record left it, so what it answers says nothing about the code.
    ServerDiverged,
    /// The test is not in the suite.
    NoTest,
    /// Playwright finds no browser.
    BrowserMissing,
    /// It was stopped from outside, or by its time limit.
    Cancelled,
}

impl Code {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ColdTier => "COLD_TIER",
            Self::NoSuchStep => "NO_SUCH_STEP",
            Self::NoSnapshot => "NO_SNAPSHOT",
            Self::SkippedRegionDiverged => "SKIPPED_REGION_DIVERGED",
            Self::NetworkMiss => "NETWORK_MISS",
            Self::CloneRestoreFailed => "CLONE_RESTORE_FAILED",
            Self::CloneUnreachable => "CLONE_UNREACHABLE",
            Self::NoCode => "NO_CODE",
            Self::BuildFailed => "BUILD_FAILED",
            Self::PatchFailed => "PATCH_FAILED",
            Self::UnsupportedHandle => "UNSUPPORTED_HANDLE",
            Self::BrowserVersionSkew => "BROWSER_VERSION_SKEW",
            Self::NoSecrets => "NO_SECRETS",
            Self::NoTape => "NO_TAPE",
            Self::ServerDiverged => "SERVER_DIVERGED",
            Self::NoTest => "NO_TEST",
            Self::BrowserMissing => "BROWSER_MISSING",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
