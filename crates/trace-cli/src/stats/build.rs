//! Counting, event by event.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use trace_core::trace::{ArtifactRef, BlobRef, ManifestBuilder, StepTreeBuilder};
use trace_core::{Event, Kind, TraceId, ndjson};

use super::{Share, SlowStep, Stats};

/// Slow steps beyond this are no news.
const MOST_SLOW: usize = 8;

/// Counts the events of one trace after the other.
#[derive(Debug, Default)]
pub(crate) struct StatsBuilder {
    stats: Stats,
    blobs: HashMap<String, u64>,
    steps: StepTreeBuilder,
    line: Vec<u8>,
}

impl StatsBuilder {
    /// Takes in the next event of the trace at hand.
    pub(crate) fn push(&mut self, event: &Event) {
        self.line.clear();
        ndjson::encode(event, &mut self.line);
        let line_bytes = self.line.len() as u64;
        let blob_bytes = self.references(event);
        let share = Share { events: 1, line_bytes, blob_bytes };
        self.stats.events += 1;
        self.stats.line_bytes += line_bytes;
        add(self.stats.kinds.entry(event.kind.as_str().to_owned()).or_default(), share);
        add(self.stats.sources.entry(source_of(&event.kind)).or_default(), share);
        self.steps.push(event);
        match event.kind {
            Kind::NetworkResponse | Kind::NetworkFailed => self.answer(event),
            Kind::CaptureNotice => self.gap(event),
            _ => {}
        }
    }

    /// The trace at hand is over.
    pub(crate) fn end_trace(&mut self, short_id: &str, status: &str, artifacts: &[ArtifactRef]) {
        self.stats.traces += 1;
        *self.stats.statuses.entry(status.to_owned()).or_default() += 1;
        for artifact in artifacts {
            *self.stats.artifacts.entry(artifact.name.clone()).or_default() += artifact.size;
        }
        let steps = std::mem::take(&mut self.steps).finish().steps;
        let slow =
            steps.into_iter().filter(|step| step.category == "test.step").filter_map(|step| {
                Some(SlowStep {
                    duration_ms: (step.end_ms? - step.start_ms).max(0.0),
                    title: step.title,
                    seq: step.first_seq.get(),
                    trace: short_id.to_owned(),
                })
            });
        let all = &mut self.stats.slow_steps;
        all.extend(slow);
        all.sort_by(|a, b| b.duration_ms.total_cmp(&a.duration_ms));
        all.truncate(MOST_SLOW);
    }

    /// The sum; `others` are the blobs that other traces of the same folder need.
    pub(crate) fn finish(mut self, others: Option<&BTreeSet<String>>) -> Stats {
        let blobs = &mut self.stats.blobs;
        blobs.distinct = self.blobs.len() as u64;
        blobs.distinct_bytes = self.blobs.values().sum();
        blobs.dedup_ratio = (blobs.distinct_bytes > 0)
            .then(|| blobs.referenced_bytes as f64 / blobs.distinct_bytes as f64);
        if let Some(others) = others {
            let shared = self.blobs.iter().filter(|(id, _)| others.contains(*id));
            let (n, bytes) = shared.fold((0, 0), |(n, sum), (_, size)| (n + 1, sum + size));
            (blobs.shared, blobs.shared_bytes) = (Some(n), Some(bytes));
        }
        self.stats.dominates = dominates(&self.stats);
        self.stats
    }

    /// Counts the event's contents; gives the bytes of blobs that it is the first to refer to.
    fn references(&mut self, event: &Event) -> u64 {
        let mut found = ManifestBuilder::default();
        found.push(event);
        let mut new_bytes = 0;
        for BlobRef { sha256, size, .. } in found.finish(TraceId::from_random([0; 16])).blobs {
            self.stats.blobs.references += 1;
            self.stats.blobs.referenced_bytes += size;
            if self.blobs.insert(sha256, size).is_none() {
                new_bytes += size;
            }
        }
        for field in ["body", "events", "image", "data", "state", "snapshot", "content"] {
            let Some(content) = event.payload.field(field) else { continue };
            if let (Some(size), Some(media_type)) =
                (content["size"].as_u64(), content["media_type"].as_str())
            {
                let essence = media_type.split(';').next().unwrap_or_default().trim();
                let media = self.stats.media_types.entry(essence.to_ascii_lowercase()).or_default();
                media.contents += 1;
                media.bytes += size;
            }
        }
        new_bytes
    }

