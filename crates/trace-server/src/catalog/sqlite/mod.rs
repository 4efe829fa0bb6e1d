//! The embedded catalog: one SQLite file, one writer, many readers.

mod blobs;
mod chunks;
mod finalize;
mod jobs;
mod keys;
mod map;
mod open;
mod replay_catalog;
mod replay_jobs;
mod replays;
mod traces;

use std::path::Path;

use async_trait::async_trait;
use sqlx::{Sqlite, SqlitePool, Transaction};
use trace_core::TraceId;

use super::rows::{
    ArtifactRow, BlobRow, ChunkCommit, ChunkRow, FinalizeCommit, FinalizeRequest, KeyRow, NewBlob,
    NewTrace, PostRow, TraceRecord, TraceRef,
};
use super::{Catalog, CatalogError, Form, Job, JobCounts, JobEnd, ListFilter};
use crate::clock::EpochMs;
use crate::org::OrgScope;

/// The catalog in one SQLite file.
///
/// - WAL with `synchronous=FULL`: a commit is on the disk before it is acknowledged. `NORMAL` may lose the last ones with the power.
/// - One writer connection, each write a `BEGIN IMMEDIATE`: writers queue here and never meet `SQLITE_BUSY` in the middle.
#[derive(Debug, Clone)]
pub struct SqliteCatalog {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteCatalog {
    /// Opens the file, creating and migrating it as needed.
    pub async fn open(path: &Path) -> Result<Self, CatalogError> {
        let (writer, readers) = open::pools(path).await?;
        Ok(Self { writer, readers })
    }

