//! Background work.

use serde::Deserialize;

use super::{ConfigError, Env};

/// How many hands there are and how patient they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobsConfig {
    /// `TRACE_WORKERS`: jobs at a time; 0 leaves them to another process.
    pub workers: usize,
    /// How long a claimed job belongs to its worker without a heartbeat, in milliseconds. It is also how long a trace waits when its
    /// worker was killed; the heartbeat comes three times within it, and a job that runs twice has the same result.
    pub lease_ms: u64,
    /// How often a worker looks by itself; a finalize wakes it at once.
    pub poll_ms: u64,
    /// Attempts before a job is given up.
    pub max_attempts: u32,
    /// `TRACE_IDLE_SECONDS`: an open trace without any arrival for so long is finished as `aborted`.
    pub idle_seconds: u64,
    /// How often to look for such traces, in milliseconds.
    pub sweep_ms: u64,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self {
            workers: 1,
            lease_ms: 9_000,
            poll_ms: 1_000,
            max_attempts: 8,
            idle_seconds: 600,
            sweep_ms: 15_000,
        }
    }
}

impl JobsConfig {
    pub(super) fn apply(&mut self, env: &Env) -> Result<(), ConfigError> {
        env.set("TRACE_WORKERS", "a number of workers", &mut self.workers)?;
        env.set("TRACE_IDLE_SECONDS", "a number of seconds", &mut self.idle_seconds)
    }

    /// Short waits.
    pub fn for_testing() -> Self {
        Self { poll_ms: 20, sweep_ms: 20, ..Self::default() }
    }
}