    fn answer(&mut self, event: &Event) {
        let fields = event.payload.fields();
        let url = fields.get("url").and_then(Value::as_str).unwrap_or_default();
        let after = url.split_once("://").map_or(url, |(_, rest)| rest);
        let name = after.split(['/', '?', '#']).next().unwrap_or_default();
        let status = fields.get("status").and_then(Value::as_u64);
        let body = fields.get("body").and_then(|body| body["size"].as_u64());
        let host = self.stats.hosts.entry(name.to_owned()).or_default();
        host.requests += 1;
        host.failed += u64::from(status.is_none_or(|status| status >= 400));
        host.bytes += body.unwrap_or_default();
    }

    fn gap(&mut self, event: &Event) {
        let code = event.payload.field("code");
        let code = code.as_ref().and_then(Value::as_str).unwrap_or("unknown").to_owned();
        let count = event.payload.field("count").and_then(|count| count.as_u64()).unwrap_or(1);
        let known = self.stats.gaps.entry(code).or_default();
        *known = known.saturating_add(count);
    }
}

fn add(to: &mut Share, share: Share) {
    to.events += share.events;
    to.line_bytes += share.line_bytes;
    to.blob_bytes += share.blob_bytes;
}

/// What was watched when the event came to be.
fn source_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::RunStart | Kind::RunEnd | Kind::StepStart | Kind::StepEnd | Kind::ScenarioEvent => {
            "test"
        }
        Kind::Assertion | Kind::Action => "actions",
        Kind::DomSnapshot | Kind::DomMutation => "dom",
        Kind::NetworkRequest | Kind::NetworkResponse | Kind::NetworkFailed | Kind::NetworkWs => {
            "network"
        }
        Kind::ConsoleLog | Kind::ConsoleError => "console",
        Kind::Screenshot | Kind::Video => "media",
        Kind::BrowserState => "state",
        Kind::CloneState | Kind::CloneSnapshot | Kind::ClockAdvance => "clones",
        Kind::ErrorInjection | Kind::LatencyInjection => "chaos",
        Kind::AgentThought | Kind::AgentAction => "agent",
        Kind::ReplayStart
        | Kind::NetworkMatch
        | Kind::NetworkMiss
        | Kind::ReplayFidelity
        | Kind::ReplayDivergence => "replay",
        Kind::CaptureNotice => "notices",
        _ => "other",
    }
}

fn dominates(stats: &Stats) -> Option<String> {
    let artifacts = stats.artifacts.iter().map(|(name, bytes)| (name.as_str(), *bytes));
    let kinds = stats.kinds.iter().map(|(kind, share)| (kind.as_str(), share.bytes()));
    let total: u64 = artifacts.clone().chain(kinds.clone()).map(|(_, bytes)| bytes).sum();
    let (name, bytes) = artifacts.chain(kinds).max_by_key(|(_, bytes)| *bytes)?;
    let percent = bytes as f64 * 100.0 / total.max(1) as f64;
    Some(format!("{name} takes {percent:.0} % of {} (uncompressed)", crate::render::bytes(total)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_blob_in_two_traces_is_counted_once() {
        let blob = "a".repeat(64);
        let line = format!(
            r#"{{"ts":1,"seq":1,"kind":"network.response","url":"http://h:1/x","status":404,"body":{{"size":9000,"media_type":"text/html; charset=utf-8","blob":"sha256:{blob}"}}}}"#
        );
        let event = ndjson::decode_line(line.as_bytes()).unwrap();
        let mut builder = StatsBuilder::default();
        for name in ["one", "two"] {
            builder.push(&event);
            builder.end_trace(name, "passed", &[]);
        }
        let stats = builder.finish(Some(&[blob].into()));
        assert_eq!((stats.traces, stats.events, stats.hosts["h:1"].failed), (2, 2, 2));
        assert_eq!((stats.blobs.distinct, stats.blobs.distinct_bytes), (1, 9000));
        assert_eq!((stats.blobs.dedup_ratio, stats.blobs.shared), (Some(2.0), Some(1)));
        assert_eq!(stats.kinds["network.response"].blob_bytes, 9000);
        assert_eq!(stats.media_types["text/html"].contents, 2);
        assert!(stats.dominates.unwrap().starts_with("network.response takes 100 %"));
    }
}
