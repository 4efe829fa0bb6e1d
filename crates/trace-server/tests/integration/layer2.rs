//! Replays carried out: a server, a worker in a process of its own, the real runner, and a stand-in for Playwright.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use trace_server::clock::Clock;

use crate::app::{Caller, PATIENCE, TestApp};
use crate::process::stop;
use crate::recording::Recording;

const BINARY: &str = env!("CARGO_BIN_EXE_trace-server");
const SECRET: &str = "sk-live-0123456789";

/// The code of a suite, and a configuration that names it once for each ending of the stand-in.
struct Suite {
    dir: TempDir,
}

impl Suite {
    fn new() -> Self {
        let suite = Self { dir: tempfile::tempdir().unwrap() };
        for (name, text) in [
            ("code/package.json", "{}"),
            ("code/guest.cjs", ""),
            ("code/shop/playwright.config.ts", "export default {};\n"),
            ("code/shop/webhook.txt", "/old\n"),
            ("code/shop/tests/checkout.spec.ts", "// the test\n"),
            ("code/.gitignore", "node_modules/\n"),
            ("code/node_modules/.bin/playwright", include_str!("stand-in.sh")),
        ] {
            let path = suite.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let program = suite.path("code/node_modules/.bin/playwright");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(program, mode).unwrap();
        for args in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "-m", "all"]] {
            let mut git = Command::new("git");
            git.current_dir(suite.path("code"));
            git.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(args);
            assert!(git.status().unwrap().success(), "git {args:?}");
        }
        suite
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A configuration with one suite per ending; `endings` are `(suite, ending)`.
    fn config(&self, source: &str, lease_ms: u64, endings: &[(&str, &str)]) -> PathBuf {
        let code = self.path("code").display().to_string();
        let mut text = format!("[layer2]\nlease_ms = {lease_ms}\npoll_ms = 20\nslots = 2\n");
        for (suite, ending) in endings {
            let pids = self.path("pids").display().to_string();
            text += &format!(
                "[[layer2.suites]]\nname = '{suite}'\norg = 'acme'\nroot = '{code}'\nfolder = 'shop'\nguest = '{code}/guest.cjs'\nprojects = ['chromium']\n[layer2.suites.env]\nSTAND_IN = '{ending}'\nSOURCE = '{source}'\nPIDS = '{pids}'\nAPI_KEY = '{SECRET}'\n"
            );
        }
        let path = self.path("layer2.toml");
        fs::write(&path, text).unwrap();
        path
    }

    fn hanging(&self) -> u32 {
        fs::read_to_string(self.path("pids")).unwrap().trim().parse().unwrap()
    }
}

/// A worker process; killed when dropped.
struct Worker(Child);

impl Worker {
    fn start(data_dir: &Path, config: &Path) -> Self {
        let mut child = Command::new(BINARY)
            .args(["worker", "--role", "layer2", "--log", "error", "--data-dir"])
            .arg(data_dir)
            .arg("--config")
            .arg(config)
            .env("MOLAR_NOT_INHERITED", SECRET)
            .env("TRACE_ENCRYPTION_KEY", "0123456789abcdef0123456789abcdef")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(told["role"], "layer2");
        Self(child)
    }

