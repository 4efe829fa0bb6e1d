//! One chunk = whole lines = one zstd frame.

use std::fmt;

use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, DParameter, ErrorCode, ResetDirective};

use super::{ChunkError, MAX_FRAME_BYTES};

/// How hard to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// zstd level 3, while a test runs: about 300 MB/s.
    Live,
    /// zstd level 9, for a short trace while somebody waits for its end: a tenth smaller, a sixth of the speed.
    Finished,
    /// zstd level 19, after the test: a quarter smaller, a hundred times slower.
    Archive,
}

impl Level {
    /// The number that zstd knows it by.
    pub const fn number(self) -> i32 {
        match self {
            Self::Live => 3,
            Self::Finished => 9,
            Self::Archive => 19,
        }
    }
}

/// The magic number of every zstd frame, as it stands in the file.
pub const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Refuses windows over 128 MiB, which the format allows and no writer of ours uses.
const WINDOW_LOG_MAX: u32 = 27;

/// Above this many bytes a frame may not blow up by more than [`MAX_RATIO`]; below, repetitive lines may do as they like.
const RATIO_FREE_BYTES: usize = 16 << 20;
const MAX_RATIO: usize = 2000;

/// Compresses frame after frame with one context; setting a context up costs as much as compressing 100 KiB.
pub struct Compressor {
    context: CCtx<'static>,
}

impl Compressor {
    /// A compressor for one level.
    pub fn new(level: Level) -> Result<Self, ChunkError> {
        let mut context = CCtx::create();
        let params = [
            CParameter::CompressionLevel(level.number()),
            // Four bytes a frame buy the detection of flipped bits that still decompress.
            CParameter::ChecksumFlag(true),
            CParameter::ContentSizeFlag(true),
        ];
        for param in params {
            context.set_parameter(param).map_err(|code| compress_error(0, code))?;
        }
        Ok(Self { context })
    }

    /// One frame of `raw`.
    pub fn compress(&mut self, raw: &[u8]) -> Result<Vec<u8>, ChunkError> {
        let mut frame = Vec::with_capacity(zstd_safe::compress_bound(raw.len()));
        self.context.compress2(&mut frame, raw).map_err(|code| compress_error(raw.len(), code))?;
        // Worst-case room is a hundred times what a chunk of lines needs once it is kept in a list.
        frame.shrink_to_fit();
        Ok(frame)
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").finish_non_exhaustive()
    }
}

/// One frame of `raw`.
pub fn compress(raw: &[u8], level: Level) -> Result<Vec<u8>, ChunkError> {
    Compressor::new(level)?.compress(raw)
}

/// Decompresses frame after frame with one context.
pub struct Decompressor {
    context: DCtx<'static>,
}

impl Decompressor {
    /// A decompressor with the limits of this crate.
    pub fn new() -> Self {
        let mut context = DCtx::create();
        // The value is in zstd's own range on every platform we build for, so there is nothing to report.
        let _in_range = context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX));
        Self { context }
    }

    /// The content of exactly one frame, refused when it is more than `max_bytes`.
    pub fn decompress(&mut self, frame: &[u8], max_bytes: usize) -> Result<Vec<u8>, ChunkError> {
        let len = frame_len(frame)?;
        if len != frame.len() {
            return Err(damaged("bytes follow the frame"));
        }
        let limit = max_bytes.min(RATIO_FREE_BYTES.max(frame.len().saturating_mul(MAX_RATIO)));
        let too_large = || ChunkError::TooLarge { frame: 1, offset: 0, limit };
        match zstd_safe::get_frame_content_size(frame) {
            Ok(Some(size)) => {
                let size = usize::try_from(size).ok().filter(|size| *size <= limit);
                self.one_shot(frame, size.ok_or_else(too_large)?)
            }
            Ok(None) => self.stream(frame, limit)?.ok_or_else(too_large),
            Err(_) => Err(damaged("frame header is corrupted")),
        }
    }

    fn one_shot(&mut self, frame: &[u8], size: usize) -> Result<Vec<u8>, ChunkError> {
        // Claimed sizes are not trusted with memory before the frame's own length makes them plausible.
        let mut raw = Vec::with_capacity(size);
        let written = self.context.decompress(&mut raw, frame).map_err(damage)?;
        if written == size { Ok(raw) } else { Err(damaged("content is shorter than declared")) }
    }

    /// For frames of other writers, which need not say their size; `None` when there is more than `limit`.
    fn stream(&mut self, frame: &[u8], limit: usize) -> Result<Option<Vec<u8>>, ChunkError> {
        let (raw, end) = self.prefix(frame, limit);
        match end {
            End::Whole => Ok(Some(raw)),
            End::Limit => Ok(None),
            End::Input => Err(ChunkError::Cut { frame: 1, offset: 0, found: frame.len() }),
            End::Damage(code) => Err(damage(code)),
        }
    }

    /// What decompresses from the front of a frame, block by block, and why it ended there.
    pub(super) fn prefix(&mut self, frame: &[u8], limit: usize) -> (Vec<u8>, End) {
        let _usable = self.context.reset(ResetDirective::SessionOnly);
        let mut raw = Vec::new();
        let mut input = zstd_safe::InBuffer::around(frame);
        let mut block = vec![0_u8; DCtx::out_size()];
        loop {
            let mut output = zstd_safe::OutBuffer::around(&mut block[..]);
            let result = self.context.decompress_stream(&mut output, &mut input);
            let n = output.pos();
            raw.extend_from_slice(&block[..n]);
            match result {
                Ok(0) => return (raw, End::Whole),
                Err(code) => return (raw, End::Damage(code)),
                Ok(_) if raw.len() > limit => return (raw, End::Limit),
                Ok(_) if n == 0 && input.pos() == frame.len() => return (raw, End::Input),
                Ok(_) => {}
            }
        }
    }
}

