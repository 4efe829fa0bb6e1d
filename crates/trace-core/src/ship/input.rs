//! What can happen to a shipment, and what it asks for in return.

use crate::blob::{ArtifactName, BlobId};

/// One cut chunk in the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkInfo {
    /// Its number, from 1.
    pub n: u64,
    /// Bytes of its frame.
    pub bytes_len: u64,
    /// SHA-256 of its frame, in hex.
    pub sha256: String,
}

/// One blob that a line of this trace refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobInfo {
    /// SHA-256 of the original bytes.
    pub id: BlobId,
    /// How many original bytes.
    pub size: u64,
    /// What they are.
    pub media_type: String,
}

/// One file beside the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactInfo {
    /// Its name in the trace's directory.
    pub name: ArtifactName,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// How a trace ended: the body of finalize.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `run.end.status`.
    pub status: String,
    /// How many chunks there are.
    pub chunks: u64,
    /// The last event's number.
    pub last_seq: u64,
}

/// A request, by what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Register the trace.
    Register,
    /// Send a chunk.
    Chunk(u64),
    /// Ask which of these blobs the server lacks.
    Missing(Vec<BlobId>),
    /// Send a blob.
    Blob(BlobId),
    /// Send an artifact.
    Artifact(ArtifactName),
    /// Close the trace.
    Finalize,
}

/// What a 2xx said. Fields that an answer does not have stay empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Last chunk of the gapless durable prefix.
    pub high_water: Option<u64>,
    /// Whether somebody watches the trace live.
    pub watching: Option<bool>,
    /// Blobs the server lacks, of those asked for.
    pub missing: Vec<BlobId>,
}

/// A refusal in the server's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code, such as `chunk_conflict`.
    pub code: String,
    /// What it says.
    pub message: String,
    /// Chunks that a finalize found missing.
    pub missing_chunks: Vec<u64>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A 2xx: durable on the other side.
    Ok(Answer),
    /// No answer, 408, 429, 5xx: the same request may succeed later.
    Retry {
        /// The server's `Retry-After`, in milliseconds.
        after_ms: Option<u64>,
    },
    /// 4xx: the same request never succeeds.
    Permanent(Refusal),
    /// 409: the other side's state contradicts the request.
    Conflict(Refusal),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The trace exists; the payload of `run.start`, which registers it.
    RunStarted(String),
    /// A chunk lies in the spool.
    ChunkReady(ChunkInfo),
    /// A blob lies in the spool; told before the chunk whose lines refer to it.
    BlobReady(BlobInfo),
    /// An artifact lies in the spool.
    ArtifactReady(ArtifactInfo),
    /// Nothing more will come.
    Ended(Ended),
    /// A request ended.
    Reply {
        /// Which.
        op: Op,
        /// How.
        outcome: Outcome,
    },
    /// Time has passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Register the trace with this payload.
    Register(String),
    /// Send that chunk.
    PutChunk(u64),
    /// Ask which of these are missing.
    AskMissing(Vec<BlobId>),
    /// Send that blob.
    PutBlob(BlobId),
    /// Send that artifact.
    PutArtifact(ArtifactName),
    /// Close the trace.
    Finalize(Ended),
    /// That chunk is durable elsewhere: the spool may drop it.
    ForgetChunk(u64),
    /// Send [`Input::Tick`] at that time.
    WakeAt(u64),
    /// The trace cannot be shipped now; it stays in the spool. Said once.
    GiveUp {
        /// Why, for a person.
        reason: String,
    },
    /// Everything is durable on the other side. Said once.
    Done,
}
