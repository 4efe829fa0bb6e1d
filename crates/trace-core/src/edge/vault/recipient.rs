//! To whom a vault is encrypted.

use age::x25519::Recipient;

use super::VaultError;

/// What becomes of the originals of redacted values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum VaultOptions {
    /// They are forgotten: a replay that needs one cannot go on.
    Off,
    /// They are encrypted to the key of the server's organisation, as far as the trace has a server that tells one; else to the
    /// key pair in the store's root, which is made on first use.
    #[default]
    Auto,
    /// They are encrypted to these public keys (`age1…`, commas between them); any of the private keys opens them.
    To(String),
}

/// The public keys of such a list.
pub(super) fn parse(list: &str) -> Result<Vec<Recipient>, VaultError> {
    let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
    let found: Result<Vec<Recipient>, VaultError> = words
        .map(|word| {
            word.parse().map_err(|reason: &str| {
                // A private key given by mistake must not be repeated in a report.
                let shown: String = word.chars().take(6).collect();
                VaultError::Recipient(format!("`{shown}…` is not usable ({reason})"))
            })
        })
        .collect();
    match found {
        Ok(found) if found.is_empty() => Err(VaultError::Recipient("names nobody".to_owned())),
        found => found,
    }
}
