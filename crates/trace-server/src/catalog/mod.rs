//! Rows about traces: what exists, whose it is, how far it came. Bytes are the store's business.
//!
//! **Invariant:** every method on a tenant's rows takes an [`OrgScope`] first, and every statement names `org_id`, because an id
//! that is looked up without its organisation is the commonest hole of servers like this one.

mod error;
mod job_rows;
mod list;
mod replay_rows;
mod replays;
mod rows;
mod sqlite;
mod words;

use std::fmt;

use async_trait::async_trait;
use trace_core::TraceId;

use crate::clock::EpochMs;
use crate::org::OrgScope;

pub use error::CatalogError;
pub use job_rows::{Job, JobCounts, JobEnd};
pub use list::{ListCursor, ListFilter};
pub use replay_rows::{
    AppMode, Cancelled, ClaimedReplay, Edit, NewReplay, Offer, OpenReplay, Patience, ProgressLine,
    Replay, ReplayEnd, ReplayRequest, Requested, Strategy, WorkerRow,
};
pub use replays::Replays;
pub use rows::{
    ArtifactRow, BlobRow, ChunkCommit, ChunkRow, FinalizeCommit, FinalizeRequest, KeyRow, NewBlob,
    NewTrace, PostRow, TraceRecord, TraceRef,
};
pub use sqlite::SqliteCatalog;
pub use words::{Form, Outcome, ReplayState, Source, Status, Tier, UnknownWord};

/// What a catalog promises; every backend passes the same conformance tests.
///
/// - A method that returns `Ok` after a change has made the change durable.
/// - Each method is one transaction.
#[async_trait]
pub trait Catalog: Replays + fmt::Debug + Send + Sync {
    /// Adds an API key.
    async fn insert_key(&self, org: &OrgScope, key: &KeyRow) -> Result<(), CatalogError>;
    /// The organisation's keys, newest first.
    async fn list_keys(&self, org: &OrgScope) -> Result<Vec<KeyRow>, CatalogError>;
    /// Ends a key; false when the organisation has no such living key.
    async fn revoke_key(
        &self,
        org: &OrgScope,
        key_id: &str,
        now: EpochMs,
    ) -> Result<bool, CatalogError>;
    /// The key of that public id with its organisation: the one lookup that comes before the scope is known.
    async fn find_key(&self, key_id: &str) -> Result<Option<(OrgScope, KeyRow)>, CatalogError>;
    /// Whether failed traces are pinned; true unless the organisation decided otherwise.
    async fn pins_failed(&self, org: &OrgScope) -> Result<bool, CatalogError>;
    /// Sets that policy.
    async fn set_pins_failed(
        &self,
        org: &OrgScope,
        pin: bool,
        now: EpochMs,
    ) -> Result<(), CatalogError>;

    /// Adds a trace, or finds it there already; true when it is new.
    async fn register(
        &self,
        org: &OrgScope,
        trace: &NewTrace,
        now: EpochMs,
    ) -> Result<(TraceRecord, bool), CatalogError>;
    /// One trace by either id.
    async fn find_trace(
        &self,
        org: &OrgScope,
        trace: &TraceRef,
    ) -> Result<Option<TraceRecord>, CatalogError>;
    /// Newest first, at most `filter.limit`.
    async fn list_traces(
        &self,
        org: &OrgScope,
        filter: &ListFilter,
    ) -> Result<Vec<TraceRecord>, CatalogError>;
    /// Pins or unpins.
    async fn set_pinned(
        &self,
        org: &OrgScope,
        id: TraceId,
        pinned: bool,
    ) -> Result<(), CatalogError>;

