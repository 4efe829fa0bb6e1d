//! What the tests share: trace folders as a recorder leaves them, and the command as a process.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use trace_core::edge::vault::VaultOptions;
use trace_core::edge::{
    ContentDraft, Draft, Finish, FinishReport, Limits, Masks, Recorder, RecorderOptions,
};
use trace_core::{Timestamp, TraceId};

/// 2026-01-01T00:00:00Z.
pub(crate) const WALL_MS: u64 = 1_767_225_600_000;

/// What a run of the command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// Each piece stands in the output, in this order.
    pub(crate) fn says(&self, pieces: &[&str]) {
        let mut rest = self.stdout.as_str();
        for piece in pieces {
            let at = rest.find(piece).unwrap_or_else(|| panic!("no `{piece}` in\n{rest}"));
            rest = &rest[at + piece.len()..];
        }
    }
}

/// The command with a root of its own and none of the caller's variables.
pub(crate) fn molar(root: &Path, args: &[&str]) -> Ran {
    let done = Command::new(env!("CARGO_BIN_EXE_molar-trace"))
        .args(args)
        .arg("--root")
        .arg(root)
        .env_remove("MOLAR_TRACE_URL")
        .env_remove("MOLAR_TRACE_KEY")
        .env_remove("MOLAR_TRACE_DIR")
        .output()
        .unwrap();
    Ran {
        code: done.status.code().unwrap(),
        stdout: String::from_utf8(done.stdout).unwrap(),
        stderr: String::from_utf8(done.stderr).unwrap(),
    }
}

/// The golden trace of format 1.
pub(crate) fn golden() -> PathBuf {
    let path = "../../tests/fixtures/traces/v1/failing-checkout.ndjson";
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A page that is a blob, because it is long.
pub(crate) fn page() -> Vec<u8> {
    format!("<!doctype html><title>Shop</title>{}", "<p>a plan</p>".repeat(600)).into_bytes()
}

/// How the upgrade of a recorded test goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upgrade {
    /// The webhook is answered 404, and the plan stays free.
    Fails,
    /// The webhook is answered 200.
    Works,
}

/// Records a test of two steps, finished under `root`.
pub(crate) fn record(root: &Path, n: u8, upgrade: Upgrade) -> FinishReport {
    let recorder = Recorder::start(options(root, n)).unwrap();
    let works = upgrade == Upgrade::Works;
    let mut tape = Tape { recorder: &recorder, ts: 0 };
    tape.step("s1", "Open the shop", "step.start", json!({"index": 1, "path": ["Open the shop"]}));
    tape.action("s1", "page.goto", "Open the shop");
    tape.exchange("s1", "r1", ("GET", "http://127.0.0.1:4000/", 200), "text/html", page());
    tape.exchange(
        "s1",
        "r2",
        ("GET", "http://127.0.0.1:4000/dot.png", 200),
        "image/png",
        vec![0x89; 64],
    );
    tape.screenshot("s1");
    tape.step("s1", "", "step.end", json!({"status": "passed", "duration_ms": 5}));
    tape.step("s2", "Upgrade", "step.start", json!({"index": 2, "path": ["Upgrade"]}));
    tape.action("s2", "locator.click", "Click 'Upgrade'");
    let status = if works { 200 } else { 404 };
    tape.exchange(
        "s2",
        "r3",
        ("POST", "http://127.0.0.1:4000/api/stripe/webhook", status),
        "text/plain",
        b"told".to_vec(),
    );
    let plan = if works { "pro" } else { "free" };
    let body = json!({"plan": plan, "since": 1}).to_string().into_bytes();
    tape.exchange(
        "s2",
        "r4",
        ("GET", "http://127.0.0.1:4000/api/plan", 200),
        "application/json",
        body,
    );
    if works {
        tape.step("s2", "", "step.end", json!({"status": "passed", "duration_ms": 5}));
    } else {
        tape.say(
            "s2",
            "console.error",
            &json!({"level": "error", "text": "no such plan", "page": "p1"}),
        );
        tape.say("s2", "assertion", &json!({"name": "toHaveText", "pass": false, "locator": "getByTestId('plan')", "expected": "pro",
            "received": "free", "duration_ms": 5, "location": {"file": "tests/upgrade.spec.ts", "line": 9, "column": 3}}));
        tape.step("s2", "", "step.end", json!({"status": "failed", "duration_ms": 5, "error": {"message": "expected pro, received free"}}));
    }
    let status = if works { "passed" } else { "failed" };
    let error = if works {
        json!({"duration_ms": 90})
    } else {
        json!({"duration_ms": 90, "error": {"message": "expected pro, received free"}})
    };
    recorder.finish(Finish {
        ts: Timestamp::from_us(90_000),
        status: status.to_owned(),
        payload: error.to_string(),
    })
}