/// Why decompressing a frame from the front stopped.
pub(super) enum End {
    /// The frame is complete.
    Whole,
    /// More than the limit.
    Limit,
    /// The bytes ran out.
    Input,
    /// zstd refused.
    Damage(ErrorCode),
}

impl Default for Decompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").finish_non_exhaustive()
    }
}

/// The content of exactly one frame, refused when it is more than `max_bytes` or out of proportion.
pub fn decompress(frame: &[u8], max_bytes: usize) -> Result<Vec<u8>, ChunkError> {
    Decompressor::new().decompress(frame, max_bytes)
}

/// The content of all frames, skippable ones left out; refused when it is more than `max_bytes` in total.
pub fn decode_all(bytes: &[u8], max_bytes: usize) -> Result<Vec<u8>, ChunkError> {
    let mut decompressor = Decompressor::new();
    let mut raw = Vec::new();
    for frame in Frames::new(bytes) {
        let frame = frame?;
        if frame.kind == FrameKind::Data {
            let room = (max_bytes - raw.len()).min(MAX_FRAME_BYTES);
            let content = decompressor.decompress(frame.bytes, room);
            raw.extend_from_slice(&content.map_err(|error| error.at(frame.number, frame.offset))?);
        }
    }
    Ok(raw)
}

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Compressed lines.
    Data,
    /// Bytes for those who know the magic number; decoders pass over them.
    Skippable(u32),
}

/// One frame where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// From 1.
    pub number: u64,
    /// Where it begins.
    pub offset: u64,
    /// What it is for.
    pub kind: FrameKind,
    /// The frame, header included.
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The payload of a skippable frame; empty for a data frame.
    pub fn skippable_payload(&self) -> &'a [u8] {
        match self.kind {
            FrameKind::Data => &[],
            FrameKind::Skippable(_) => self.bytes.get(8..).unwrap_or_default(),
        }
    }
}

/// Iterates over the frames of a file without decompressing; ends behind the first error.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
}

impl<'a> Frames<'a> {
    /// The frames of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, number: 0 }
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let offset = self.at as u64;
        self.number += 1;
        match frame_len(rest) {
            Ok(len) => {
                self.at += len;
                let bytes = &rest[..len];
                Some(Ok(Frame { number: self.number, offset, kind: kind_of(bytes), bytes }))
            }
            Err(error) => {
                self.at = self.bytes.len();
                Some(Err(error.at(self.number, offset)))
            }
        }
    }
}

/// The magic number of a skippable frame, if `bytes` begin with one.
fn skippable_magic(bytes: &[u8]) -> Option<u32> {
    let magic = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    (0x184D_2A50..=0x184D_2A5F).contains(&magic).then_some(magic)
}

fn kind_of(bytes: &[u8]) -> FrameKind {
    skippable_magic(bytes).map_or(FrameKind::Data, FrameKind::Skippable)
}

