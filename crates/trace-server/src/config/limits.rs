//! Sizes and deadlines.

use serde::Deserialize;

use super::{ConfigError, Env};

const MIB: u64 = 1 << 20;

/// What one request may cost.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// JSON bodies, in bytes.
    pub json_bytes: u64,
    /// `TRACE_CHUNK_BYTES`: one compressed chunk.
    pub chunk_bytes: u64,
    /// One chunk's lines after decompression; above the longest line that the format allows.
    pub chunk_raw_bytes: u64,
    /// `TRACE_BLOB_BYTES`: one blob, before and after decompression.
    pub blob_bytes: u64,
    /// `TRACE_ARTIFACT_BYTES`: one artifact.
    pub artifact_bytes: u64,
    /// `TRACE_BUNDLE_BYTES`: one bundle, before and after decompression.
    pub bundle_bytes: u64,
    /// Files in one bundle.
    pub bundle_files: u64,
    /// `TRACE_BUNDLE_SECONDS`: how long a bundle may take to arrive.
    pub bundle_seconds: u64,
    /// `TRACE_BODY_SECONDS`: how long a body may take to arrive.
    pub body_seconds: u64,
    /// How many digests one `blobs/missing` call may ask about.
    pub missing_digests: usize,
    /// How many events one slice may look at before it hands back a cursor. Counted in events, not bytes, so that pages are the
    /// same whatever form the trace is stored in.
    pub scan_events: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            json_bytes: MIB,
            chunk_bytes: 20 * MIB,
            chunk_raw_bytes: 20 * MIB,
            blob_bytes: 256 * MIB,
            artifact_bytes: 2048 * MIB,
            bundle_bytes: 4096 * MIB,
            bundle_files: 100_000,
            bundle_seconds: 900,
            body_seconds: 120,
            missing_digests: 10_000,
            scan_events: 200_000,
        }
    }
}

impl LimitsConfig {
    pub(super) fn apply(&mut self, env: &Env) -> Result<(), ConfigError> {
        env.set("TRACE_CHUNK_BYTES", "a number of bytes", &mut self.chunk_bytes)?;
        env.set("TRACE_BLOB_BYTES", "a number of bytes", &mut self.blob_bytes)?;
        env.set("TRACE_ARTIFACT_BYTES", "a number of bytes", &mut self.artifact_bytes)?;
        env.set("TRACE_BUNDLE_BYTES", "a number of bytes", &mut self.bundle_bytes)?;
        env.set("TRACE_BUNDLE_SECONDS", "a number of seconds", &mut self.bundle_seconds)?;
        env.set("TRACE_BODY_SECONDS", "a number of seconds", &mut self.body_seconds)
    }
}