    async fn write(&self) -> Result<Transaction<'static, Sqlite>, CatalogError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn insert_key(&self, org: &OrgScope, key: &KeyRow) -> Result<(), CatalogError> {
        keys::insert(&self.writer, org, key).await
    }
    async fn list_keys(&self, org: &OrgScope) -> Result<Vec<KeyRow>, CatalogError> {
        keys::list(&self.readers, org).await
    }
    async fn revoke_key(
        &self,
        org: &OrgScope,
        key_id: &str,
        now: EpochMs,
    ) -> Result<bool, CatalogError> {
        keys::revoke(&self.writer, org, key_id, now).await
    }
    async fn find_key(&self, key_id: &str) -> Result<Option<(OrgScope, KeyRow)>, CatalogError> {
        keys::find(&self.readers, key_id).await
    }
    async fn pins_failed(&self, org: &OrgScope) -> Result<bool, CatalogError> {
        keys::pins_failed(&self.readers, org).await
    }
    async fn set_pins_failed(
        &self,
        org: &OrgScope,
        pin: bool,
        now: EpochMs,
    ) -> Result<(), CatalogError> {
        keys::set_pins_failed(&self.writer, org, pin, now).await
    }
    async fn register(
        &self,
        org: &OrgScope,
        trace: &NewTrace,
        now: EpochMs,
    ) -> Result<(TraceRecord, bool), CatalogError> {
        traces::register(self.write().await?, org, trace, now).await
    }
    async fn find_trace(
        &self,
        org: &OrgScope,
        trace: &TraceRef,
    ) -> Result<Option<TraceRecord>, CatalogError> {
        traces::find(&self.readers, org, trace).await
    }
    async fn list_traces(
        &self,
        org: &OrgScope,
        filter: &ListFilter,
    ) -> Result<Vec<TraceRecord>, CatalogError> {
        traces::list(&self.readers, org, filter).await
    }
    async fn set_pinned(
        &self,
        org: &OrgScope,
        id: TraceId,
        pinned: bool,
    ) -> Result<(), CatalogError> {
        traces::set_pinned(&self.writer, org, id, pinned).await
    }
    async fn chunk(
        &self,
        org: &OrgScope,
        id: TraceId,
        chunk_no: u32,
    ) -> Result<Option<ChunkRow>, CatalogError> {
        chunks::one(&self.readers, org, id, chunk_no).await
    }
    async fn chunks(&self, org: &OrgScope, id: TraceId) -> Result<Vec<ChunkRow>, CatalogError> {
        chunks::all(&self.readers, org, id).await
    }
    async fn commit_chunk(
        &self,
        org: &OrgScope,
        id: TraceId,
        chunk: &ChunkRow,
        now: EpochMs,
    ) -> Result<ChunkCommit, CatalogError> {
        chunks::commit(self.write().await?, org, id, chunk, now).await
    }
    async fn finalize(
        &self,
        org: &OrgScope,
        id: TraceId,
        request: &FinalizeRequest,
        now: EpochMs,
    ) -> Result<FinalizeCommit, CatalogError> {
        finalize::finalize(self.write().await?, org, id, request, now).await
    }
    async fn idle_traces(
        &self,
        before: EpochMs,
        limit: u32,
    ) -> Result<Vec<(OrgScope, TraceId)>, CatalogError> {
        finalize::idle(&self.readers, before, limit).await
    }
    async fn claim_blobs(
        &self,
        org: &OrgScope,
        id: TraceId,
        digests: &[String],
        now: EpochMs,
    ) -> Result<Vec<bool>, CatalogError> {
        blobs::claim(self.write().await?, org, id, digests, now).await
    }
    async fn stored_blob(&self, sha256: &str) -> Result<Option<BlobRow>, CatalogError> {
        blobs::stored(&self.readers, sha256).await
    }
    async fn commit_blob(
        &self,
        org: &OrgScope,
        id: TraceId,
        blob: &NewBlob,
        now: EpochMs,
    ) -> Result<bool, CatalogError> {
        blobs::commit(self.write().await?, org, id, blob, now).await
    }
    async fn trace_blob(
        &self,
        org: &OrgScope,
        id: TraceId,
        sha256: &str,
    ) -> Result<Option<BlobRow>, CatalogError> {
        blobs::of_trace(&self.readers, org, id, sha256).await
    }
    async fn trace_blobs(&self, org: &OrgScope, id: TraceId) -> Result<Vec<BlobRow>, CatalogError> {
        blobs::all_of_trace(&self.readers, org, id).await
    }
    async fn commit_artifact(
        &self,
        org: &OrgScope,
        id: TraceId,
        artifact: &ArtifactRow,
        now: EpochMs,
    ) -> Result<ArtifactRow, CatalogError> {
        blobs::commit_artifact(self.write().await?, org, id, artifact, now).await
    }
    async fn artifacts(
        &self,
        org: &OrgScope,
        id: TraceId,
    ) -> Result<Vec<ArtifactRow>, CatalogError> {
        blobs::artifacts(&self.readers, org, id).await
    }
    async fn set_form(
        &self,
        org: &OrgScope,
        id: TraceId,
        form: Form,
        bytes: u64,
    ) -> Result<(), CatalogError> {
        traces::set_form(&self.writer, org, id, form, bytes).await
    }
    async fn set_outcome(
        &self,
        org: &OrgScope,
        id: TraceId,
        row: &PostRow,
        now: EpochMs,
    ) -> Result<(), CatalogError> {
        traces::set_outcome(self.write().await?, org, id, row, now).await
    }
    async fn claim_job(
        &self,
        owner: &str,
        now: EpochMs,
        lease_ms: u64,
    ) -> Result<Option<Job>, CatalogError> {
        jobs::claim(&self.writer, owner, now, lease_ms).await
    }
    async fn renew_job(
        &self,
        job: &Job,
        now: EpochMs,
        lease_ms: u64,
    ) -> Result<bool, CatalogError> {
        jobs::renew(&self.writer, job, now, lease_ms).await
    }
    async fn record_step(
        &self,
        job: &Job,
        step: &str,
        result: &serde_json::Value,
    ) -> Result<bool, CatalogError> {
        jobs::record_step(&self.writer, job, step, result).await
    }
    async fn end_job(&self, job: &Job, end: &JobEnd) -> Result<bool, CatalogError> {
        jobs::end(&self.writer, job, end).await
    }
    async fn job(&self, org: &OrgScope, key: &str) -> Result<Option<Job>, CatalogError> {
        jobs::find(&self.readers, org, key).await
    }
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
    async fn job_counts(&self, now: EpochMs) -> Result<JobCounts, CatalogError> {
        jobs::counts(&self.readers, now).await
    }
}