    /// SIGKILL: no handler runs.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn stop(mut self) {
        assert!(stop(&mut self.0).success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_mins(2);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < until, "never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

async fn ask(caller: &Caller, trace: &str, body: &Value) -> String {
    let asked = caller.post(&format!("/v1/traces/{trace}/replay"), body).await;
    let status = asked.status();
    let told: Value = asked.json().await.unwrap();
    assert_eq!(status, StatusCode::ACCEPTED, "{told}");
    told["replay_id"].as_str().unwrap().to_owned()
}

async fn wait_for(caller: &Caller, replay: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + PATIENCE * 4;
    loop {
        let told = caller.get_json(&format!("/v1/replays/{replay}")).await;
        if wanted(&told) {
            return told;
        }
        assert!(Instant::now() < until, "the replay never got there: {told:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn is_over(told: &Value) -> bool {
    !told["ended_at"].is_null()
}

const PATCH: &str = "--- a/shop/webhook.txt\n+++ b/shop/webhook.txt\n@@ -1 +1 @@\n-/old\n+/new\n";

#[tokio::test]
async fn a_worker_carries_replays_out_and_their_traces_come_home() {
    let (server, suite) = (TestApp::start().await, Suite::new());
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.ship(&recording, "failed").await;
    caller.wait_for_archive(&recording.id).await;
    let endings = [
        ("passes", "pass"),
        ("fails", "fail"),
        ("diverges", "diverge"),
        ("leaks", "leak"),
        ("hangs", "hang"),
    ];
    let config = suite.config(&recording.id, 600_000, &endings);
    let worker = Worker::start(server.data_dir(), &config);
    let edits = json!([{"kind": "patch", "text": PATCH}]);
    let misfit = PATCH.replace("-/old", "-/other");
    for (wanted, edits, state, code, has_child) in [
        (Some("passes"), edits.clone(), "passed", None, true),
        (
            Some("passes"),
            json!([{"kind": "patch", "text": misfit}]),
            "blocked",
            Some("PATCH_FAILED"),
            false,
        ),
        (Some("fails"), json!([]), "failed", None, true),
        (Some("diverges"), json!([]), "diverged", Some("NETWORK_MISS"), true),
        (Some("leaks"), json!([]), "blocked", Some("BUILD_FAILED"), false),
        (None, json!([]), "blocked", Some("NO_SUITE"), false),
    ] {
        let mut body = json!({"from_step": 2, "edits": edits});
        if let Some(suite) = wanted {
            body["suite"] = suite.into();
        }
        let id = ask(&caller, &recording.id, &body).await;
        let told = wait_for(&caller, &id, is_over).await;
        let found =
            (told["state"].as_str(), told["code"].as_str(), !told["child_trace_id"].is_null());
        assert_eq!(found, (Some(state), code, has_child), "{told:#}");
        assert!(!told.to_string().contains(SECRET), "{told:#}");
        let states: Vec<&str> = told["progress"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|line| line["state"].as_str())
            .collect();
        assert_eq!((states[0], states[1]), ("queued", "ready"), "{told:#}");
        assert_eq!(states.last(), Some(&state), "{told:#}");
        if !has_child {
            assert!(!told["message"].as_str().unwrap().is_empty(), "{told:#}");
            continue;
        }
        assert!(told["certificate"]["text"].is_string() && told["timings_ms"]["total"].is_number());
        assert!(["restoring", "skipping", "running"].iter().all(|state| states.contains(state)));
        let child = told["child_trace_id"].as_str().unwrap();
        let row = caller.wait_for_archive(child).await;
        assert_eq!(row["parent_trace_id"], json!(recording.id), "{row:#}");
        let lines = caller.get_json(&format!("/v1/traces/{child}/events?kind=console.log")).await;
        let webhook = if edits == json!([]) { "/old" } else { "/new" };
        assert_eq!(lines["items"][0]["text"], format!("webhook is at {webhook}"));
    }
    let listed = caller.get_json(&format!("/v1/traces/{}/replays", recording.id)).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 6);
    assert_eq!(listed["children"].as_array().unwrap().len(), 3, "{listed:#}");

    a_running_replay_is_cancelled(&caller, &suite, &recording.id).await;
    worker.stop();
    assert_eq!(fs::read_to_string(suite.path("code/shop/webhook.txt")).unwrap(), "/old\n");
    server.stop().await;
}

async fn a_running_replay_is_cancelled(caller: &Caller, suite: &Suite, trace: &str) {
    let id = ask(caller, trace, &json!({"from_step": 2, "suite": "hangs"})).await;
    let told = wait_for(caller, &id, |told| told["state"] == "running" || is_over(told)).await;
    assert_eq!(told["state"], "running", "{told:#}");
    let pid = suite.hanging();
    let asked =
        caller.request(Method::POST, &format!("/v1/replays/{id}/cancel")).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let told = wait_for(caller, &id, is_over).await;
    assert_eq!(
        (&told["state"], &told["code"]),
        (&json!("cancelled"), &json!("CANCELLED")),
        "{told:#}"
    );
    eventually("the end of what was cancelled", || (!is_alive(pid)).then_some(()));
}

#[tokio::test]
async fn a_replay_whose_worker_is_killed_is_given_to_another() {
    let begin = Clock::System.now_ms();
    // A trace that is taken over while the clock is ahead must not look abandoned.
    let patient = |config: &mut trace_server::Config| config.jobs.idle_seconds = 1 << 30;
    let server = TestApp::with_clock(patient, Clock::manual(begin)).await;
    let (suite, caller) = (Suite::new(), server.caller("acme").await);
    let recording = Recording::failed(1);
    caller.ship(&recording, "failed").await;
    caller.wait_for_archive(&recording.id).await;
    // The lease outlasts the test, so that only the moved clock ends it.
    let lease_ms = 3_600_000;
    let config = suite.config(&recording.id, lease_ms, &[("shop", "hang")]);
    let first = Worker::start(server.data_dir(), &config);
    let id = ask(&caller, &recording.id, &json!({"from_step": 2})).await;
    let told = wait_for(&caller, &id, |told| told["state"] == "running" || is_over(told)).await;
    assert_eq!(told["state"], "running", "{told:#}");
    let pid = suite.hanging();
    first.kill();
    // The runner hears of it and ends what it had begun.
    eventually("the end of what the worker ran", || (!is_alive(pid)).then_some(()));
    assert_eq!(wait_for(&caller, &id, |_| true).await["state"], "running");
    server.app.clock.advance(i64::try_from(lease_ms).unwrap() + 600_000);
    let told = wait_for(&caller, &id, |told| told["state"] == "queued").await;
    assert!(told["progress"].to_string().contains("WORKER_LOST"), "{told:#}");
    let config = suite.config(&recording.id, 4 * lease_ms, &[("shop", "pass")]);
    let second = Worker::start(server.data_dir(), &config);
    let told = wait_for(&caller, &id, is_over).await;
    assert_eq!((&told["state"], &told["attempt"]), (&json!("passed"), &json!(2)), "{told:#}");
    assert!(told["child_trace_id"].is_string(), "{told:#}");
    second.stop();
    server.stop().await;
}
