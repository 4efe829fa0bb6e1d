//! Counters, and where logs go.

use std::fmt;
use std::time::Duration;

use metrics::{counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use tracing_subscriber::EnvFilter;

use crate::catalog::{JobCounts, Outcome};

/// The server's counters. Its own recorder and no global one, so that several servers live in one test process.
pub struct Metrics(PrometheusRecorder);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        Self(PrometheusBuilder::new().build_recorder())
    }

    fn count(&self, work: impl FnOnce()) {
        with_local_recorder(&self.0, work);
    }

    /// A trace was registered.
    pub fn registered(&self, is_new: bool) {
        let known = if is_new { "new" } else { "known" };
        self.count(|| counter!("trace_registered_total", "trace" => known).increment(1));
    }

    /// A chunk became durable.
    pub fn chunk(&self, bytes: u64) {
        self.count(|| {
            counter!("trace_chunks_total").increment(1);
            counter!("trace_chunk_bytes_total").increment(bytes);
        });
    }

    /// A blob became durable.
    pub fn blob(&self, bytes: u64) {
        self.count(|| {
            counter!("trace_blobs_total").increment(1);
            counter!("trace_blob_bytes_total").increment(bytes);
        });
    }

    /// A trace was closed.
    pub fn finalized(&self, outcome: Outcome) {
        self.count(|| {
            counter!("trace_finalized_total", "outcome" => outcome.as_str()).increment(1);
        });
    }

    /// A job's attempt ended.
    pub fn job(&self, kind: &str, end: &'static str, took: Duration) {
        let kind = kind.to_owned();
        self.count(|| {
            counter!("trace_jobs_total", "kind" => kind.clone(), "end" => end).increment(1);
            histogram!("trace_job_seconds", "kind" => kind).record(took.as_secs_f64());
        });
    }

    /// A request was answered. `route` is the pattern, never the path, so that ids do not become labels.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = [
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.to_string()),
        ];
        self.count(|| {
            counter!("trace_http_requests_total", &labels).increment(1);
            histogram!("trace_http_request_seconds", "route" => route.to_owned())
                .record(took.as_secs_f64());
        });
    }

    /// The text of `/metrics`, with the gauges as they are now.
    pub fn render(&self, jobs: JobCounts, watchers: usize) -> String {
        self.count(|| {
            for (state, n) in
                [("ready", jobs.ready), ("running", jobs.running), ("dead", jobs.dead)]
            {
                gauge!("trace_jobs", "state" => state).set(n as f64);
            }
            gauge!("trace_jobs_oldest_due_seconds").set(jobs.oldest_due_ms as f64 / 1000.0);
            gauge!("trace_live_watchers").set(watchers as f64);
        });
        self.0.handle().render()
    }
}

/// Sends logs to stderr; `filter` is in the syntax of `tracing-subscriber` (`info`, `trace_server=debug`).
pub fn log_to_stderr(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json { builder.json().init() } else { builder.with_ansi(false).init() }
}
