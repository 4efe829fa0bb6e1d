//! Clones put back to where they were: against the example's real simulator, and against servers that are no clones.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::{Value, json};

use super::kit::{Suite, eventually, started};

/// The simulator as a process.
struct Clone {
    child: Child,
    vendor: String,
    admin: String,
}

impl Drop for Clone {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Clone {
    /// None where the examples have not been built and nobody says that they have: a bare `cargo test` passes over these tests.
    fn start() -> Option<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../examples/stripe-clone/dist/src/main.js");
        if !program.is_file() {
            assert!(
                std::env::var_os("MOLAR_SET_UP").is_none(),
                "`{}` is not built",
                program.display()
            );
            return None;
        }
        let mut node = Command::new("node");
        node.arg(program).env("CLONE_PORT", "0").env("CLONE_ADMIN_PORT", "0");
        let mut child = node.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Some(Self { vendor: text("vendor"), admin: text("admin"), child })
    }

    fn customer(&self, run: &str, email: &str) {
        let url = format!("{}/t/{run}/v1/customers", self.vendor);
        let headers = [
            "authorization: Bearer sk_test_recorded",
            "content-type: application/x-www-form-urlencoded",
        ];
        assert_eq!(http("POST", &url, &headers, format!("email={email}").as_bytes()).0, 200);
    }

    fn customers(&self, run: &str) -> Vec<String> {
        let (status, body) =
            http("GET", &format!("{}/_clone/stripe/customers/{run}", self.admin), &[], b"");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        let state: Value = serde_json::from_slice(&body).unwrap();
        emails(&state["items"])
    }

    /// A `clone.snapshot` line of the run as it stands.
    fn snapshot(&self, run: &str, seq: u64, step: &str, clock_ms: u64) -> Value {
        let (status, bytes) =
            http("POST", &format!("{}/_clone/snapshot/{run}/save", self.admin), &[], b"");
        assert_eq!(status, 200);
        let data = base64::engine::general_purpose::STANDARD.encode(&bytes);
        json!({
            "ts": seq, "seq": seq, "kind": "clone.snapshot", "step_id": step, "clone": "stripe", "run": run, "when": "after", "epoch": 0,
            "rev": 1, "clock_ms": clock_ms, "schema": "molar/clones-stripe@v1",
            "snapshot": {"size": bytes.len(), "media_type": "application/gzip", "base64": data},
        })
    }

    fn option(&self) -> String {
        format!("stripe={},{}", self.admin, self.vendor)
    }
}

fn emails(customers: &Value) -> Vec<String> {
    let customers = customers.as_array().unwrap();
    customers.iter().map(|customer| customer["email"].as_str().unwrap().to_owned()).collect()
}

/// One request with one answer; the connection ends behind it.
fn http(method: &str, url: &str, headers: &[&str], body: &[u8]) -> (u16, Vec<u8>) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(host).unwrap();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: {host}\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
    (status, answer[end + 4..].to_vec())
}

/// Customers of the recorded run after step 1, and one more that came later.
fn recorded(clone: &Clone) -> Suite {
    let suite = Suite::new(true);
    clone.customer("shop-1", "before%40example.com");
    let snapshot = clone.snapshot("shop-1", 8, "s1", 1_767_225_600_500);
    suite.append_to_trace(&snapshot);
    clone.customer("shop-1", "later%40example.com");
    suite
}

