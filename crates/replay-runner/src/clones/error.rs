//! What can go wrong with a clone, by its name.

use thiserror::Error;

use crate::codes::Code;

/// Why a clone could not be put where it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CloneError {
    /// It does not answer.
    #[error(
        "clone {clone} at {admin} does not answer; start it, or name its admin address with --clone {clone}=URL"
    )]
    Unreachable {
        /// The clone.
        clone: String,
        /// Its admin address.
        admin: String,
        /// What the connection said.
        #[source]
        source: reqwest::Error,
    },
    /// What answers does not say that it is a clone, so nothing is written to it.
    #[error(
        "{admin} does not say `X-Molar-Clone`, so it may be a live vendor and nothing is sent to it; name the admin address of clone {clone}"
    )]
    UnknownTarget {
        /// The clone that was looked for.
        clone: String,
        /// What was asked.
        admin: String,
    },
    /// The clone refused.
    #[error("clone {clone} answers {deed} with {status}: {detail}")]
    Refused {
        /// The clone.
        clone: String,
        /// Such as `restore`.
        deed: &'static str,
        /// The HTTP status.
        status: u16,
        /// The problem's code and detail.
        detail: String,
    },
    /// What came back is not what was restored.
    #[error("clone {clone} came out otherwise: {what}")]
    Otherwise {
        /// The clone.
        clone: String,
        /// What differs.
        what: String,
    },
    /// A replay would overwrite the evidence.
    #[error("run `{run}` of clone {clone} is the recorded one, which a replay never writes to")]
    SourceRun {
        /// The clone.
        clone: String,
        /// The run.
        run: String,
    },
}

impl CloneError {
    /// The reason that a replay names.
    pub fn code(&self) -> Code {
        match self {
            Self::Unreachable { .. } | Self::UnknownTarget { .. } => Code::CloneUnreachable,
            Self::Refused { .. } | Self::Otherwise { .. } | Self::SourceRun { .. } => {
                Code::CloneRestoreFailed
            }
        }
    }

    /// Whether the clone merely does not know the call: a feature that is absent, not a failure.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Refused { status: 404 | 405 | 501, .. })
    }
}
