//! Key pairs: the public half encrypts on machines that record, the private half stays with whoever may replay.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use age_core::primitives::hkdf;

use super::super::files;
use super::VaultError;
use crate::blob::OrgId;

/// The private key of local traces, in the root of the store.
pub const KEY_FILE: &str = "vault.key";
/// Its public half, which is all that a recorder reads.
const PUBLIC_FILE: &str = "vault.pub";
/// How the text of a private key begins.
const SECRET_KEY: bech32::Hrp = bech32::Hrp::parse_unchecked("AGE-SECRET-KEY-");

/// A private key that opens vaults. It prints as `Key(…)`.
pub struct Key(pub(super) Identity);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// Reads a key file as `age-keygen` writes it: lines with `#` in front, and one `AGE-SECRET-KEY-1…`.
    pub fn read(path: &Path) -> Result<Self, VaultError> {
        let text = String::from_utf8(files::read(path)?);
        let text = text.map_err(|_| VaultError::NoKey(path.to_owned()))?;
        Self::parse(&text).ok_or_else(|| VaultError::NoKey(path.to_owned()))
    }

    /// The first key of such a text.
    pub fn parse(text: &str) -> Option<Self> {
        text.lines().find_map(|line| line.trim().parse().ok()).map(Self)
    }

    /// The key of one organisation, made out of a master secret: the same two always give the same key, so that nothing has to be
    /// stored, and one organisation's key says nothing about another's. None when age takes no such key.
    pub fn derive(master: &[u8], org: &OrgId) -> Option<Self> {
        let bytes = hkdf(org.as_str().as_bytes(), b"molar-trace vault key v1", master);
        let text = bech32::encode_upper::<bech32::Bech32>(SECRET_KEY, &bytes).ok()?;
        Self::parse(&text)
    }

    /// A new key.
    pub(super) fn generate() -> Self {
        Self(Identity::generate())
    }

    /// Writes it as a key file that only its owner may read. Errors: there is one already, or the system refuses.
    pub fn write(&self, path: &Path) -> Result<(), VaultError> {
        let text =
            format!("# public key: {}\n{}\n", self.public(), self.0.to_string().expose_secret());
        write_private(path, text.as_bytes()).map_err(VaultError::at("write", path))
    }

    pub(super) fn recipient(&self) -> Recipient {
        self.0.to_public()
    }

    /// Its public half as text: `age1…`.
    pub fn public(&self) -> String {
        self.0.to_public().to_string()
    }
}

/// The public key for traces that stay under `root`; the pair is made on first use.
///
/// Parallel workers agree on one pair: the private key gets its name by a link, which only one of them can make.
pub(super) fn local(root: &Path) -> Result<Recipient, VaultError> {
    let public = root.join(PUBLIC_FILE);
    if let Some(text) = files::read_if_any(&public)? {
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        return text.parse().map_err(|reason| wrong_public(&public, reason));
    }
    files::create_dir_all(root)?;
    let path = root.join(KEY_FILE);
    if !path.exists() {
        make(&path)?;
    }
    let recipient = Key::read(&path)?.0.to_public();
    files::write_whole(&public, format!("{recipient}\n").as_bytes())?;
    Ok(recipient)
}

fn wrong_public(path: &Path, reason: &str) -> VaultError {
    VaultError::Recipient(format!("in `{}` is not usable ({reason})", path.display()))
}

fn make(path: &Path) -> Result<(), VaultError> {
    keep_out_of_git(path);
    let key = Identity::generate();
    let text = format!(
        "# opens the secrets of the traces beside it; keep it to yourself\n# public key: {}\n{}\n",
        key.to_public(),
        key.to_string().expose_secret()
    );
    let beside = files::beside(path);
    let linked = write_private(&beside, text.as_bytes()).and_then(|()| {
        match fs::hard_link(&beside, path) {
            // Another process was faster; its key counts.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    });
    let removed = files::remove_if_any(&beside);
    linked.map_err(VaultError::at("write", path))?;
    Ok(removed?)
}

/// Only its owner may read it, from its first byte on.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A store often lies in a repository, and a key that is committed by accident opens every trace ever made with it.
fn keep_out_of_git(key: &Path) {
    let list = key.with_file_name(".gitignore");
    let made = OpenOptions::new().write(true).create_new(true).open(list);
    // An existing list is its owner's, and without one the key is as safe as the traces beside it.
    drop(made.and_then(|mut file| file.write_all(b"*\n")));
}
