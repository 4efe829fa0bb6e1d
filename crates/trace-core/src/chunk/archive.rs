//! The finished trace file: frames cut at line ends, our index, the zstd seek table.

use std::io::{Read, Write};

use super::frame::{Compressor, Decompressor, FrameKind, Frames, Level};
use super::index::{Index, IndexBuilder};
use super::seek_table::seek_table;
use super::{ChunkError, FrameFacts, MAX_FRAME_BYTES};

/// Uncompressed bytes of an archive's frame. Smaller frames cost size (+16 % at 256 KiB), larger ones cost every reader time.
pub const FRAME_BYTES: usize = 1 << 20;

/// One frame of lines, compressed and described; frames may be made on any thread, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompressedFrame {
    /// The zstd frame.
    pub bytes: Vec<u8>,
    /// What its lines say.
    pub facts: FrameFacts,
}

/// Compresses whole lines into one frame.
pub fn compress_frame(raw: &[u8], level: Level) -> Result<CompressedFrame, ChunkError> {
    let bytes = Compressor::new(level)?.compress(raw)?;
    Ok(CompressedFrame { bytes, facts: FrameFacts::of(raw) })
}

/// Writes an archive to `W`, frame after frame, in the order of the trace; memory holds one frame and the index.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    index: IndexBuilder,
    decompressor: Decompressor,
    n_frames: u64,
}

impl<W: Write> Writer<W> {
    /// An empty archive.
    pub fn new(out: W) -> Self {
        Self { out, index: IndexBuilder::new(), decompressor: Decompressor::new(), n_frames: 0 }
    }

    /// The next frame, whose uncompressed lines are `raw`.
    pub fn push(&mut self, raw: &[u8], frame: &CompressedFrame) -> Result<(), ChunkError> {
        self.n_frames += 1;
        self.write(&frame.bytes)?;
        self.index.push(frame.bytes.len() as u64, raw, &frame.facts);
        Ok(())
    }

    /// The next live chunk, taken over as it is. Its frames are decompressed only to be described and checked.
    pub fn push_chunk(&mut self, chunk: &[u8]) -> Result<(), ChunkError> {
        for frame in Frames::new(chunk) {
            let frame = frame?;
            // A chunk's skippable frames would hide behind the index as frames without lines; nothing needs them.
            if frame.kind != FrameKind::Data {
                continue;
            }
            let number = self.n_frames + 1;
            let raw = self.decompressor.decompress(frame.bytes, MAX_FRAME_BYTES);
            let raw = raw.map_err(|error| error.at(number, frame.offset))?;
            if !raw.is_empty() && !raw.ends_with(b"\n") {
                return Err(ChunkError::NotWholeLines { frame: number });
            }
            self.n_frames = number;
            self.write(frame.bytes)?;
            self.index.push(frame.bytes.len() as u64, &raw, &FrameFacts::of(&raw));
        }
        Ok(())
    }

    /// Writes index and seek table behind the frames.
    pub fn finish(mut self) -> Result<(W, Index), ChunkError> {
        let index = std::mem::take(&mut self.index).finish();
        self.write(&tail(&index)?)?;
        self.out.flush().map_err(|source| ChunkError::Io { doing: "written", source })?;
        Ok((self.out, index))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ChunkError> {
        self.out.write_all(bytes).map_err(|source| ChunkError::Io { doing: "written", source })
    }
}

/// What stands behind the frames that `index` describes: the index itself and the seek table.
pub(crate) fn tail(index: &Index) -> Result<Vec<u8>, ChunkError> {
    let mut tail = index.to_frame()?;
    let table = seek_table(index, tail.len())?;
    tail.extend_from_slice(&table);
    Ok(tail)
}

/// Compresses the lines of `lines` into an archive of frames of about `frame_bytes`.
pub fn write<W: Write>(
    lines: impl Read,
    out: W,
    level: Level,
    frame_bytes: usize,
) -> Result<(W, Index), ChunkError> {
    let mut writer = Writer::new(out);
    let mut compressor = Compressor::new(level)?;
    let mut cuts = FrameCuts::new(lines, frame_bytes);
    while let Some(raw) = cuts.next_frame()? {
        let facts = FrameFacts::of(raw);
        let frame = CompressedFrame { bytes: compressor.compress(raw)?, facts };
        writer.push(raw, &frame)?;
    }
    writer.finish()
}

/// Joins live chunks into one file with index and seek table, without compressing anything again.
pub fn concat<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, Index), ChunkError> {
    let mut writer = Writer::new(Vec::new());
    for chunk in chunks {
        writer.push_chunk(chunk)?;
    }
    writer.finish()
}

