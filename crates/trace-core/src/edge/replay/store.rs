//! Blobs and secrets of one trace.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::error::FileError;
use super::super::files;
use super::super::layout::blob_path;
use super::super::vault::{Key, OpenVault, Secret, Vault};
use super::{ReplayOpenError, ReplayOptions};
use crate::blob::{BlobId, decode_stored};
use crate::replay::Beside;
use crate::replay::plan::Warning;

/// Blobs and secrets of one trace.
#[derive(Debug)]
pub(super) struct Store {
    blobs: Option<PathBuf>,
    vault: OpenVault,
    /// At the vault's end, which nobody can read.
    cut_bytes: usize,
    has_key: bool,
    /// Insides of placeholders without an original.
    missing: RefCell<BTreeSet<String>>,
}

/// No blob of a recorder is larger.
const MOST_BLOB_BYTES: usize = 1 << 30;
/// More names than this help nobody.
const MOST_NAMED: usize = 5;

impl Store {
    pub(super) fn open(options: &ReplayOptions) -> Result<Self, ReplayOpenError> {
        let (vault, cut_bytes) = match &options.vault_key {
            None => (OpenVault::default(), 0),
            Some(path) => {
                let locked = Vault::open(&options.directory)?;
                let is_empty = locked.entries().next().is_none();
                let open = if is_empty {
                    OpenVault::default()
                } else {
                    locked.unlock(&Key::read(path)?)?
                };
                (open, locked.cut_bytes)
            }
        };
        Ok(Self {
            blobs: options.blobs.clone().or_else(|| root_of(&options.directory)),
            vault,
            cut_bytes,
            has_key: options.vault_key.is_some(),
            missing: RefCell::default(),
        })
    }

    pub(super) fn whole_secret(&self, id: &str) -> Option<String> {
        self.vault.get(id).map(|secret| secret.json().to_owned())
    }

    pub(super) fn cut_vault(&self) -> Option<Warning> {
        let Self { vault, cut_bytes, .. } = self;
        (*cut_bytes > 0).then(|| {
            let n = vault.iter().count();
            let message = format!("`secrets.age` is damaged or cut: {n} values can be read, and {cut_bytes} bytes behind them cannot; what they held stays redacted");
            Warning::new("NO_SECRETS", message)
        })
    }

    pub(super) fn missing_secrets(&self) -> Option<Warning> {
        let missing = self.missing.borrow();
        let named: Vec<&str> = missing.iter().take(MOST_NAMED).map(String::as_str).collect();
        let more = if missing.len() > MOST_NAMED { " …" } else { "" };
        let todo = if self.has_key {
            "the vault does not hold them"
        } else {
            "give the vault's key (`vault.key` in the root of the store)"
        };
        (!missing.is_empty()).then(|| {
            let (n, named) = (missing.len(), named.join(", "));
            let message = format!("{n} redacted values stay placeholders: {named}{more}; {todo}");
            Warning::new("NO_SECRETS", message)
        })
    }
}

impl Beside for Store {
    /// A blob that is damaged counts as gone.
    fn blob(&self, id: &BlobId) -> Option<Vec<u8>> {
        let stored: Result<_, FileError> = files::read_if_any(&blob_path(self.blobs.as_ref()?, id));
        decode_stored(id, &stored.ok().flatten()?, MOST_BLOB_BYTES).ok()
    }

    fn original(&self, id: &str) -> Option<String> {
        let found = self.vault.get(id).and_then(Secret::text);
        if found.is_none() {
            self.missing.borrow_mut().insert(id.to_owned());
        }
        found
    }
}

/// The root of the store that a trace's directory lies in.
fn root_of(directory: &Path) -> Option<PathBuf> {
    let directory = directory.canonicalize().ok()?;
    let root = directory.ancestors().nth(7)?;
    root.join("blobs").is_dir().then(|| root.to_owned())
}
