//! Damaged files: everything before and behind the damage, and a complaint for each hole.

use super::frame::{Decompressor, Frame, FrameKind, MAGIC, frame_len};
use super::{ChunkError, MAX_FRAME_BYTES};
use crate::ndjson::Diagnostic;

/// What was left of a damaged file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The lines of every frame that is intact, and the whole lines of one that is cut off.
    pub raw: Vec<u8>,
    /// One complaint for each damaged place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads every frame it can; `max_bytes` bounds the result, and what lies beyond is told, not read.
pub fn decode_tolerant(bytes: &[u8], max_bytes: usize) -> Recovered {
    let mut recovered = Recovered::default();
    let mut frames = TolerantFrames::new(bytes);
    loop {
        let room = (max_bytes - recovered.raw.len()).min(MAX_FRAME_BYTES);
        match frames.next(room) {
            Some(Found::Lines { raw, .. }) => recovered.raw.extend_from_slice(&raw),
            Some(Found::Skippable { .. }) => {}
            Some(Found::Hole { error, raw, .. }) => {
                recovered.diagnostics.push(error.diagnostic());
                recovered.raw.extend_from_slice(&raw);
            }
            None => return recovered,
        }
    }
}

/// The whole lines at the front of a frame that was cut off.
///
/// Only for frames whose end is missing: their bytes are what the writer wrote. A frame with flipped bits is given up as a
/// whole, since nothing tells its right lines from its wrong ones.
pub(crate) fn whole_lines(decompressor: &mut Decompressor, frame: &[u8], room: usize) -> Vec<u8> {
    let (mut raw, _end) = decompressor.prefix(frame, room);
    raw.truncate(room);
    raw.truncate(memchr::memrchr(b'\n', &raw).map_or(0, |at| at + 1));
    raw
}

/// What lies at one place of a file; `len` is how many bytes of the file it takes.
pub(crate) enum Found {
    /// An intact frame and its content.
    Lines {
        /// Bytes of the file.
        len: usize,
        /// The content.
        raw: Vec<u8>,
    },
    /// A frame for others.
    Skippable {
        /// Bytes of the file.
        len: usize,
    },
    /// Damage, up to the next place that may be a frame.
    Hole {
        /// What is wrong.
        error: ChunkError,
        /// Bytes of the file.
        len: usize,
        /// The whole lines before a cut.
        raw: Vec<u8>,
    },
}

/// Like [`super::Frames`], but decompresses, and goes on behind damage at the next place that looks like a frame and hangs
/// together.
pub(crate) struct TolerantFrames<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
    n_holes: u32,
    decompressor: Decompressor,
}

impl<'a> TolerantFrames<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, number: 0, n_holes: 0, decompressor: Decompressor::new() }
    }

    /// The next thing, when its content has at most `room` bytes.
    pub(crate) fn next(&mut self, room: usize) -> Option<Found> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        self.number += 1;
        let found = match super::Frames::new(rest).next()? {
            Ok(Frame { kind: FrameKind::Skippable(_), bytes, .. }) => {
                Found::Skippable { len: bytes.len() }
            }
            Ok(frame) => match self.decompressor.decompress(frame.bytes, room) {
                Ok(raw) => Found::Lines { len: frame.bytes.len(), raw },
                // A flipped length makes a frame swallow the ones behind it, so those are looked for inside it.
                Err(error) => self.hole(error, rest, frame.bytes.len(), room),
            },
            Err(error) => self.hole(error, rest, rest.len(), room),
        };
        let (Found::Lines { len, .. } | Found::Skippable { len } | Found::Hole { len, .. }) = found;
        self.at += len;
        Some(found)
    }

    /// A hole of at most `len` bytes at the front of `rest`.
    fn hole(&mut self, error: ChunkError, rest: &[u8], len: usize, room: usize) -> Found {
        self.n_holes += 1;
        let is_bomb = matches!(error, ChunkError::TooLarge { .. });
        let gives_up = is_bomb || self.n_holes > MAX_HOLES;
        let next = if gives_up { None } else { next_frame(rest, len) };
        let len = next.unwrap_or(len);
        let is_cut = matches!(error, ChunkError::Cut { .. });
        let raw = if is_cut {
            whole_lines(&mut self.decompressor, &rest[..len], room)
        } else {
            Vec::new()
        };
        Found::Hole { error: error.at(self.number, self.at as u64), len, raw }
    }
}

/// A file with more holes was made by an attacker, not by a crash; searching on would take quadratic time.
const MAX_HOLES: u32 = 100;
/// For the same reason, places that look like a frame and are none end the search.
const MAX_CANDIDATES: usize = 10_000;

/// Where the next frame begins behind the first byte and before `end`.
fn next_frame(rest: &[u8], end: usize) -> Option<usize> {
    let search = |pattern: &[u8], back: usize| {
        memchr::memmem::find_iter(&rest[..end], pattern)
            .filter_map(|at| at.checked_sub(back).filter(|at| *at > 0))
            .take(MAX_CANDIDATES)
            .find(|at| frame_len(&rest[*at..]).is_ok())
    };
    // Skippable frames begin with `5x 2a 4d 18`.
    let (data, skippable) = (search(&MAGIC, 0), search(&[0x2a, 0x4d, 0x18], 1));
    data.into_iter().chain(skippable).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::frame::{Level, compress};
    use crate::ndjson::Code;

    fn lines(name: &str) -> Vec<u8> {
        let seed =
            name.bytes().fold(0, |n, b| (n ^ u64::from(b)).wrapping_mul(0xD6E8_FEB8_6659_FD93));
        (0..5000_u64)
            .flat_map(|n| {
                format!("{name} {}\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ seed).into_bytes()
            })
            .collect()
    }

    #[test]
    fn everything_around_the_damage_survives() {
        let frames = ["a", "b", "c"].map(|name| compress(&lines(name), Level::Live).unwrap());
        let mut file = frames.concat();
        let middle = frames[0].len();
        file[middle] ^= 0xff;
        let got = decode_tolerant(&file, usize::MAX);
        assert_eq!(got.raw, [lines("a"), lines("c")].concat());
        assert_eq!(got.diagnostics.len(), 1);
        assert_eq!(
            (got.diagnostics[0].code, got.diagnostics[0].byte_offset),
            (Code::NotAFrame, middle as u64)
        );
    }

    #[test]
    fn a_cut_frame_gives_its_whole_lines() {
        let raw = ["a", "b", "c", "d"].map(lines).concat();
        let frame = compress(&raw, Level::Live).unwrap();
        let got = decode_tolerant(&frame[..frame.len() * 3 / 4], usize::MAX);
        assert_eq!(got.diagnostics[0].code, Code::FrameCut);
        assert!(
            got.raw.len() > raw.len() / 4 && raw.starts_with(&got.raw) && got.raw.ends_with(b"\n")
        );
    }
}