/// Cuts a stream of lines into pieces of whole lines, each of about `frame_bytes`, one in memory at a time.
///
/// A line longer than that is a piece of its own; lines beyond [`MAX_FRAME_BYTES`] are cut, since no reader takes them anyway.
#[derive(Debug)]
pub struct FrameCuts<R> {
    lines: R,
    buffer: Vec<u8>,
    given: usize,
    frame_bytes: usize,
    ended: bool,
}

impl<R: Read> FrameCuts<R> {
    /// Cuts `lines`.
    pub fn new(lines: R, frame_bytes: usize) -> Self {
        let frame_bytes = frame_bytes.clamp(1, MAX_FRAME_BYTES);
        Self { lines, buffer: Vec::new(), given: 0, frame_bytes, ended: false }
    }

    /// The next piece; `None` at the end.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, ChunkError> {
        self.buffer.drain(..self.given);
        let mut want = self.frame_bytes;
        loop {
            self.fill(want)?;
            let filled = self.buffer.len().min(want);
            let end = match memchr::memrchr(b'\n', &self.buffer[..filled]) {
                Some(at) => at + 1,
                None if self.buffer.len() > want && want < MAX_FRAME_BYTES => 0,
                None if self.ended || want >= MAX_FRAME_BYTES => filled,
                None => 0,
            };
            if end > 0 || self.ended && self.buffer.is_empty() {
                self.given = end;
                return Ok((end > 0).then(|| &self.buffer[..end]));
            }
            want = (want * 2).min(MAX_FRAME_BYTES);
        }
    }

    fn fill(&mut self, want: usize) -> Result<(), ChunkError> {
        if !self.ended && self.buffer.len() < want {
            let missing = want - self.buffer.len();
            let read = self.lines.by_ref().take(missing as u64).read_to_end(&mut self.buffer);
            let n = read.map_err(|source| ChunkError::Io { doing: "read", source })?;
            self.ended = n < missing;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::frame::decode_all;

    fn lines(n: usize) -> Vec<u8> {
        let line = |seq| {
            format!(
                "{{\"ts\":{seq},\"seq\":{seq},\"kind\":\"x\",\"a\":\"{}\"}}\n",
                "y".repeat(seq % 50)
            )
        };
        (1..=n).flat_map(|seq| line(seq).into_bytes()).collect()
    }

    fn check_cuts(raw: &[u8], frame_bytes: usize) {
        let mut cuts = FrameCuts::new(raw, frame_bytes);
        let mut joined = Vec::new();
        while let Some(piece) = cuts.next_frame().unwrap() {
            assert!(piece.ends_with(b"\n") || joined.len() + piece.len() == raw.len());
            joined.extend_from_slice(piece);
        }
        assert_eq!(joined, raw);
    }

    #[test]
    fn pieces_are_whole_lines() {
        for frame_bytes in [1, 7, 100, 1000, 1 << 20] {
            for raw in [&lines(100)[..], b"", b"no end", b"\n\n\n", b"a\nno end"] {
                check_cuts(raw, frame_bytes);
            }
        }
    }

    #[test]
    fn archives_and_joined_chunks_hold_the_same_lines() {
        let raw = lines(500);
        let (archive, index) = write(&raw[..], Vec::new(), Level::Archive, 4096).unwrap();
        assert_eq!(decode_all(&archive, 1 << 20).unwrap(), raw);
        assert!(index.frames.len() > 5);
        let mut chunks = Vec::new();
        let mut cuts = FrameCuts::new(&raw[..], 4096);
        while let Some(piece) = cuts.next_frame().unwrap() {
            chunks.push(compress_frame(piece, Level::Live).unwrap().bytes);
        }
        let (joined, second) = concat(chunks.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(decode_all(&joined, 1 << 20).unwrap(), raw);
        assert_eq!((second.sha256, second.total_lines), (index.sha256, 500));
    }

    #[test]
    fn half_lines_are_no_chunk() {
        let chunk = super::super::frame::compress(b"half", Level::Live).unwrap();
        assert!(matches!(concat([&chunk[..]]), Err(ChunkError::NotWholeLines { frame: 1 })));
    }
}
