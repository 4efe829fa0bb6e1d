//! The source trace as a replay sees it: its files by links, and a copy of its vault with a key that opens nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use trace_core::blob::ArtifactName;

use crate::app::App;
use crate::catalog::TraceRecord;
use crate::org::OrgScope;
use crate::vault;

/// What a replay is lent; goes with the replay's folder.
#[derive(Debug)]
pub(super) struct Lent {
    /// The trace's directory.
    pub(super) trace: PathBuf,
    /// The file of the key that opens its vault, where the server has one.
    pub(super) vault_key: Option<PathBuf>,
}

/// Lends a trace to a replay whose folder is `place`.
pub(super) async fn lend(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
    place: &Path,
) -> anyhow::Result<Lent> {
    let store = app.config.storage.store_dir().canonicalize()?;
    let prefix = App::prefix(org, record)?;
    let original = store.join(prefix.as_str());
    let Some((vault, key)) = vault::lent(app, org, record).await? else {
        return Ok(Lent { trace: original, vault_key: None });
    };
    let lent = place.join("source");
    let trace = lent.join(prefix.as_str());
    fs::create_dir_all(&trace)?;
    link(&store.join("blobs"), &lent.join("blobs"))?;
    for entry in fs::read_dir(&original)? {
        let name = entry?.file_name();
        if name != ArtifactName::VAULT {
            link(&original.join(&name), &trace.join(&name))?;
        }
    }
    fs::write(trace.join(ArtifactName::VAULT), vault)?;
    let file = place.join("vault.key");
    key.write(&file)?;
    Ok(Lent { trace, vault_key: Some(file) })
}

fn link(target: &Path, at: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(target, at);
    #[cfg(not(unix))]
    let linked = if target.is_dir() {
        std::os::windows::fs::symlink_dir(target, at)
    } else {
        std::os::windows::fs::symlink_file(target, at)
    };
    linked.with_context(|| format!("cannot link `{}`", at.display()))
}
