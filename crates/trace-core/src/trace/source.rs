//! Where a reader's bytes come from: memory here, files and object stores in other rooms.

use std::io;
use std::sync::Arc;

use thiserror::Error;

use crate::chunk::ChunkError;
use crate::ndjson::Diagnostic;

/// Why a trace could not be opened or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store or the file failed.
    #[error("could not read `{len}` bytes at byte `{offset}` of the trace")]
    Io {
        /// Where.
        offset: u64,
        /// How many.
        len: usize,
        /// What the store said.
        #[source]
        source: io::Error,
    },
    /// Asked for bytes that are not there.
    #[error("trace has `{size}` bytes, asked for `{len}` at byte `{offset}`")]
    OutOfRange {
        /// Where.
        offset: u64,
        /// How many.
        len: usize,
        /// How many there are.
        size: u64,
    },
    /// The trace's format is newer than this crate.
    #[error(transparent)]
    FromTheFuture(Diagnostic),
    /// A frame that does not decompress.
    #[error(transparent)]
    Frame(ChunkError),
    /// A frame number that the trace has not.
    #[error("trace has `{frames}` frames, asked for frame `{frame}` (counted from 0)")]
    NoSuchFrame {
        /// Which was asked for.
        frame: usize,
        /// How many there are.
        frames: usize,
    },
}

/// Bytes that can be read at any place. Whoever implements it may fetch ranges over a network.
pub trait ReadAt {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Exactly `len` bytes from `offset` on.
    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError>;
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        let start = usize::try_from(offset).ok();
        let range = start.and_then(|start| self.get(start..start.checked_add(len)?));
        let missing = ReadError::OutOfRange { offset, len, size: ReadAt::size(self) };
        range.map(<[u8]>::to_vec).ok_or(missing)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        ReadAt::size(self.as_slice())
    }

    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        self.as_slice().read_at(offset, len)
    }
}

/// Passes through pointers, so that one source serves many readers.
macro_rules! read_through {
    ($($pointer:ty),+) => {$(
        impl<T: ReadAt + ?Sized> ReadAt for $pointer {
            fn size(&self) -> u64 {
                (**self).size()
            }

            fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
                (**self).read_at(offset, len)
            }
        }
    )+};
}
read_through!(&T, Arc<T>, Box<T>);

/// Reads a source from front to end, in pieces large enough that a network's latency does not matter.
pub(super) struct Sequential<'s, S: ?Sized> {
    source: &'s S,
    at: u64,
    buffer: Vec<u8>,
    given: usize,
}

/// Bytes that are fetched at once.
const PIECE_BYTES: u64 = 4 << 20;

impl<'s, S: ReadAt + ?Sized> Sequential<'s, S> {
    pub(super) fn new(source: &'s S) -> Self {
        Self { source, at: 0, buffer: Vec::new(), given: 0 }
    }
}

impl<S: ReadAt + ?Sized> io::Read for Sequential<'_, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.buffer.len() {
            let piece = PIECE_BYTES.min(self.source.size().saturating_sub(self.at));
            let piece = usize::try_from(piece).unwrap_or(0);
            self.buffer = self.source.read_at(self.at, piece).map_err(io::Error::other)?;
            self.at += self.buffer.len() as u64;
            self.given = 0;
        }
        let n = out.len().min(self.buffer.len() - self.given);
        out[..n].copy_from_slice(&self.buffer[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}
