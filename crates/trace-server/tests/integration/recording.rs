//! A small recording as data: the story of a checkout whose webhook meets a 404.

use serde_json::{Value, json};
use trace_core::TraceId;
use trace_core::blob::BlobId;
use trace_core::chunk::{Level, frame};

pub(crate) struct Recording {
    pub(crate) id: String,
    chunks: Vec<Vec<Value>>,
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    BlobId::of(bytes).hex()
}

pub(crate) fn compress(lines: &str) -> Vec<u8> {
    frame::compress(lines.as_bytes(), Level::Live).unwrap()
}

/// A different trace for each number.
pub(crate) fn id(n: u8) -> String {
    TraceId::from_random([n; 16]).to_string()
}

impl Recording {
    /// Nothing yet.
    pub(crate) fn empty(n: u8) -> Self {
        Self { id: id(n), chunks: Vec::new() }
    }

    /// Three chunks, ten events, fails at step 2.
    pub(crate) fn failed(n: u8) -> Self {
        let mut recording = Self::empty(n);
        let start = recording.start();
        recording.add(vec![
            event(0.0, 1, "run.start", None, start),
            event(
                1.0,
                2,
                "step.start",
                Some("s1"),
                json!({"title": "Open the shop", "index": 1, "category": "test.step"}),
            ),
            event(2.5, 3, "action", Some("s1"), json!({"api": "page.goto", "title": "Navigate"})),
        ]);
        recording.add(vec![
            event(3.0, 4, "step.end", Some("s1"), json!({"status": "passed", "duration_ms": 2})),
            event(4.0, 5, "step.start", Some("s2"), json!({"title": "Click 'Upgrade to Pro'", "index": 2, "category": "test.step"})),
            event(5.0, 6, "network.response", Some("s2"), json!({"request_id": "r1", "method": "POST", "url": "http://127.0.0.1/api/stripe/webhook", "status": 404, "status_text": "", "headers": [], "duration_ms": 1})),
        ]);
        recording.add(vec![
            event(6.0, 7, "assertion", Some("s2"), json!({"name": "toHaveURL", "pass": false, "duration_ms": 5, "error": {"message": "expected /billing"}})),
            event(7.0, 8, "step.end", Some("s2"), json!({"status": "failed", "duration_ms": 3, "error": {"message": "expected /billing"}})),
            event(8.0, 9, "console.error", None, json!({"level": "error", "text": "WebhookHandlerMissing"})),
            event(30.1, 10, "run.end", None, json!({"status": "failed", "duration_ms": 30.1, "counts": {}})),
        ]);
        recording
    }

    /// `n_chunks` chunks of `per_chunk` console lines behind a `run.start`.
    pub(crate) fn long(n: u8, n_chunks: u64, per_chunk: u64) -> Self {
        let mut recording = Self::empty(n);
        let mut seq = 0_u64;
        for _ in 0..n_chunks {
            let mut lines = Vec::new();
            for _ in 0..per_chunk {
                seq += 1;
                lines.push(if seq == 1 {
                    event(0.0, 1, "run.start", None, recording.start())
                } else {
                    let text = format!("line {seq} {}", sha256(&seq.to_le_bytes()));
                    event(
                        seq as f64,
                        seq,
                        "console.log",
                        None,
                        json!({"level": "log", "text": text}),
                    )
                });
            }
            recording.add(lines);
        }
        recording
    }

    pub(crate) fn add(&mut self, events: Vec<Value>) {
        self.chunks.push(events);
    }

    pub(crate) fn start(&self) -> Value {
        json!({
            "format": 1, "trace_id": self.id, "short_id": self.id.parse::<TraceId>().unwrap().short(), "wall_ms": 1_767_225_599_999_u64,
            "project": "chromium",
            "scenario": {"slug": "checkout", "title": "Checkout with Stripe", "file": "tests/checkout.spec.ts", "line": 1, "title_path": ["Checkout with Stripe"]},
            "run": {"id": "run-1"}, "retry": 0, "repeat_each": 0, "worker": {"index": 0, "parallel_index": 0, "pid": 1}, "source": "pr",
            "code_sha": "a1b2c3d", "seeds": {}, "environment": {}, "capture": {}, "recorder": {"name": "test", "version": "0"},
        })
    }

    pub(crate) fn n_chunks(&self) -> u32 {
        u32::try_from(self.chunks.len()).unwrap()
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.chunks.last().unwrap().last().unwrap()["seq"].as_u64().unwrap()
    }

    pub(crate) fn lines(&self, n: u32) -> String {
        self.chunks[n as usize - 1]
            .iter()
            .flat_map(|event| [event.to_string(), "\n".to_owned()])
            .collect()
    }

    pub(crate) fn chunk(&self, n: u32) -> Vec<u8> {
        compress(&self.lines(n))
    }

    pub(crate) fn all_lines(&self) -> String {
        (1..=self.n_chunks()).map(|n| self.lines(n)).collect()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "payloads are written where they are passed")]
pub(crate) fn event(ts: f64, seq: u64, kind: &str, step: Option<&str>, payload: Value) -> Value {
    let mut event = json!({"ts": ts, "seq": seq, "kind": kind});
    let fields = event.as_object_mut().unwrap();
    if let Some(step) = step {
        fields.insert("step_id".to_owned(), json!(step));
    }
    fields.extend(payload.as_object().unwrap().clone());
    event
}