    /// One chunk's row.
    async fn chunk(
        &self,
        org: &OrgScope,
        id: TraceId,
        chunk_no: u32,
    ) -> Result<Option<ChunkRow>, CatalogError>;
    /// All chunk rows in order.
    async fn chunks(&self, org: &OrgScope, id: TraceId) -> Result<Vec<ChunkRow>, CatalogError>;
    /// Acknowledges a chunk whose object is durable: the row, the new high-water mark and the time of activity in one step.
    async fn commit_chunk(
        &self,
        org: &OrgScope,
        id: TraceId,
        chunk: &ChunkRow,
        now: EpochMs,
    ) -> Result<ChunkCommit, CatalogError>;
    /// Closes a trace and enqueues its postprocess in the same transaction.
    async fn finalize(
        &self,
        org: &OrgScope,
        id: TraceId,
        request: &FinalizeRequest,
        now: EpochMs,
    ) -> Result<FinalizeCommit, CatalogError>;
    /// Open traces without activity since `before`, of all organisations: for the sweep.
    async fn idle_traces(
        &self,
        before: EpochMs,
        limit: u32,
    ) -> Result<Vec<(OrgScope, TraceId)>, CatalogError>;

    /// Which of the digests this organisation holds already; each one it holds is linked to the trace, because the recorder will
    /// not send it again.
    async fn claim_blobs(
        &self,
        org: &OrgScope,
        id: TraceId,
        digests: &[String],
        now: EpochMs,
    ) -> Result<Vec<bool>, CatalogError>;
    /// Whether the bytes are stored for whomever, and how. Never told to a caller.
    async fn stored_blob(&self, sha256: &str) -> Result<Option<BlobRow>, CatalogError>;
    /// Acknowledges a blob whose object is durable; true when the trace did not have it.
    async fn commit_blob(
        &self,
        org: &OrgScope,
        id: TraceId,
        blob: &NewBlob,
        now: EpochMs,
    ) -> Result<bool, CatalogError>;
    /// The blob, if this trace of this organisation may show it.
    async fn trace_blob(
        &self,
        org: &OrgScope,
        id: TraceId,
        sha256: &str,
    ) -> Result<Option<BlobRow>, CatalogError>;
    /// Every blob of a trace, by digest.
    async fn trace_blobs(&self, org: &OrgScope, id: TraceId) -> Result<Vec<BlobRow>, CatalogError>;

    /// Acknowledges an artifact whose object is durable. The server's own may be replaced, a recorder's may not: the row that is
    /// there comes back.
    async fn commit_artifact(
        &self,
        org: &OrgScope,
        id: TraceId,
        artifact: &ArtifactRow,
        now: EpochMs,
    ) -> Result<ArtifactRow, CatalogError>;
    /// A trace's artifacts by name.
    async fn artifacts(
        &self,
        org: &OrgScope,
        id: TraceId,
    ) -> Result<Vec<ArtifactRow>, CatalogError>;

    /// The trace is stored in another form now; a step back is ignored.
    async fn set_form(
        &self,
        org: &OrgScope,
        id: TraceId,
        form: Form,
        bytes: u64,
    ) -> Result<(), CatalogError>;
    /// What postprocessing found out: status, failure, duration, search text.
    async fn set_outcome(
        &self,
        org: &OrgScope,
        id: TraceId,
        row: &PostRow,
        now: EpochMs,
    ) -> Result<(), CatalogError>;

    /// Takes the next due job, or one whose lease ran out.
    async fn claim_job(
        &self,
        owner: &str,
        now: EpochMs,
        lease_ms: u64,
    ) -> Result<Option<Job>, CatalogError>;
    /// Keeps a claimed job; false when another attempt has taken it.
    async fn renew_job(&self, job: &Job, now: EpochMs, lease_ms: u64)
    -> Result<bool, CatalogError>;
    /// Records one finished step; false when another attempt has taken the job.
    async fn record_step(
        &self,
        job: &Job,
        step: &str,
        result: &serde_json::Value,
    ) -> Result<bool, CatalogError>;
    /// Ends this attempt; false when another attempt has taken the job.
    async fn end_job(&self, job: &Job, end: &JobEnd) -> Result<bool, CatalogError>;
    /// A job by its key.
    async fn job(&self, org: &OrgScope, key: &str) -> Result<Option<Job>, CatalogError>;
    /// Waits for what is under way and closes.
    async fn close(&self);
    /// How many jobs stand in which state, for the gauges.
    async fn job_counts(&self, now: EpochMs) -> Result<JobCounts, CatalogError>;
}
