//! Why a trace cannot be replayed at all.

use thiserror::Error;

/// Why a trace cannot be replayed at all.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayError {
    /// Its first event is missing, so nobody knows which test it was.
    #[error(
        "the trace has no `run.start`: its beginning is lost, so nothing tells which test to run"
    )]
    NoRunStart,
    /// The step asked for is not there.
    #[error("step {asked} is not in the trace: {}; give one of their numbers", steps(.titles))]
    NoSuchStep {
        /// The number that was asked for.
        asked: u64,
        /// Number and title of each top-level step.
        titles: Vec<String>,
    },
}

impl ReplayError {
    /// The stable code that stands in progress lines and answers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRunStart => "NO_TEST",
            Self::NoSuchStep { .. } => "NO_SUCH_STEP",
        }
    }
}

fn steps(titles: &[String]) -> String {
    match titles {
        [] => "its test has no `test.step` at all".to_owned(),
        titles => format!("it has {}", titles.join(", ")),
    }
}
