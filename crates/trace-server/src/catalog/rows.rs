//! Rows as values.

use trace_core::{ShortId, TraceId};

use super::words::{Form, Outcome, Source, Status, Tier};
use crate::clock::EpochMs;

/// An API key as it is stored: never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The public part by which it is found.
    pub key_id: String,
    /// SHA-256 of the secret part. The secret is 256 random bits, so a slow hash would add cost and no safety.
    pub secret_sha256: Vec<u8>,
    /// What it may do, separated by blanks.
    pub scopes: String,
    /// For people.
    pub name: String,
    /// When it was made.
    pub created_ms: EpochMs,
    /// When it was ended.
    pub revoked_ms: Option<EpochMs>,
}

/// A trace in a path: either id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceRef {
    /// The UUID.
    Id(TraceId),
    /// The nine characters.
    Short(ShortId),
}

impl TraceRef {
    /// Either form; none when the text is neither.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().map(Self::Id).or_else(|_| text.parse().map(Self::Short)).ok()
    }
}

/// What `run.start` says, as far as rows need it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTrace {
    /// The id that the recorder drew.
    pub id: TraceId,
    /// Its short form.
    pub short_id: ShortId,
    /// Wall clock at ts 0.
    pub wall_ms: EpochMs,
    /// Stable over runs of one scenario.
    pub scenario_id: String,
    /// For addresses and filters.
    pub scenario_slug: String,
    /// For people.
    pub scenario_title: String,
    /// Playwright's project.
    pub project: String,
    /// The CI job's execution.
    pub run_id: String,
    /// Attempt number, from 0.
    pub retry: u32,
    /// What started the run.
    pub source: Source,
    /// The commit under test.
    pub code_sha: Option<String>,
    /// The trace that it is the replay of.
    pub parent_trace_id: Option<TraceId>,
    /// The whole payload.
    pub run_start: String,
}

/// A trace's row.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceRecord {
    /// What was registered.
    pub trace: NewTrace,
    /// Where it stands.
    pub status: Status,
    /// How the recording ended, from finalize on.
    pub outcome: Option<Outcome>,
    /// Why it was aborted.
    pub abort_reason: Option<String>,
    /// How near the bytes are.
    pub tier: Tier,
    /// Kept from every expiry.
    pub pinned: bool,
    /// From `run.end`.
    pub duration_ms: Option<f64>,
    /// Readable name of the failure.
    pub failure_signature: Option<String>,
    /// Stable hash of the failure.
    pub failure_hash: Option<String>,
    /// `{index,id,title}` as JSON.
    pub failed_step: Option<String>,
    /// Stored bytes of the trace file.
    pub bytes: u64,
    /// Events in the gapless prefix.
    pub events: u64,
    /// Last chunk of the gapless durable prefix.
    pub high_water: u32,
    /// Last seq of that prefix.
    pub high_seq: u64,
    /// In which form the events are stored.
    pub form: Form,
    /// When it was registered.
    pub created_ms: EpochMs,
    /// When it was closed for writing.
    pub finalized_ms: Option<EpochMs>,
    /// When postprocessing knew the outcome.
    pub finished_ms: Option<EpochMs>,
}

/// A chunk's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkRow {
    /// From 1.
    pub chunk_no: u32,
    /// Of the compressed bytes.
    pub sha256: String,
    /// Compressed.
    pub bytes: u64,
    /// Decompressed.
    pub raw_bytes: u64,
    /// First event.
    pub first_seq: u64,
    /// Last event.
    pub last_seq: u64,
    /// Smallest ts in it, microseconds.
    pub min_ts_us: u64,
    /// Largest ts in it, microseconds.
    pub max_ts_us: u64,
}

/// What became of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkCommit {
    /// Now durable.
    Added {
        /// The gapless prefix, in chunks.
        high_water: u32,
        /// The gapless prefix, in events.
        high_seq: u64,
    },
    /// The same bytes were there.
    Known {
        /// The gapless prefix, in chunks.
        high_water: u32,
    },
    /// Other bytes are there.
    Conflict,
    /// The trace takes no more chunks.
    Finalized,
    /// It does not fit between its neighbours.
    Gap {
        /// The seq that would fit.
        wanted: u64,
        /// The seq that came.
        found: u64,
        /// The neighbour's number.
        neighbour: u32,
    },
}

/// How a trace shall be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalizeRequest {
    /// How it ended.
    pub outcome: Outcome,
    /// What must have arrived; none takes what is there (abort).
    pub expect: Option<(u32, u64)>,
    /// Why, when aborted.
    pub reason: Option<String>,
    /// Only if nothing arrived since: the sweep must not close a trace that woke up.
    pub idle_since: Option<EpochMs>,
}

/// What became of a finalize.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinalizeCommit {
    /// Closed now, its job enqueued.
    Closed,
    /// It was closed in the same way.
    Already,
    /// It was closed in another way.
    Other(Outcome),
    /// Chunks are missing.
    Missing(Vec<u32>),
    /// More chunks, or another last seq, than announced.
    Mismatch {
        /// Chunks that are there.
        chunks: u32,
        /// The last seq that is there.
        last_seq: u64,
    },
    /// Something arrived meanwhile.
    Awake,
}

/// A blob to acknowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBlob {
    /// Of the original bytes.
    pub sha256: String,
    /// Of the original bytes.
    pub size: u64,
    /// What the recorder calls it; recorded, never served.
    pub media_type: String,
    /// In the store.
    pub stored_bytes: u64,
    /// Whether the store holds it as a zstd frame.
    pub zstd: bool,
}

/// A blob that a trace may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRow {
    /// Of the original bytes.
    pub sha256: String,
    /// Of the original bytes.
    pub size: u64,
    /// What the recorder calls it.
    pub media_type: String,
    /// In the store.
    pub stored_bytes: u64,
    /// Whether the store holds it as a zstd frame.
    pub zstd: bool,
}

/// An artifact's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRow {
    /// A name of the allow-list.
    pub name: String,
    /// Of its bytes.
    pub sha256: String,
    /// Stored.
    pub bytes: u64,
    /// Made by postprocessing, so that it may be made again.
    pub ours: bool,
}

/// What postprocessing found out.
#[derive(Debug, Clone, PartialEq)]
pub struct PostRow {
    /// The status from now on.
    pub status: Status,
    /// From the events.
    pub duration_ms: Option<f64>,
    /// Events in the trace.
    pub events: u64,
    /// Readable name of the failure.
    pub failure_signature: Option<String>,
    /// Stable hash of the failure.
    pub failure_hash: Option<String>,
    /// `{index,id,title}` as JSON.
    pub failed_step: Option<String>,
    /// Tokens, separated by blanks.
    pub search_text: String,
    /// Pin it now.
    pub pin: bool,
}
