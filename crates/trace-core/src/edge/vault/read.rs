//! A vault read back: what is in it without a key, the values with one.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::blob::ArtifactName;
use crate::chunk::frame::decompress;

use super::super::files;
use super::frame::{self, Frame, HEAD};
use super::write::encrypt;
use super::{Key, VaultError};

/// What can be said of an entry without a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryInfo {
    /// Its name in the record: `bearer:3` for `[REDACTED:bearer:3]`, or what a field `secret` refers to.
    pub id: String,
    /// The rule's name, or `secret` for a whole value.
    pub kind: String,
    /// Bytes of its JSON text.
    pub bytes: u64,
}

/// A vault whose values are still locked.
#[derive(Debug)]
pub struct Vault {
    bytes: Vec<u8>,
    frames: Vec<Frame>,
    /// Bytes behind the last whole frame, which nobody can read.
    pub cut_bytes: usize,
}

impl Vault {
    /// Opens a trace's directory or a `secrets.age`; a trace without a vault has an empty one.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let path = if path.is_dir() { path.join(ArtifactName::VAULT) } else { path.to_owned() };
        let bytes = files::read_if_any(&path)?.unwrap_or_default();
        Self::parse(bytes).ok_or(VaultError::NotAVault(path))
    }

    /// The bytes of a `secrets.age`; none when they are something else.
    pub fn parse(bytes: Vec<u8>) -> Option<Self> {
        let (frames, end) = frame::decode(&bytes)?;
        let cut_bytes = bytes.len() - end;
        Some(Self { bytes, frames, cut_bytes })
    }

    /// What is in it, in order of appearance.
    pub fn entries(&self) -> impl Iterator<Item = &EntryInfo> {
        self.frames.iter().flat_map(|frame| &frame.entries)
    }

    /// The public keys it is encrypted to, as far as it says so.
    pub fn recipients(&self) -> Vec<&str> {
        let mut all: Vec<&str> =
            self.frames.iter().flat_map(|frame| &frame.to).map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Opens every frame that the key fits.
    ///
    /// An entry that was written for two readers stands in two frames, so a frame of another key is no error as long as each
    /// entry opens somewhere.
    pub fn unlock(&self, key: &Key) -> Result<OpenVault, VaultError> {
        let mut open = OpenVault::default();
        let mut locked = None;
        for frame in &self.frames {
            match self.unlock_frame(frame, key) {
                Ok(secrets) => open.secrets.extend(secrets),
                Err(error @ VaultError::Locked { .. }) => locked = Some((frame, error)),
                Err(error) => return Err(error),
            }
        }
        match locked {
            Some((frame, error)) if frame.entries.iter().any(|e| open.get(&e.id).is_none()) => {
                Err(error)
            }
            _ => Ok(open),
        }
    }

    /// The entries that the key opens, as a vault of their own with a key that is made for it: whoever is lent that one opens nothing else.
    pub fn lent(&self, key: &Key) -> Result<(Vec<u8>, Key), VaultError> {
        let own = Key::generate();
        let to = own.recipient();
        let mut bytes = HEAD.to_vec();
        for (n, frame) in self.frames.iter().enumerate() {
            // What was written for another reader too stands in a frame of his.
            let Ok(plain) = decrypt(&self.bytes[frame.message.clone()], key) else { continue };
            let message = encrypt(std::slice::from_ref(&to), &plain)?;
            let tells = if n == 0 { vec![own.public()] } else { Vec::new() };
            frame::encode(frame.entries.clone(), &message, frame.zstd, tells, &mut bytes);
        }
        Ok((bytes, own))
    }

    fn unlock_frame(&self, frame: &Frame, key: &Key) -> Result<Vec<(String, Secret)>, VaultError> {
        let first = || frame.entries.first().map_or_else(String::new, |entry| entry.id.clone());
        let locked = |source| VaultError::Locked { id: first(), source };
        let plain = decrypt(&self.bytes[frame.message.clone()], key).map_err(locked)?;
        let plain = if frame.zstd {
            decompress(&plain, MAX_PLAIN_BYTES).map_err(|_| VaultError::Changed(first()))?
        } else {
            plain
        };
        let inside: Vec<Inside> =
            serde_json::from_slice(&plain).map_err(|_| VaultError::Changed(first()))?;
        let same = inside.len() == frame.entries.len()
            && inside.iter().zip(&frame.entries).all(|(inside, e)| inside.id == e.id);
        if !same {
            return Err(VaultError::Changed(first()));
        }
        let secrets = inside
            .into_iter()
            .map(|Inside { id, kind, value }| (id, Secret { kind, json: value.get().to_owned() }));
        Ok(secrets.collect())
    }
}

/// What one frame may hold; a line and its contents are smaller.
const MAX_PLAIN_BYTES: usize = 1 << 30;

#[derive(Deserialize)]
struct Inside {
    id: String,
    kind: String,
    value: Box<RawValue>,
}

fn decrypt(message: &[u8], key: &Key) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let decryptor = age::Decryptor::new_buffered(message)?;
    let mut plain = Vec::new();
    let identity: &dyn age::Identity = &key.0;
    decryptor.decrypt(std::iter::once(identity))?.read_to_end(&mut plain)?;
    Ok(plain)
}

/// One original. It prints as `Secret(…)`; only [`Secret::json`] and [`Secret::text`] give it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    kind: String,
    json: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The rule's name. A value of kind `number` was a JSON number and is put back without quotes.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The value as JSON: a string for what was redacted in a text, anything for a whole `secret`.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<String> {
        serde_json::from_str(&self.json).ok()
    }
}

/// A vault's values by the ids that stand in the record.
#[derive(Debug, Clone, Default)]
pub struct OpenVault {
    secrets: BTreeMap<String, Secret>,
}

impl OpenVault {
    /// The original behind an id such as `bearer:3`, or behind `[REDACTED:bearer:3]`.
    pub fn get(&self, id: &str) -> Option<&Secret> {
        let inside = id.strip_prefix("[REDACTED:").and_then(|rest| rest.strip_suffix(']'));
        self.secrets.get(inside.unwrap_or(id))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.secrets.iter().map(|(id, secret)| (id.as_str(), secret))
    }
}
