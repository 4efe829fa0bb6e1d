//! SHA-256 as a type, hashed while written.

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Why a text names no blob.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("blob id `{0}` is not `sha256:` and 64 hexadecimal digits in lower case")]
pub struct BlobIdError(String);

/// A blob's name: the SHA-256 of its uncompressed bytes, printed `sha256:<64 hex>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// From a digest that was computed elsewhere.
    pub const fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits without the prefix, as they stand in URLs and manifests.
    pub fn hex(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
        text
    }

    /// From 64 hexadecimal digits in lower case.
    pub fn from_hex(text: &str) -> Result<Self, BlobIdError> {
        let bad = || BlobIdError(text.chars().take(100).collect());
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| bad())?;
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])
                .zip(nibble(pair[1]))
                .map(|(hi, lo)| hi << 4 | lo)
                .ok_or_else(bad)?;
        }
        Ok(Self(digest))
    }
}

/// Lower case only, so that one blob has one spelling.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl FromStr for BlobId {
    type Err = BlobIdError;
    fn from_str(text: &str) -> Result<Self, BlobIdError> {
        let hex = text
            .strip_prefix("sha256:")
            .ok_or_else(|| BlobIdError(text.chars().take(100).collect()))?;
        Self::from_hex(hex)
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for BlobId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BlobId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Hashes bytes as they come. Uses the CPU's SHA instructions where there are any.
#[derive(Debug, Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The name of everything seen.
    pub fn finish(self) -> BlobId {
        BlobId(self.0.finalize().into())
    }
}

/// Passes bytes on to `W` and hashes them on the way, so that they are touched once.
#[derive(Debug)]
pub struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
    n_bytes: u64,
}

impl<W: io::Write> HashingWriter<W> {
    /// Writes to `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Hasher::new(), n_bytes: 0 }
    }

    /// The writer, the name of what was written and how many bytes it was.
    pub fn finish(self) -> (W, BlobId, u64) {
        (self.inner, self.hasher.finish(), self.n_bytes)
    }
}

impl<W: io::Write> io::Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..n).unwrap_or(bytes));
        self.n_bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn parses_what_it_prints_and_nothing_else() {
        assert_eq!(BlobId::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(BlobId::of(b"")));
        for bad in
            ["", "sha256:", &EMPTY[7..], &EMPTY.to_uppercase(), &format!("{EMPTY}0"), "sha256:zz"]
        {
            assert!(bad.parse::<BlobId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn hashes_what_was_really_written() {
        let mut room = [0_u8; 2];
        let mut two_at_most = HashingWriter::new(&mut room[..]);
        assert_eq!(two_at_most.write(b"abc").unwrap(), 2);
        let (_, id, n_bytes) = two_at_most.finish();
        assert_eq!((id, n_bytes), (BlobId::of(b"ab"), 2));
    }
}
