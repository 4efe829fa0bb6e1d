//! Files beside the trace: taken over, hashed, listed.

use std::io::Read as _;

use crate::blob::{ArtifactName, Hasher};
use crate::ship::ArtifactInfo;
use crate::trace::ArtifactRef;

use super::error::FileError;
use super::files;
use super::layout::{TraceDir, names};
use super::options::{ArtifactDraft, Masks};
use super::playwright_zip;
use super::secrets::Secrets;

/// What the shipment is told of an entry of `artifacts.jsonl`; none for a name this version does not know.
pub(super) fn info(reference: &ArtifactRef) -> Option<ArtifactInfo> {
    let name = reference.name.parse().ok()?;
    Some(ArtifactInfo { name, size: reference.size, sha256: reference.sha256.clone() })
}

/// A file that was kept, and what it lacks: a notice's message and its count.
pub(super) type Kept = (ArtifactInfo, Option<(String, u64)>);

/// Moves or copies the file into the trace's directory and lists it. A Playwright trace is rewritten on its way.
pub(super) fn keep(
    at: &TraceDir,
    draft: &ArtifactDraft,
    secrets: &mut Secrets,
    masks: Masks,
) -> Result<Kept, FileError> {
    let path = at.artifact(&draft.name);
    let mut lacks = None;
    if playwright_zip::is_one(draft.name.as_str()) {
        lacks = playwright_zip::rewrite(&draft.path, &path, secrets, masks)?;
        if draft.takes {
            files::remove_if_any(&draft.path)?;
        }
    } else if draft.takes {
        files::take(&draft.path, &path)?;
    } else {
        files::copy(&draft.path, &path)?;
    }
    Ok((list(at, &draft.name)?, lacks))
}

/// Lists a file that lies in the trace's directory already.
pub(super) fn list(at: &TraceDir, name: &ArtifactName) -> Result<ArtifactInfo, FileError> {
    let (sha256, size) = hash(&at.artifact(name))?;
    let reference = ArtifactRef { name: name.to_string(), size, sha256: sha256.clone() };
    let line = serde_json::to_string(&reference).unwrap_or_default();
    files::append_line(&at.own(names::ARTIFACTS), &line)?;
    Ok(ArtifactInfo { name: name.clone(), size, sha256 })
}

/// What is listed; of two entries of one name the later counts.
pub(super) fn listed(at: &TraceDir) -> Vec<ArtifactRef> {
    let bytes = files::read_if_any(&at.own(names::ARTIFACTS)).ok().flatten().unwrap_or_default();
    let lines = bytes.split(|byte| *byte == b'\n');
    let all = lines.filter_map(|line| serde_json::from_slice::<ArtifactRef>(line).ok());
    let by_name: std::collections::BTreeMap<_, _> = all.map(|a| (a.name.clone(), a)).collect();
    by_name.into_values().collect()
}

/// SHA-256 in hex and size of a file, read piece by piece since videos are large.
pub(super) fn hash(path: &std::path::Path) -> Result<(String, u64), FileError> {
    let mut file = std::fs::File::open(path).map_err(FileError::at("open", path))?;
    let (mut hasher, mut size, mut piece) = (Hasher::new(), 0, vec![0; 128 << 10]);
    loop {
        match file.read(&mut piece).map_err(FileError::at("read", path))? {
            0 => return Ok((hasher.finish().hex(), size)),
            n => {
                hasher.update(&piece[..n]);
                size += n as u64;
            }
        }
    }
}
