//! The catalog's part about replays, delegated.

use async_trait::async_trait;
use trace_core::TraceId;

use super::{SqliteCatalog, replay_jobs, replays, traces};
use crate::catalog::{
    Cancelled, CatalogError, ClaimedReplay, NewReplay, OpenReplay, Patience, ProgressLine, Replay,
    ReplayEnd, ReplayState, Replays, Requested, TraceRecord, WorkerRow,
};
use crate::clock::EpochMs;
use crate::org::OrgScope;

#[async_trait]
impl Replays for SqliteCatalog {
    async fn request_replay(
        &self,
        org: &OrgScope,
        new: &NewReplay,
        open_limit: u64,
        now: EpochMs,
    ) -> Result<Requested, CatalogError> {
        replays::request(self.write().await?, org, new, open_limit, now).await
    }
    async fn replay(&self, org: &OrgScope, id: &str) -> Result<Option<Replay>, CatalogError> {
        replays::find(&self.readers, org, id).await
    }
    async fn replays_of(&self, org: &OrgScope, id: TraceId) -> Result<Vec<Replay>, CatalogError> {
        replays::of_trace(&self.readers, org, id).await
    }
    async fn children(
        &self,
        org: &OrgScope,
        id: TraceId,
    ) -> Result<Vec<TraceRecord>, CatalogError> {
        traces::children(&self.readers, org, id).await
    }
    async fn replay_progress(
        &self,
        org: &OrgScope,
        id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ProgressLine>, CatalogError> {
        replays::progress(&self.readers, org, id, after, limit).await
    }
    async fn cancel_replay(
        &self,
        org: &OrgScope,
        id: &str,
        now: EpochMs,
    ) -> Result<Cancelled, CatalogError> {
        replays::cancel(self.write().await?, org, id, now).await
    }
    async fn open_replays(&self) -> Result<Vec<OpenReplay>, CatalogError> {
        replay_jobs::open(&self.readers).await
    }
    async fn claim_replay(
        &self,
        open: &OpenReplay,
        worker: &str,
        now: EpochMs,
        lease_ms: u64,
    ) -> Result<Option<ClaimedReplay>, CatalogError> {
        replay_jobs::claim(self.write().await?, open, worker, now, lease_ms).await
    }
    async fn renew_replay(
        &self,
        claimed: &ClaimedReplay,
        now: EpochMs,
        lease_ms: u64,
    ) -> Result<Option<bool>, CatalogError> {
        replay_jobs::renew(&self.writer, claimed, now, lease_ms).await
    }
    async fn tell_replay(
        &self,
        claimed: &ClaimedReplay,
        state: Option<ReplayState>,
        line: &str,
    ) -> Result<bool, CatalogError> {
        replay_jobs::tell(self.write().await?, claimed, state, line).await
    }
    async fn end_replay(
        &self,
        claimed: &ClaimedReplay,
        end: &ReplayEnd,
        now: EpochMs,
    ) -> Result<bool, CatalogError> {
        replay_jobs::end(self.write().await?, claimed, end, now).await
    }
    async fn sweep_replays(&self, patience: Patience, now: EpochMs) -> Result<u64, CatalogError> {
        if !replay_jobs::has_stale(&self.readers, patience, now).await? {
            return Ok(0);
        }
        replay_jobs::sweep(self.write().await?, patience, now).await
    }
    async fn meet_worker(&self, worker: &WorkerRow) -> Result<(), CatalogError> {
        replay_jobs::meet(&self.writer, worker).await
    }
    async fn forget_worker(&self, worker: &str) -> Result<(), CatalogError> {
        replay_jobs::forget(&self.writer, worker).await
    }
    async fn workers_since(&self, since: EpochMs) -> Result<Vec<WorkerRow>, CatalogError> {
        replay_jobs::workers(&self.readers, since).await
    }
}
