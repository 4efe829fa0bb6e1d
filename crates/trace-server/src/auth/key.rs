//! API keys: `molar_sk_<id>_<secret>`.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

const PREFIX: &str = "molar_sk_";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// A text that is no API key. It does not quote the text, which may be somebody's secret.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not an API key of the form `molar_sk_<id>_<secret>`")]
pub struct KeyParseError;

/// A key as its owner holds it. Its `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    id: String,
    secret: String,
}

impl ApiKey {
    /// A new key with a 256-bit secret from the operating system.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        let (id, secret) = bytes.split_at(ID_BYTES);
        Ok(Self { id: hex(id), secret: hex(secret) })
    }

    /// The public part.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is stored instead of the secret.
    pub fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.secret.as_bytes()).to_vec()
    }

    /// Whether the stored digest is this key's, in a time that does not tell how nearly it matched.
    pub fn matches(&self, digest: &[u8]) -> bool {
        self.digest().ct_eq(digest).into()
    }

    /// The whole key; shown once, when it is made.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_…", self.id)
    }
}

impl FromStr for ApiKey {
    type Err = KeyParseError;
    fn from_str(text: &str) -> Result<Self, KeyParseError> {
        let (id, secret) =
            text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(KeyParseError)?;
        let is_hex = |part: &str, bytes| {
            part.len() == 2 * bytes && part.bytes().all(|b| b.is_ascii_hexdigit())
        };
        if is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES) {
            Ok(Self { id: id.to_owned(), secret: secret.to_owned() })
        } else {
            Err(KeyParseError)
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compares two secrets of any length in constant time, by their digests.
pub(super) fn same_secret(a: &str, b: &str) -> bool {
    Sha256::digest(a.as_bytes()).ct_eq(&Sha256::digest(b.as_bytes())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_parse_back_match_themselves_and_hide_in_logs() {
        let key = ApiKey::generate().unwrap();
        let other = ApiKey::generate().unwrap();
        assert_eq!(key.reveal().parse(), Ok(key.clone()));
        assert!(key.matches(&key.digest()) && !key.matches(&other.digest()));
        assert!(!format!("{key:?}").contains(&key.secret));
        for bad in ["", "molar_sk_", "molar_sk_abc_def", "molar_pat_0123456789abcdef_00"] {
            assert_eq!(bad.parse::<ApiKey>(), Err(KeyParseError), "{bad}");
        }
    }
}
