//! Made-up traces for this room's tests.

use serde_json::{Value, json};

use crate::event::{Event, Kind, Payload, Seq, Timestamp};

/// Events in order, numbered from 1, a millisecond apart unless said otherwise.
#[derive(Default)]
pub(super) struct Story {
    pub(super) events: Vec<Event>,
}

impl Story {
    pub(super) fn add(mut self, ts: f64, kind: &str, step: &str, payload: &Value) -> Self {
        let seq = Seq::new(self.events.len() as u64 + 1).unwrap();
        self.events.push(Event {
            ts: Timestamp::from_ms(ts).unwrap(),
            seq,
            kind: Kind::from_name(kind),
            step_id: (!step.is_empty()).then(|| step.parse().unwrap()),
            payload: Payload::of(payload).unwrap(),
        });
        self
    }
}

/// What differs between two runs of the same failure.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) port: u16,
    pub(super) id: String,
    pub(super) root: String,
    pub(super) line: u32,
    pub(super) late_ms: f64,
    pub(super) uuid: String,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            port: 4000,
            id: "NffrFeUfNV2Hib01".into(),
            root: "/home/ci/work/shop".into(),
            line: 42,
            late_ms: 0.0,
            uuid: "550e8400-e29b-41d4-a716-446655440000".into(),
        }
    }
}

/// Step 7 clicks "Upgrade to Pro"; the click works, the clone's webhook gets 404, the URL never comes.
pub(super) fn upgrade(run: &Run) -> Story {
    let base = format!("http://127.0.0.1:{}", run.port);
    let t = |ts: f64| ts + run.late_ms;
    let stack = format!(
        "Error: expect(page).toHaveURL\n    at pay ({root}/tests/upgrade.spec.ts:{line}:9)\n    at {root}/node_modules/playwright/lib/x.js:1:2",
        root = run.root,
        line = run.line
    );
    let story = Story::default()
        .add(0.0, "run.start", "", &json!({
            "format": 1, "trace_id": run.uuid, "short_id": "xY9zQ2mNp", "wall_ms": 1_767_225_600_000_u64, "project": "chromium",
            "scenario": {"slug": "upgrade", "title": "Customer upgrades to Pro", "file": "tests/upgrade.spec.ts", "line": run.line},
            "run": {"id": "run-1"}, "retry": 0, "source": "pr", "code_sha": "abc", "branch": "main",
        }))
        .add(t(10.0), "step.start", "s6", &json!({"title": "Sign in", "category": "test.step", "index": 6, "path": ["Sign in"]}))
        .add(t(20.0), "network.response", "s6", &json!({"request_id": "r1", "method": "GET", "url": format!("{base}/api/me"), "status": 401, "resource_type": "fetch", "duration_ms": 5}))
        .add(t(30.0), "step.end", "s6", &json!({"status": "passed", "duration_ms": 20}))
        .add(t(40.0), "step.start", "s7", &json!({"title": "Click 'Upgrade to Pro'", "category": "test.step", "index": 7, "path": ["Click 'Upgrade to Pro'"]}));
    story
        .add(t(50.0), "action", "s7", &json!({"api": "locator.click", "title": "Click", "start_ts": t(45.0), "duration_ms": 5}))
        .add(t(60.0), "network.request", "s7", &json!({"request_id": "r2", "method": "POST", "url": format!("{base}/api/checkout/upgrade"), "resource_type": "fetch"}))
        .add(t(70.0), "network.response", "s7", &json!({"request_id": "r2", "method": "POST", "url": format!("{base}/api/checkout/upgrade"), "status": 200, "resource_type": "fetch", "duration_ms": 10}))
        .add(t(80.0), "network.response", "s7", &json!({"request_id": "w1", "method": "POST", "url": format!("{base}/api/stripe/webhook"), "status": 404, "resource_type": "webhook", "source": "clone"}))
        .add(t(90.0), "network.response", "s7", &json!({"request_id": "r3", "method": "GET", "url": format!("{base}/favicon.ico"), "status": 404, "resource_type": "image"}))
        .add(t(5090.0), "assertion", "s7", &json!({
            "name": "toHaveURL", "pass": false, "expected": format!("{base}/billing?upgraded=true"), "received": format!("{base}/billing?customer=cus_{}", run.id),
            "duration_ms": 5000, "location": {"file": "tests/upgrade.spec.ts", "line": run.line, "column": 9},
            "error": {"message": format!("Timed out 5000ms waiting for expect(page).toHaveURL (customer cus_{})", run.id), "stack": stack},
        }))
        .add(t(5100.0), "step.end", "s7", &json!({"status": "failed", "duration_ms": 5060, "error": {"message": "Timed out 5000ms"}}))
        .add(t(5110.0), "run.end", "", &json!({"status": "failed", "duration_ms": 5110, "counts": {}, "error": {"message": "Timed out 5000ms"}}))
}
