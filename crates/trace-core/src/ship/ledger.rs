//! What the other side has acknowledged: kept beside the spool as `ship.json`, so that a new process goes on.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::blob::{ArtifactName, BlobId};

/// Why a text is no ledger.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Not JSON of the documented shape.
    #[error("ledger `ship.json` cannot be read; delete it to send everything again")]
    Unreadable(#[source] serde_json::Error),
}

/// What is known to be durable on the other side.
///
/// It may lag behind the truth, never run ahead of it: what it does not name is asked for or sent again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Ledger {
    /// Chunks up to this one.
    pub high_water: u64,
    /// Chunks beyond it.
    pub chunks: Vec<u64>,
    /// Blobs.
    pub blobs: Vec<BlobId>,
    /// Artifacts.
    #[serde(with = "as_text")]
    pub artifacts: Vec<ArtifactName>,
    /// The trace is closed; nothing is left to do.
    pub finalized: bool,
}

impl Ledger {
    /// Reads `ship.json`.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        serde_json::from_str(text).map_err(LedgerError::Unreadable)
    }

    /// The text of `ship.json`.
    pub fn to_json(&self) -> Result<String, LedgerError> {
        serde_json::to_string(self).map_err(LedgerError::Unreadable)
    }
}

/// Artifact names as the texts they are; a name that a newer version wrote and this one does not know is sent again.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::blob::ArtifactName;

    pub(super) fn serialize<S: Serializer>(
        names: &[ArtifactName],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(names.iter().map(ArtifactName::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<ArtifactName>, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }
}
