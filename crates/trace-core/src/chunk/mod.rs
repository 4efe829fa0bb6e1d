//! Lines to compressed frames and back.
//!
//! A chunk is a whole number of lines in one zstd frame, so chunks one behind the other are a valid trace file.
//! Every reader must loop over the frames: many one-shot decoders silently stop behind the first one.

pub mod archive;
mod cutter;
mod error;
mod facts;
pub mod frame;
pub mod index;
pub(crate) mod recover;
pub(crate) mod seek_table;

pub use archive::{CompressedFrame, compress_frame};
pub use cutter::{Cause, CutRules, Cutter, Decision, OpenChunk};
pub use error::ChunkError;
pub use facts::FrameFacts;
pub use frame::{Compressor, Decompressor, Frame, FrameKind, Frames, Level};
pub use index::{FrameEntry, Index};
pub use recover::{Recovered, decode_tolerant};

/// Bytes that one frame may decompress to: a chunk of 256 KiB whose last line is of the longest kind fits with room.
pub const MAX_FRAME_BYTES: usize = 32 << 20;
