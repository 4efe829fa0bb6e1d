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
    let mut decompressor = Decompressor::new();
    for found in TolerantFrames::new(bytes) {
        let room = (max_bytes - recovered.raw.len()).min(MAX_FRAME_BYTES);
        match found {
            Found::Frame(frame) if frame.kind == FrameKind::Data => {
                match decompressor.decompress(frame.bytes, room) {
                    Ok(raw) => recovered.raw.extend_from_slice(&raw),
                    Err(error) => {
                        let error = error.at(frame.number, frame.offset);
                        recovered.diagnostics.push(error.diagnostic());
                    }
                }
            }
            Found::Frame(_) => {}
            Found::Hole { error, rest } => {
                recovered.diagnostics.push(error.diagnostic());
                if matches!(error, ChunkError::Cut { .. }) {
                    recovered.raw.extend(whole_lines(&mut decompressor, rest, room));
                }
            }
        }
    }
    recovered
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

/// A frame, or a place where none can be read.
pub(crate) enum Found<'a> {
    /// A frame whose blocks hang together; its content may still be damaged.
    Frame(Frame<'a>),
    /// No frame; `rest` runs to the next one.
    Hole {
        /// What is wrong there.
        error: ChunkError,
        /// The bytes of the hole.
        rest: &'a [u8],
    },
}

/// Like [`super::Frames`], but goes on behind damage at the next place that looks like a frame and hangs together.
pub(crate) struct TolerantFrames<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
    n_holes: u32,
}

impl<'a> TolerantFrames<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, number: 0, n_holes: 0 }
    }
}

impl<'a> Iterator for TolerantFrames<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let offset = self.at as u64;
        self.number += 1;
        let number = self.number;
        match super::Frames::new(rest).next()? {
            Ok(frame) => {
                self.at += frame.bytes.len();
                Some(Found::Frame(Frame { number, offset, ..frame }))
            }
            Err(error) => {
                self.n_holes += 1;
                let gives_up = self.n_holes > MAX_HOLES;
                let len = if gives_up { None } else { next_frame(rest) }.unwrap_or(rest.len());
                self.at += len;
                Some(Found::Hole { error: error.at(number, offset), rest: &rest[..len] })
            }
        }
    }
}

/// A file with more holes was made by an attacker, not by a crash; searching on would take quadratic time.
const MAX_HOLES: u32 = 100;
/// For the same reason, places that look like a frame and are none end the search.
const MAX_CANDIDATES: usize = 10_000;

/// Where the next frame begins behind a damaged one.
fn next_frame(rest: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(rest.get(1..)?, &MAGIC)
        .map(|at| at + 1)
        .take(MAX_CANDIDATES)
        .find(|at| frame_len(&rest[*at..]).is_ok())
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