#[test]
fn the_child_finds_the_clone_as_it_was_and_the_recorded_run_is_left_alone() {
    let Some(clone) = Clone::start() else { return };
    let suite = recorded(&clone);
    let ran = suite.run("clone", &["--clone", &clone.option()]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let outcome = ran.outcome();
    let seen: Value = serde_json::from_str(&suite.left(&outcome, "customers")).unwrap();
    assert_eq!(emails(&seen["before"]), ["before@example.com"]);
    assert_eq!(seen["made"]["email"], "replayed@example.com");
    // The clock stands at the snapshot's moment: what is made in the replay is dated then, and not today.
    assert_eq!(seen["made"]["created"].as_u64().unwrap() / 60, 1_767_225_600 / 60);
    assert_eq!(clone.customers("shop-1"), ["before@example.com", "later@example.com"]);
    let env = suite.left(&outcome, "env");
    let target = format!("shop-1.r{}", outcome["replay_id"].as_str().unwrap());
    for wanted in [
        format!("MOLAR_CLONE_STRIPE_URL={}/t/{target}", clone.vendor),
        format!("MOLAR_CLONE_STRIPE_ADMIN_URL={}", clone.admin),
        format!("MOLAR_CLONE_RUN={target}"),
    ] {
        assert!(env.lines().any(|line| line == wanted), "{wanted}: {env}");
    }
    assert!(ran.stdout.contains("every clone stands at 1767225600500 ms"), "{}", ran.stdout);
    // The replay's run went with it.
    assert_eq!(http("GET", &format!("{}/_clone/stripe/{target}", clone.admin), &[], b"").0, 404);
    suite.is_clean();
}

#[test]
fn a_clone_that_was_called_for_the_server_is_put_back_before_the_step() {
    let Some(clone) = Clone::start() else { return };
    let suite = recorded(&clone);
    let ran = suite.run("clone-again", &["--clone", &clone.option(), "--server-fast-forward"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let outcome = ran.outcome();
    assert!(suite.left(&outcome, "made").contains("early@example.com"));
    let seen: Value = serde_json::from_str(&suite.left(&outcome, "customers")).unwrap();
    assert_eq!(emails(&seen["data"]), ["before@example.com"]);
    suite.is_clean();
}

#[test]
fn the_run_of_a_killed_replay_is_dropped_by_the_next_start() {
    let Some(clone) = Clone::start() else { return };
    let suite = recorded(&clone);
    let mut runner = started(&mut suite.replay("hang", &["--clone", &clone.option()]));
    let target = eventually("the target run", || {
        let entries = std::fs::read_dir(suite.dir.path().join("molar/replays")).ok()?;
        let id = entries.flatten().find(|entry| entry.path().join("pids").exists())?.file_name();
        Some(format!("shop-1.r{}", id.to_string_lossy()))
    });
    runner.kill().unwrap();
    runner.wait().unwrap();
    let state = format!("{}/_clone/stripe/{target}", clone.admin);
    assert_eq!(http("GET", &state, &[], b"").0, 200);
    let ran = suite.run("pass", &["--without-clones"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(http("GET", &state, &[], b"").0, 404);
    suite.is_clean();
}

/// A server that answers by `answer` and remembers what it was asked.
fn server(answer: fn(&str) -> String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                length =
                    line.strip_prefix("content-length: ").map_or(length, |n| n.parse().unwrap());
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let call = first.rsplit_once(' ').unwrap().0.to_owned();
            let answered = answer(&call);
            heard.lock().unwrap().push(call);
            drop(reader.into_inner().write_all(answered.as_bytes()));
        }
    });
    (address, asked)
}

fn answered(status: &str, headers: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A trace whose snapshot nobody reads.
fn with_any_snapshot() -> Suite {
    let suite = Suite::new(true);
    suite.append_to_trace(&json!({
        "ts": 8, "seq": 8, "kind": "clone.snapshot", "step_id": "s1", "clone": "stripe", "run": "shop-1", "when": "after", "epoch": 0,
        "rev": 1, "clock_ms": 1_767_225_600_500_u64, "schema": "x", "snapshot": {"size": 3, "media_type": "application/gzip", "base64": "AQID"},
    }));
    suite
}

#[test]
fn a_server_that_is_no_clone_is_never_written_to() {
    let suite = with_any_snapshot();
    let (url, asked) = server(|_| answered("200 OK", "", &json!({"kind": "stripe"})));
    let ran = suite.run("pass", &["--clone", &format!("stripe={url}")]);
    let outcome = ran.outcome();
    assert_eq!(
        (ran.code, outcome["code"].as_str()),
        (Some(3), Some("CLONE_UNREACHABLE")),
        "{outcome}"
    );
    assert!(outcome["message"].as_str().unwrap().contains("live vendor"), "{outcome}");
    assert_eq!(*asked.lock().unwrap(), ["GET /_clone/health"]);
    suite.is_clean();
}

#[test]
fn clones_that_fail_block_with_their_reason() {
    const CLONE: &str = "x-molar-clone: stripe@1\r\n";
    let check = |answer: fn(&str) -> String, code: &str, says: &str| {
        let suite = with_any_snapshot();
        let (url, asked) = server(answer);
        let ran = suite.run("pass", &["--clone", &format!("stripe={url}")]);
        let outcome = ran.outcome();
        assert_eq!((ran.code, outcome["code"].as_str()), (Some(3), Some(code)), "{outcome}");
        assert!(outcome["message"].as_str().unwrap().contains(says), "{says}: {outcome}");
        assert!(outcome["child"].is_null(), "{outcome}");
        // Whatever failed, the clocks were not let go, and the run was dropped.
        let asked = asked.lock().unwrap();
        assert!(!asked.iter().any(|call| call.ends_with("clock/resume")), "{asked:?}");
        assert!(
            asked.iter().any(|call| call.starts_with("DELETE /_clone/run/shop-1.r")),
            "{asked:?}"
        );
        suite.is_clean();
    };
    let refusing = |call: &str| match call {
        "GET /_clone/health" => answered("200 OK", CLONE, &json!({"kind": "stripe"})),
        call if call.ends_with("/restore") => answered(
            "422 Unprocessable",
            CLONE,
            &json!({"code": "schema_unsupported", "detail": "have 2, supported 1"}),
        ),
        _ => answered("200 OK", CLONE, &json!({})),
    };
    check(refusing, "CLONE_RESTORE_FAILED", "schema_unsupported, have 2");
    let otherwise = |call: &str| match call {
        "GET /_clone/health" => answered("200 OK", CLONE, &json!({"kind": "stripe"})),
        call if call.ends_with("/restore") => {
            answered("200 OK", CLONE, &json!({"epoch": 1, "state_digest": "aa"}))
        }
        call if call.starts_with("GET /_clone/stripe/") => {
            answered("200 OK", CLONE, &json!({"digest": "bb"}))
        }
        _ => answered("200 OK", CLONE, &json!({})),
    };
    check(otherwise, "CLONE_RESTORE_FAILED", "restored aa, and it says bb");
    let wrong_clock = |call: &str| match call {
        "GET /_clone/health" => answered("200 OK", CLONE, &json!({"kind": "stripe"})),
        call if call.starts_with("GET /_clone/clock") => {
            answered("200 OK", CLONE, &json!({"clock_ms": 5}))
        }
        _ => answered("200 OK", CLONE, &json!({"epoch": 1})),
    };
    check(wrong_clock, "CLONE_RESTORE_FAILED", "stands at 5");
}

#[test]
fn a_clone_of_the_body_form_is_spoken_to_in_it() {
    const CLONE: &str = "x-molar-clone: stripe@1\r\n";
    let suite = with_any_snapshot();
    let (url, asked) = server(|call| match call {
        "GET /_clone/health" => answered("200 OK", CLONE, &json!({"kind": "stripe"})),
        "POST /_clone/snapshot/restore" => answered("200 OK", CLONE, &json!({"epoch": 1})),
        // It knows neither clocks nor drops, which is a feature less and no failure.
        _ => answered("404 Not Found", CLONE, &json!({"code": "not_found"})),
    });
    let ran = suite.run("pass", &["--clone", &format!("stripe={url}")]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(asked.lock().unwrap().iter().any(|call| call == "POST /_clone/snapshot/restore"));
    suite.is_clean();
}

#[test]
fn what_is_not_there_is_named_before_anything_is_opened() {
    let suite = with_any_snapshot();
    let check = |args: &[&str], code: &str, says: &str| {
        let ran = suite.run("pass", args);
        let outcome = ran.outcome();
        assert_eq!(
            (ran.code, outcome["code"].as_str()),
            (Some(3), Some(code)),
            "{args:?}: {outcome}"
        );
        assert!(outcome["message"].as_str().unwrap().contains(says), "{says}: {outcome}");
        suite.is_clean();
    };
    check(&[], "CLONE_UNREACHABLE", "--clone stripe=ADMIN_URL");
    check(&["--clone", "stripe=http://127.0.0.1:9"], "CLONE_UNREACHABLE", "does not answer");
    check(
        &["--clone", "mail=http://127.0.0.1:9", "--clone", "stripe=http://127.0.0.1:9"],
        "NO_SNAPSHOT",
        "clone mail",
    );
    for fine in [&["--without-clones"][..], &["--app-mode", "recorded"]] {
        assert_eq!(suite.run("pass", fine).code, Some(0));
    }
}
