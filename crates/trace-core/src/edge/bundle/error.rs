//! Why a bundle cannot be written or read.

use std::path::PathBuf;

use thiserror::Error;

use crate::edge::FileError;

/// Why a bundle cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not the folder of a finished trace.
    #[error("`{}` is no finished trace; `molar-trace recover` finishes what a recorder left", .0.display())]
    NotFinished(PathBuf),
    /// Two traces of the same id.
    #[error("trace `{0}` was named twice")]
    Twice(String),
    /// The archive itself cannot be read or written.
    #[error("the archive cannot be read")]
    Archive(#[source] std::io::Error),
    /// The archive can be read, but is no bundle.
    #[error("this is no bundle: {0}")]
    NoBundle(String),
    /// The archive holds something that no bundle holds.
    #[error("member `{name}` is refused: {reason}")]
    Member {
        /// Its name, cut when long.
        name: String,
        /// Why.
        reason: String,
    },
    /// More than the reader is ready to take.
    #[error("the bundle has {found} {what}, at most {limit} are taken")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        found: u64,
        /// The limit in force.
        limit: u64,
    },
    /// The list names what the archive does not hold.
    #[error(
        "{missing} of {listed} listed files are missing, the first is `{first}`; the bundle is cut short"
    )]
    Missing {
        /// How many.
        missing: usize,
        /// Of how many.
        listed: usize,
        /// The first of them.
        first: String,
    },
}
