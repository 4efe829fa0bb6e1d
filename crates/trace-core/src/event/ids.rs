//! Ids as types that parse: a value of one of these types is well formed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is no id.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdError {
    /// Not a UUID.
    #[error("trace id `{0}` is not a UUID such as `550e8400-e29b-41d4-a716-446655440000`")]
    Trace(String),
    /// Not nine characters of the short alphabet.
    #[error("short id `{0}` is not nine letters and digits such as `xY9zQ2mNp`")]
    Short(String),
    /// Empty, too long or with a character outside `[A-Za-z0-9._-]`.
    #[error("step id `{0}` is not 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
    Step(String),
    /// Zero.
    #[error("seq starts at 1, found 0")]
    SeqZero,
}

/// An event's number in its trace: 1, 2, 3, … without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Seq(u64);

impl Seq {
    /// The number of `run.start`.
    pub const FIRST: Self = Self(1);

    /// `n`, unless it is zero.
    pub fn new(n: u64) -> Result<Self, IdError> {
        if n == 0 { Err(IdError::SeqZero) } else { Ok(Self(n)) }
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number after this one; it stays at the largest, which no trace reaches.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl TryFrom<u64> for Seq {
    type Error = IdError;
    fn try_from(n: u64) -> Result<Self, IdError> {
        Self::new(n)
    }
}

impl From<Seq> for u64 {
    fn from(seq: Seq) -> Self {
        seq.0
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A trace's id: a UUID, printed hyphenated in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(uuid::Uuid);

impl TraceId {
    /// An id from 16 random bytes (the edge draws them), marked as a version 4 UUID.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The short id that belongs to this trace (see [`ShortId::of`]).
    pub fn short(&self) -> ShortId {
        ShortId::of(*self)
    }
}

impl FromStr for TraceId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        uuid::Uuid::try_parse(text).map(Self).map_err(|_| IdError::Trace(text.to_owned()))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// Nine characters of an alphabet without look-alikes, about 51 bits: what people read out and agents pass on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortId(String);

/// Letters and digits without `0 O o 1 I l i L u U` look-alikes; 52 characters, so nine carry 51.3 bits.
const SHORT_ALPHABET: &[u8; 52] = b"23456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz";
const SHORT_LENGTH: usize = 9;

impl ShortId {
    /// The short id of a trace: its SHA-256 written in the short alphabet, so both ends derive the same one offline.
    pub fn of(trace: TraceId) -> Self {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(trace.as_bytes());
        let mut n = digest.iter().take(16).fold(0_u128, |n, byte| (n << 8) | u128::from(*byte));
        let mut text = String::with_capacity(SHORT_LENGTH);
        for _ in 0..SHORT_LENGTH {
            let place = usize::try_from(n % 52).unwrap_or_default();
            text.push(char::from(SHORT_ALPHABET[place]));
            n /= 52;
        }
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShortId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        // Any nine alphanumerics parse: ids written by others (such as `xY9zQ2mNp`) may use characters ours avoids.
        let fits = text.len() == SHORT_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(IdError::Short(text.to_owned())) }
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A step's id inside its trace, such as `s7` or `s7.2`; safe to put into JSON without escaping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(Box<str>);

impl StepId {
    /// Whether the text is a step's id.
    pub(crate) fn fits(text: &str) -> bool {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StepId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if Self::fits(text) { Ok(Self(text.into())) } else { Err(IdError::Step(text.to_owned())) }
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Serialises as the text and parses it back, for every id that is text.
macro_rules! text_serde {
    ($($id:ty),+) => {$(
        impl Serialize for $id {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
text_serde!(TraceId, ShortId, StepId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_ids_parse_and_print_lower_case() {
        let id: TraceId = "550E8400-e29b-41d4-a716-446655440000".parse().unwrap();
        assert_eq!(id.to_string(), "550e8400-e29b-41d4-a716-446655440000");
        assert!("../../etc".parse::<TraceId>().is_err());
    }

    #[test]
    fn short_ids_are_nine_characters_and_parse_back() {
        let id = TraceId::from_random([7; 16]).short();
        assert_eq!(id.as_str().len(), 9);
        assert_eq!(id.to_string().parse::<ShortId>(), Ok(id));
        assert!("xY9zQ2mNp".parse::<ShortId>().is_ok());
        assert!("xY9zQ2mN/".parse::<ShortId>().is_err());
    }

    #[test]
    fn step_ids_never_need_escaping() {
        assert!("s7.2".parse::<StepId>().is_ok());
        for bad in ["", "a\"b", "a/b", "ä"] {
            assert!(bad.parse::<StepId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn seq_starts_at_one() {
        assert_eq!(Seq::new(0), Err(IdError::SeqZero));
        assert_eq!(Seq::FIRST.next().get(), 2);
    }
}