pub(crate) fn options(root: &Path, n: u8) -> RecorderOptions {
    RecorderOptions {
        root: root.to_owned(),
        org: "local".parse().unwrap(),
        trace_id: TraceId::from_random([n; 16]),
        wall_ms: WALL_MS,
        run_start: json!({"project": "chromium", "source": "manual",
            "scenario": {"slug": "upgrade", "title": "upgrades the plan", "file": "tests/upgrade.spec.ts", "line": 5}})
        .to_string(),
        server: None,
        rules: trace_core::redact::Rules::default(),
        vault: VaultOptions::Off,
        hold: false,
        masks: Masks::default(),
        limits: Limits::default(),
    }
}

/// Writes events one after the other, a few milliseconds apart.
struct Tape<'r> {
    recorder: &'r Recorder,
    ts: u64,
}

impl Tape<'_> {
    fn draft(&mut self, step: &str, kind: &str, payload: &Value) -> Draft {
        self.ts += 5_000;
        Draft {
            ts: Timestamp::from_us(self.ts),
            kind: kind.to_owned(),
            step_id: Some(step.to_owned()),
            payload: payload.to_string(),
            contents: Vec::new(),
        }
    }

    fn say(&mut self, step: &str, kind: &str, payload: &Value) {
        let draft = self.draft(step, kind, payload);
        self.recorder.append(draft);
    }

    fn step(&mut self, step: &str, title: &str, kind: &str, mut payload: Value) {
        if kind == "step.start" {
            payload["title"] = title.into();
            payload["category"] = "test.step".into();
        }
        self.say(step, kind, &payload);
    }

    fn action(&mut self, step: &str, api: &str, title: &str) {
        let start = (self.ts + 1000) as f64 / 1000.0;
        self.say(
            step,
            "action",
            &json!({"api": api, "title": title, "page": "p1", "start_ts": start, "duration_ms": 4,
            "location": {"file": "tests/upgrade.spec.ts", "line": 7, "column": 3}}),
        );
    }

    fn exchange(
        &mut self,
        step: &str,
        id: &str,
        (method, url, status): (&str, &str, u16),
        media_type: &str,
        body: Vec<u8>,
    ) {
        let kind = if media_type == "text/html" { "document" } else { "fetch" };
        self.say(step, "network.request", &json!({"request_id": id, "method": method, "url": url, "resource_type": kind, "page": "p1",
            "headers": [["accept", "*/*"]]}));
        let payload = json!({"request_id": id, "method": method, "url": url, "status": status, "status_text": "", "page": "p1",
            "headers": [["content-type", media_type], ["content-encoding", "gzip"]], "resource_type": kind, "duration_ms": 5});
        let mut draft = self.draft(step, "network.response", &payload);
        let field = "body".to_owned();
        draft.contents.push(ContentDraft {
            field,
            media_type: media_type.to_owned(),
            data: body,
            truncated: 0,
        });
        self.recorder.append(draft);
    }

    fn screenshot(&mut self, step: &str) {
        let payload = json!({"page": "p1", "reason": "step.end", "width": 1, "height": 1});
        let mut draft = self.draft(step, "screenshot", &payload);
        let (field, data) = ("image".to_owned(), PIXEL.to_vec());
        draft.contents.push(ContentDraft {
            field,
            media_type: "image/jpeg".to_owned(),
            data,
            truncated: 0,
        });
        self.recorder.append(draft);
    }
}

/// The bytes of a picture as far as anybody here looks at them.
pub(crate) const PIXEL: [u8; 4] = [0xff, 0xd8, 0xff, 0xd9];
