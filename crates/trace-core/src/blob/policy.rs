//! Inline or by reference; recompress or leave.

use thiserror::Error;

use super::BlobId;
use crate::chunk::frame::{self, Level, MAGIC};
use crate::chunk::{ChunkError, FrameKind};

/// Bodies, snapshots and images up to this many bytes stand in the line itself.
pub const INLINE_BYTES: usize = 4 << 10;

/// Where a payload goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Into the line.
    Inline,
    /// Into a blob; the line holds its name.
    Blob,
}

/// Where a payload of `len` bytes goes.
pub const fn inline_or_blob(len: usize) -> Placement {
    if len > INLINE_BYTES { Placement::Blob } else { Placement::Inline }
}

/// Whether bytes of that media type are compressed already, so that zstd would only cost time.
pub fn is_compressed_media(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        essence.as_str(),
        "image/png"
            | "image/webp"
            | "image/jpeg"
            | "image/gif"
            | "image/avif"
            | "video/webm"
            | "video/mp4"
            | "audio/webm"
            | "audio/mp4"
            | "application/zip"
            | "application/gzip"
            | "application/x-gzip"
            | "application/zstd"
            | "font/woff"
            | "font/woff2"
    )
}

/// How the stored bytes relate to the original ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    Identity,
    /// One zstd frame.
    Zstd,
}

/// A blob ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The name, by the original bytes.
    pub id: BlobId,
    /// The bytes to store.
    pub bytes: Vec<u8>,
    /// How they are encoded.
    pub encoding: Encoding,
    /// Original bytes.
    pub raw_len: u64,
}

/// Why stored bytes are not the blob they should be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The bytes are another blob or damaged.
    #[error("stored bytes of `{id}` do not hash to its name: found `{found}`")]
    WrongDigest {
        /// The blob that was asked for.
        id: BlobId,
        /// What the bytes hash to.
        found: BlobId,
    },
    /// More than the reader is ready to hold.
    #[error("blob `{id}` has more than `{limit}` bytes")]
    TooLarge {
        /// The blob.
        id: BlobId,
        /// The limit in force.
        limit: usize,
    },
    /// Compressing failed.
    #[error("blob could not be compressed")]
    Compress(#[source] ChunkError),
}

/// Names the bytes and compresses them unless their media type says that they are compressed already.
pub fn encode_stored(bytes: &[u8], media_type: &str, level: Level) -> Result<Stored, BlobError> {
    let id = BlobId::of(bytes);
    let raw_len = bytes.len() as u64;
    if is_compressed_media(media_type) {
        return Ok(Stored { id, bytes: bytes.to_vec(), encoding: Encoding::Identity, raw_len });
    }
    let frame = frame::compress(bytes, level).map_err(BlobError::Compress)?;
    Ok(Stored { id, bytes: frame, encoding: Encoding::Zstd, raw_len })
}

/// The original bytes, proved by their name.
///
/// The name decides how the bytes were stored, not a media type: the same bytes may have been recorded under two types, and
/// whoever came first chose the encoding.
pub fn decode_stored(id: &BlobId, stored: &[u8], max_bytes: usize) -> Result<Vec<u8>, BlobError> {
    if is_one_frame(stored) {
        match frame::decompress(stored, max_bytes) {
            Ok(raw) if BlobId::of(&raw) == *id => return Ok(raw),
            Err(ChunkError::TooLarge { limit, .. }) if BlobId::of(stored) != *id => {
                return Err(BlobError::TooLarge { id: *id, limit });
            }
            _ => {}
        }
    }
    let found = BlobId::of(stored);
    match found == *id {
        true if stored.len() > max_bytes => Err(BlobError::TooLarge { id: *id, limit: max_bytes }),
        true => Ok(stored.to_vec()),
        false => Err(BlobError::WrongDigest { id: *id, found }),
    }
}

fn is_one_frame(stored: &[u8]) -> bool {
    stored.starts_with(&MAGIC)
        && frame::Frames::new(stored).next().is_some_and(|first| {
            first.is_ok_and(|f| f.kind == FrameKind::Data && f.bytes.len() == stored.len())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], media_type: &str, encoding: Encoding) {
        let stored = encode_stored(bytes, media_type, Level::Live).unwrap();
        assert_eq!(stored.encoding, encoding, "{media_type}");
        assert_eq!(decode_stored(&stored.id, &stored.bytes, 1 << 20).unwrap(), bytes);
    }

    #[test]
    fn stored_bytes_come_back_whatever_they_are() {
        check(b"<html>", "text/html; charset=utf-8", Encoding::Zstd);
        check(b"\x89PNG", "image/PNG", Encoding::Identity);
        check(b"", "text/plain", Encoding::Zstd);
        // A blob that is itself a zstd file, once stored as it is and once compressed again.
        let frame = frame::compress(b"inner", Level::Live).unwrap();
        check(&frame, "application/zstd", Encoding::Identity);
        check(&frame, "application/octet-stream", Encoding::Zstd);
    }

    #[test]
    fn other_bytes_are_refused() {
        let stored = encode_stored(b"one", "text/plain", Level::Live).unwrap();
        let other = BlobId::of(b"two");
        assert!(matches!(
            decode_stored(&other, &stored.bytes, 100),
            Err(BlobError::WrongDigest { .. })
        ));
        assert!(matches!(
            decode_stored(&stored.id, &stored.bytes, 2),
            Err(BlobError::TooLarge { .. })
        ));
        assert!(matches!(
            decode_stored(&stored.id, &stored.bytes[1..], 100),
            Err(BlobError::WrongDigest { .. })
        ));
    }

    #[test]
    fn four_kibibytes_are_the_line() {
        assert_eq!(inline_or_blob(4096), Placement::Inline);
        assert_eq!(inline_or_blob(4097), Placement::Blob);
    }
}
