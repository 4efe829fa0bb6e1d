//! `bundle.json`: what a bundle holds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::error::BundleError;
use super::read::BundleLimits;
use crate::blob::{ArtifactName, ObjectKey, OrgId, TracePrefix};
use crate::event::{ShortId, TraceId, WallMs};

/// Name of the member that lists the others.
pub(super) const LIST: &str = "bundle.json";

/// The version of the list.
pub(super) const FORMAT: u32 = 1;

/// `bundle.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleList {
    /// Version of this list.
    pub format: u32,
    /// The traces in it.
    pub traces: Vec<BundledTrace>,
    /// Every file once, ordered by name.
    pub files: Vec<BundleFile>,
    /// Blobs that the traces refer to and that were not there, 64 hexadecimal digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_blobs: Vec<String>,
}

/// One trace of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledTrace {
    /// The trace.
    pub trace_id: TraceId,
    /// Its short id.
    pub short_id: ShortId,
    /// The organisation under whose name it lay.
    pub org: String,
    /// Epoch milliseconds at ts 0.
    pub wall_ms: WallMs,
    /// How it ended.
    pub status: String,
    /// The test's title.
    #[serde(default)]
    pub title: String,
}

impl BundledTrace {
    /// The trace's folder inside of the bundle.
    pub fn prefix(&self) -> Option<TracePrefix> {
        let org: OrgId = self.org.parse().ok()?;
        TracePrefix::new(&org, self.wall_ms, self.trace_id).ok()
    }
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleFile {
    /// Its name in the store.
    pub name: String,
    /// Bytes as stored.
    pub size: u64,
    /// SHA-256 of the stored bytes, 64 hexadecimal digits.
    pub sha256: String,
}

impl BundleList {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    /// Whether the vault of a trace is in it.
    pub fn has_vault(&self) -> bool {
        self.files.iter().any(|file| file.name.ends_with(ArtifactName::VAULT))
    }

    pub(super) fn parse(text: &[u8], limits: &BundleLimits) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let no = |error: serde_json::Error| BundleError::NoBundle(format!("`{LIST}`: {error}"));
        // The version comes first: a newer list may have another shape.
        let Version { format } = serde_json::from_slice(text).map_err(no)?;
        if format != FORMAT {
            let told = format!("it has format {format}, this version reads {FORMAT}");
            return Err(BundleError::NoBundle(told));
        }
        let list: Self = serde_json::from_slice(text).map_err(no)?;
        list.check(limits)?;
        Ok(list)
    }

    /// Every name is one of the store's layout, stands once, and belongs to a listed trace or is a blob.
    fn check(&self, limits: &BundleLimits) -> Result<(), BundleError> {
        let too_large = |what, found, limit| BundleError::TooLarge { what, found, limit };
        let n_files = self.files.len() as u64;
        if n_files > limits.files {
            return Err(too_large("files", n_files, limits.files));
        }
        if self.bytes() > limits.bytes {
            return Err(too_large("bytes", self.bytes(), limits.bytes));
        }
        let mut folders = BTreeSet::new();
        for trace in &self.traces {
            let prefix = trace.prefix().ok_or_else(|| {
                BundleError::NoBundle(format!("trace `{}` has no place", trace.trace_id))
            })?;
            folders.insert(format!("{prefix}/"));
        }
        let mut seen = BTreeSet::new();
        for file in &self.files {
            let reason = if !is_allowed(&file.name, &folders) {
                "it is no file of the listed traces"
            } else if !seen.insert(&file.name) {
                "it is listed twice"
            } else if crate::blob::BlobId::from_hex(&file.sha256).is_err() {
                "its digest is none"
            } else {
                continue;
            };
            return Err(refused(&file.name, reason));
        }
        Ok(())
    }
}

fn is_allowed(name: &str, folders: &BTreeSet<String>) -> bool {
    let Ok(key) = name.parse::<ObjectKey>() else { return false };
    if key.blob_id().is_some() {
        return true;
    }
    let inner = folders.iter().find_map(|folder| name.strip_prefix(folder.as_str()));
    inner.is_some_and(|inner| !inner.contains('/'))
}

pub(super) fn refused(name: &str, reason: &str) -> BundleError {
    let name = name.chars().take(200).filter(|c| !c.is_control()).collect();
    BundleError::Member { name, reason: reason.to_owned() }
}