/// Bytes of the frame that `bytes` begin with. Walks block headers only.
pub(crate) fn frame_len(bytes: &[u8]) -> Result<usize, ChunkError> {
    let begins = bytes.starts_with(&MAGIC) || skippable_magic(bytes).is_some();
    let may_begin = bytes.len() < 4 && MAGIC.starts_with(bytes);
    if !begins && !may_begin {
        return Err(ChunkError::NotAFrame { frame: 1, offset: 0 });
    }
    match zstd_safe::find_frame_compressed_size(bytes) {
        Ok(len) if (1..=bytes.len()).contains(&len) => Ok(len),
        Ok(_) => Err(ChunkError::Cut { frame: 1, offset: 0, found: bytes.len() }),
        Err(code) if is_cut(code) => {
            Err(ChunkError::Cut { frame: 1, offset: 0, found: bytes.len() })
        }
        Err(code) => Err(damage(code)),
    }
}

/// `srcSize_wrong`: the bytes end before the frame does.
fn is_cut(code: ErrorCode) -> bool {
    zstd_safe::get_error_name(code) == "Src size is incorrect"
}

fn compress_error(bytes: usize, code: ErrorCode) -> ChunkError {
    ChunkError::Compress { bytes, reason: zstd_safe::get_error_name(code) }
}

fn damage(code: ErrorCode) -> ChunkError {
    damaged(zstd_safe::get_error_name(code))
}

fn damaged(reason: &'static str) -> ChunkError {
    ChunkError::Damaged { frame: 1, offset: 0, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_one_behind_the_other_are_all_read() {
        let mut file = compress(b"one\n", Level::Live).unwrap();
        let first = file.len() as u64;
        file.extend_from_slice(&[0x54, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, b'h', b'i']);
        file.extend(compress(b"two\n", Level::Archive).unwrap());
        assert_eq!(decode_all(&file, 100).unwrap(), b"one\ntwo\n");
        let frames: Vec<_> = Frames::new(&file).map(Result::unwrap).collect();
        assert_eq!(frames[1].kind, FrameKind::Skippable(0x184D_2A54));
        assert_eq!((frames[1].offset, frames[1].skippable_payload()), (first, &b"hi"[..]));
    }

    #[test]
    fn bombs_are_refused_before_they_go_off() {
        let bomb = compress(&vec![0; 64 << 20], Level::Live).unwrap();
        assert!(bomb.len() < 10_000);
        assert!(matches!(decompress(&bomb, usize::MAX), Err(ChunkError::TooLarge { .. })));
        let small = compress(&vec![0; 1 << 20], Level::Live).unwrap();
        assert!(matches!(decompress(&small, 1000), Err(ChunkError::TooLarge { limit: 1000, .. })));
        assert!(matches!(
            decode_all(&[small.clone(), small].concat(), (1 << 20) + 5),
            Err(ChunkError::TooLarge { frame: 2, .. })
        ));
    }

    #[test]
    fn frames_without_a_size_are_read_and_bounded_too() {
        let mut context = CCtx::create();
        context.set_parameter(CParameter::ContentSizeFlag(false)).unwrap();
        let mut frame = Vec::with_capacity(1 << 20);
        context.compress2(&mut frame, &vec![b'x'; 1 << 20][..]).unwrap();
        assert_eq!(decompress(&frame, 1 << 20).unwrap().len(), 1 << 20);
        assert!(matches!(decompress(&frame, 1 << 19), Err(ChunkError::TooLarge { .. })));
    }

    #[test]
    fn errors_name_frame_and_byte() {
        let one = compress(b"one\n", Level::Live).unwrap();
        let two = [&one[..], &one[..one.len() - 2]].concat();
        let error = decode_all(&two, 100).unwrap_err();
        assert!(matches!(error, ChunkError::Cut { frame: 2, .. }), "{error}");
        assert!(error.to_string().contains(&format!("byte `{}`", one.len())), "{error}");
        let error = decode_all(&[&one[..], b"junk and more"].concat(), 100).unwrap_err();
        assert!(matches!(error, ChunkError::NotAFrame { frame: 2, .. }), "{error}");
        let mut flipped = one.clone();
        flipped[one.len() - 6] ^= 1;
        assert!(matches!(decode_all(&flipped, 100), Err(ChunkError::Damaged { frame: 1, .. })));
    }
}
