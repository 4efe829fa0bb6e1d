//! Rows about replays: what was asked for, who has it, how it came out.

use async_trait::async_trait;
use trace_core::TraceId;

use super::{
    Cancelled, CatalogError, ClaimedReplay, NewReplay, OpenReplay, Patience, ProgressLine, Replay,
    ReplayEnd, ReplayState, Requested, TraceRecord, WorkerRow,
};
use crate::clock::EpochMs;
use crate::org::OrgScope;

/// The part of a catalog that servers and workers of replays share. Every change of a state writes a line of progress with it.
#[async_trait]
pub trait Replays {
    /// Enqueues a replay, unless the organisation has `open_limit` unfinished ones already.
    async fn request_replay(
        &self,
        org: &OrgScope,
        new: &NewReplay,
        open_limit: u64,
        now: EpochMs,
    ) -> Result<Requested, CatalogError>;
    /// One replay.
    async fn replay(&self, org: &OrgScope, id: &str) -> Result<Option<Replay>, CatalogError>;
    /// The replays of a trace, newest first.
    async fn replays_of(&self, org: &OrgScope, id: TraceId) -> Result<Vec<Replay>, CatalogError>;
    /// Traces that say that they are replays of this one, oldest first.
    async fn children(&self, org: &OrgScope, id: TraceId)
    -> Result<Vec<TraceRecord>, CatalogError>;
    /// The lines of progress behind the `after`th, at most `limit`.
    async fn replay_progress(
        &self,
        org: &OrgScope,
        id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ProgressLine>, CatalogError>;
    /// Ends a queued replay, or asks the worker of another one to end it.
    async fn cancel_replay(
        &self,
        org: &OrgScope,
        id: &str,
        now: EpochMs,
    ) -> Result<Cancelled, CatalogError>;

    /// Replays that wait, of all organisations, oldest first: for workers.
    async fn open_replays(&self) -> Result<Vec<OpenReplay>, CatalogError>;
    /// Takes a waiting replay; none when somebody else was faster.
    async fn claim_replay(
        &self,
        open: &OpenReplay,
        worker: &str,
        now: EpochMs,
        lease_ms: u64,
    ) -> Result<Option<ClaimedReplay>, CatalogError>;
    /// Keeps a claimed replay; tells whether somebody asked it to end, or none when another attempt has it.
    async fn renew_replay(
        &self,
        claimed: &ClaimedReplay,
        now: EpochMs,
        lease_ms: u64,
    ) -> Result<Option<bool>, CatalogError>;
    /// Adds a line of progress, and the state it tells; false when another attempt has the replay.
    async fn tell_replay(
        &self,
        claimed: &ClaimedReplay,
        state: Option<ReplayState>,
        line: &str,
    ) -> Result<bool, CatalogError>;
    /// Ends this attempt; false when another attempt has the replay.
    async fn end_replay(
        &self,
        claimed: &ClaimedReplay,
        end: &ReplayEnd,
        now: EpochMs,
    ) -> Result<bool, CatalogError>;
    /// Puts replays of vanished workers back, and ends those that have lost too many or waited too long. Returns how many.
    async fn sweep_replays(&self, patience: Patience, now: EpochMs) -> Result<u64, CatalogError>;

    /// A worker tells that it is there.
    async fn meet_worker(&self, worker: &WorkerRow) -> Result<(), CatalogError>;
    /// A worker says goodbye.
    async fn forget_worker(&self, worker: &str) -> Result<(), CatalogError>;
    /// Workers heard of since.
    async fn workers_since(&self, since: EpochMs) -> Result<Vec<WorkerRow>, CatalogError>;
}
