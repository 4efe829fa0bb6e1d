//! The closed vocabularies of a trace's row.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// A text that is none of the words.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{found}` is none of {wanted}")]
pub struct UnknownWord {
    /// What was given.
    pub found: String,
    /// The words, separated by blanks.
    pub wanted: &'static str,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The word on the wire and in the catalog.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(UnknownWord {
                        found: other.to_owned(),
                        wanted: concat!($($word, " "),+).trim_ascii_end(),
                    }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Where a trace stands.
    Status {
        /// Finalized, its postprocess not yet at the outcome.
        Queued = "queued",
        /// Being recorded.
        Running = "running",
        /// The test passed.
        Passed = "passed",
        /// The test failed.
        Failed = "failed",
        /// Something beside the test failed.
        Error = "error",
        /// It ended without its own end.
        Aborted = "aborted",
    }
}

words! {
    /// How a recording ended.
    Outcome {
        /// The test passed.
        Passed = "passed",
        /// The test failed.
        Failed = "failed",
        /// Something beside the test failed.
        Error = "error",
        /// It ended without its own end.
        Aborted = "aborted",
    }
}

words! {
    /// What started the run.
    Source {
        /// A pull request.
        Pr = "pr",
        /// A schedule.
        Schedule = "schedule",
        /// A person.
        Manual = "manual",
        /// A comparison with production.
        ShadowDiff = "shadow_diff",
    }
}

words! {
    /// How near the bytes are.
    Tier {
        /// At hand.
        Hot = "hot",
        /// A little slower.
        Warm = "warm",
        /// To be restored first.
        Cold = "cold",
    }
}

words! {
    /// In which form the events are stored; it only moves forward.
    Form {
        /// One object per chunk.
        Live = "live",
        /// One file of the chunks as they came.
        Viewable = "viewable",
        /// One recompressed file.
        Archived = "archived",
    }
}

words! {
    /// Where a replay stands.
    ReplayState {
        /// Wanted; no worker has it.
        Queued = "queued",
        /// A worker has it and has done nothing yet.
        Ready = "ready",
        /// Code, clones and browser are put where they were.
        Restoring = "restoring",
        /// Steps before N are answered from the record.
        Skipping = "skipping",
        /// Step N and what follows runs.
        Running = "running",
        /// The test passed.
        Passed = "passed",
        /// The test failed as tests fail.
        Failed = "failed",
        /// It left the recorded path.
        Diverged = "diverged",
        /// It could not be carried out.
        Blocked = "blocked",
        /// Somebody asked it to end.
        Cancelled = "cancelled",
    }
}

impl ReplayState {
    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Passed | Self::Failed | Self::Diverged | Self::Blocked | Self::Cancelled
        )
    }

    /// Whether a worker has it.
    pub const fn is_held(self) -> bool {
        !self.is_final() && !matches!(self, Self::Queued)
    }

    /// The only changes there are. A worker that vanished puts a replay back to `queued`; under `auto` it goes back to restoring.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Queued, Self::Ready | Self::Blocked | Self::Cancelled) => true,
            (Self::Queued, _) | (_, Self::Ready) => false,
            (now, _) => now.is_held(),
        }
    }
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Failed => Self::Failed,
            Outcome::Error => Self::Error,
            Outcome::Aborted => Self::Aborted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_unknown_ones_list_the_known() {
        assert_eq!("shadow_diff".parse(), Ok(Source::ShadowDiff));
        assert_eq!(serde_json::to_value(Source::ShadowDiff).unwrap(), "shadow_diff");
        assert_eq!("running".parse(), Ok(ReplayState::Running));
        let error = "done".parse::<Outcome>().unwrap_err();
        assert_eq!(error.to_string(), "`done` is none of passed failed error aborted");
    }

    #[test]
    fn a_replay_never_leaves_a_final_state_and_nobody_works_on_a_queued_one() {
        use ReplayState::*;
        let all = [
            Queued, Ready, Restoring, Skipping, Running, Passed, Failed, Diverged, Blocked,
            Cancelled,
        ];
        for (now, next, expect) in [
            (Queued, Ready, true),
            (Queued, Running, false),
            (Queued, Passed, false),
            (Queued, Cancelled, true),
            (Ready, Restoring, true),
            (Ready, Ready, false),
            (Running, Restoring, true),
            (Running, Queued, true),
            (Running, Diverged, true),
            (Running, Ready, false),
        ] {
            assert_eq!(now.may_become(next), expect, "{now} to {next}");
        }
        for (now, next) in all.into_iter().flat_map(|now| all.map(|next| (now, next))) {
            assert!(!(now.is_final() && now.may_become(next)), "{now} to {next}");
        }
    }
}
