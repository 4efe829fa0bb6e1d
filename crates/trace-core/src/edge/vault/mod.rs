//! The vault of a trace, `secrets.age`: the originals of redacted values, encrypted before they meet the disk.
//!
//! Capture needs only a public key, so a machine that records cannot read what it recorded. The file grows frame by frame
//! (`frame`); each frame is an age message of its own, so a crash costs at most the frame that was being written.

mod error;
mod frame;
mod key;
mod read;
mod recipient;
mod servers;
mod write;

pub use error::VaultError;
pub use key::{KEY_FILE, Key};
pub use read::{EntryInfo, OpenVault, Secret, Vault};
pub use recipient::VaultOptions;

pub(super) use servers::learn as learn_recipient;
pub(super) use write::{VaultWriter, list};
