//! Why a vault cannot be written or read.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::super::error::FileError;

/// Why a vault cannot be written or read. No message holds a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a public key.
    #[error(
        "`vault_recipient` {0}; it should be a public key such as `age1…`, several with commas between them"
    )]
    Recipient(String),
    /// A key file without a key.
    #[error("`{}` holds no line `AGE-SECRET-KEY-1…`; give the private key of the vault", .0.display())]
    NoKey(PathBuf),
    /// A file that is something else, or of a newer version.
    #[error("`{}` is no vault of version 1", .0.display())]
    NotAVault(PathBuf),
    /// The key is another one's, or the bytes were changed.
    #[error("entry `{id}` does not open with this key")]
    Locked {
        /// The first entry of the frame.
        id: String,
        /// What age said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A frame whose inside does not say what its outside says.
    #[error("entry `{0}` was changed: what is inside is not what it is labelled as")]
    Changed(String),
    /// Encryption itself failed.
    #[error("cannot encrypt")]
    Encrypt(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl VaultError {
    pub(super) fn at(deed: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let named = FileError::at(deed, path);
        move |source| Self::File(named(source))
    }
}
