//! Why bytes are no chunk.

use thiserror::Error;

use crate::ndjson::{Code, Diagnostic};

/// Why compressing, reading or writing frames failed. `frame` counts from 1, `offset` is the frame's place in the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// The compressor refused, which only lack of memory explains.
    #[error("zstd could not compress `{bytes}` bytes: {reason}")]
    Compress {
        /// How many bytes it was given.
        bytes: usize,
        /// The reason by zstd's name.
        reason: &'static str,
    },
    /// Not at a frame's beginning.
    #[error("frame `{frame}` at byte `{offset}` is no zstd frame")]
    NotAFrame {
        /// Which frame.
        frame: u64,
        /// Where.
        offset: u64,
    },
    /// The bytes end inside a frame.
    #[error("frame `{frame}` at byte `{offset}` is cut off: `{found}` bytes are there")]
    Cut {
        /// Which frame.
        frame: u64,
        /// Where.
        offset: u64,
        /// Bytes of it that are there.
        found: usize,
    },
    /// Content that does not decompress or whose checksum is wrong.
    #[error("frame `{frame}` at byte `{offset}` is damaged: {reason}")]
    Damaged {
        /// Which frame.
        frame: u64,
        /// Where.
        offset: u64,
        /// The reason by zstd's name.
        reason: &'static str,
    },
    /// More than the reader is ready to hold.
    #[error("frame `{frame}` at byte `{offset}` decompresses to more than `{limit}` bytes")]
    TooLarge {
        /// Which frame.
        frame: u64,
        /// Where.
        offset: u64,
        /// The limit in force.
        limit: usize,
    },
    /// A chunk that is not whole lines.
    #[error("frame `{frame}` does not end with a line break; a chunk is whole lines")]
    NotWholeLines {
        /// Which frame.
        frame: u64,
    },
    /// More frames or bytes than the seek table can count.
    #[error("frame `{frame}` is too large for a seek table; cut smaller frames")]
    SeekTable {
        /// Which frame.
        frame: u64,
    },
    /// The source of the lines or the destination of the file failed.
    #[error("archive could not be {doing}")]
    Io {
        /// `read` or `written`.
        doing: &'static str,
        /// What the other side said.
        #[source]
        source: std::io::Error,
    },
    /// The index cannot be written as JSON.
    #[error("index could not be serialised")]
    Index(#[source] serde_json::Error),
}

impl ChunkError {
    /// The same error, placed in a file.
    #[must_use]
    pub(crate) fn at(self, frame: u64, offset: u64) -> Self {
        match self {
            Self::NotAFrame { .. } => Self::NotAFrame { frame, offset },
            Self::Cut { found, .. } => Self::Cut { frame, offset, found },
            Self::Damaged { reason, .. } => Self::Damaged { frame, offset, reason },
            Self::TooLarge { limit, .. } => Self::TooLarge { frame, offset, limit },
            Self::NotWholeLines { .. } => Self::NotWholeLines { frame },
            other => other,
        }
    }

    /// The complaint a tolerant reader passes on instead of giving up.
    pub fn diagnostic(&self) -> Diagnostic {
        let (code, offset) = match self {
            Self::NotAFrame { offset, .. } => (Code::NotAFrame, *offset),
            Self::Cut { offset, .. } => (Code::FrameCut, *offset),
            Self::TooLarge { offset, .. } => (Code::FrameTooLarge, *offset),
            Self::Damaged { offset, .. } => (Code::FrameDamaged, *offset),
            Self::Io { .. } => (Code::Unreadable, 0),
            _ => (Code::FrameDamaged, 0),
        };
        Diagnostic::of_file(code, offset, self.to_string())
    }
}
