//! Replays that stay: a browser at step N, and a copy that further edits run in.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use super::browser::{Guest, chromium};
use super::kit::{Suite, ended, eventually, patch};

/// A runner whose standard input is ours.
struct Held {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
}

impl Held {
    fn start(command: &mut std::process::Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (tell, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                drop(tell.send(serde_json::from_str(&line).unwrap()));
            }
        });
        Self { stdin: child.stdin.take(), child, lines }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line that says so.
    fn hear(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || self.lines.try_recv().ok().filter(|line| is_it(line)))
    }

    fn outcome(&self) -> Value {
        self.hear("an outcome", |line| line.get("outcome").is_some())["outcome"].clone()
    }

    fn ended(mut self) -> Option<i32> {
        self.stdin = None;
        ended(&mut self.child)
    }
}

#[test]
fn a_held_replay_runs_further_edits_in_what_it_prepared() {
    let suite = Suite::new(true);
    let edit = |name: &str, new: &str, old: &str| {
        let diff = patch("shop/playwright.config.ts", old, new);
        suite.write(&format!("../{name}.patch"), &diff).display().to_string()
    };
    let wrong = edit("wrong", "// wrong", "export default { webhook: '/old' };");
    let right = edit("right", "// right", "// wrong");
    let build = "echo built >> ../builds; cp ../builds seen-builds";
    let mut held =
        Held::start(&mut suite.replay("by-code", &["--hold", "--edit", &wrong, "--build", build]));
    let first = held.outcome();
    assert_eq!((&first["state"], &first["run"]), (&"failed".into(), &1.into()), "{first}");
    assert_eq!(suite.git(&["worktree", "list"]).lines().count(), 2);
    // A patch that does not fit is told, and leaves everything as it was.
    held.say(&format!("edit {wrong}"));
    held.hear("the refusal", |line| line["code"] == "PATCH_FAILED");
    held.say("dance");
    held.hear("the words", |line| line["message"].to_string().contains("is not known"));
    held.say(&format!("edit {right}"));
    held.say("run");
    let second = held.outcome();
    assert_eq!((&second["state"], &second["run"]), (&"passed".into(), &2.into()), "{second}");
    assert_ne!(first["child"], second["child"]);
    assert_eq!(first["replay_id"], second["replay_id"]);
    // The copy is the same one: it is not made again, and its build goes on from what was built.
    assert!(second["timings_ms"].get("code").is_none(), "{second}");
    assert_eq!(suite.left(&second, "seen/seen-builds"), "built\nbuilt\n");
    held.say("undo");
    held.say("run");
    assert_eq!(held.outcome()["state"], "failed");
    held.say("end");
    // The exit code is that of the last run.
    assert_eq!(held.ended(), Some(1));
    suite.is_clean();
}

#[test]
fn a_held_replay_ends_with_its_input() {
    let suite = Suite::new(true);
    let held = Held::start(&mut suite.replay("pass", &["--hold"]));
    assert_eq!(held.outcome()["state"], "passed");
    assert_eq!(held.ended(), Some(0));
    suite.is_clean();
}

#[test]
fn an_opened_browser_stays_until_it_is_let_go() {
    let suite = Suite::new(true);
    let open = || {
        let mut command = suite.command(&["open", "--json", "--headless", "--step", "2"]);
        command.arg("--trace").arg(suite.trace_dir()).arg("--suite").arg(suite.path("shop"));
        command.arg("--guest").arg(suite.path("guest.cjs")).args([
            "--env",
            "STAND_IN=hold",
            "--timeout",
            "60",
        ]);
        Held::start(&mut command)
    };
    let is_held = |line: &Value| line["state"] == "held" && line["detail"]["cdp"].is_string();
    let check = |held: Held| {
        let outcome = held.outcome();
        assert_eq!(outcome["state"], "held", "{outcome}");
        assert!(outcome["child"].is_object(), "{outcome}");
        assert_eq!(held.ended(), Some(0));
        suite.is_clean();
    };
    let mut by_line = open();
    by_line.hear("the browser", is_held);
    by_line.say("");
    check(by_line);
    let by_signal = open();
    by_signal.hear("the browser", is_held);
    super::closing::send("-INT", by_signal.child.id());
    check(by_signal);
}

#[test]
fn what_stands_in_an_opened_browser_is_laid_beside_the_record() {
    let Some((program, files)) = chromium().zip(Guest::files()) else { return };
    let suite = Suite::new(true);
    // What the first step asked for, with a browser of long ago.
    suite.append_to_trace(&serde_json::json!({
        "ts": 2, "seq": 8, "kind": "network.request", "request_id": "r1", "method": "GET", "url": "http://127.0.0.1:1/cart?id=1",
        "resource_type": "document", "page": "p1", "frame": "p1f1", "headers": [["user-agent", "HeadlessChrome/12.0.0.0"]],
    }));
    let mut command = suite.command(&["open", "--json", "--headless", "--step", "2"]);
    command.arg("--trace").arg(suite.trace_dir()).arg("--suite").arg(suite.path("shop"));
    command.arg("--guest").arg(suite.path("guest.cjs"));
    let words = [("STAND_IN", "hold-browser".as_ref()), ("CHROMIUM", program.as_path())];
    let files = [("RELAY", files[0].as_path()), ("GUEST", files[1].as_path())];
    for (name, value) in words.into_iter().chain(files) {
        command.arg("--env").arg(format!("{name}={}", value.display()));
    }
    let mut held = Held::start(&mut command);
    let near = held.hear("what stands there", |line| line["detail"]["near"].is_object());
    assert_eq!(near["code"], "BROWSER_VERSION_SKEW", "{near}");
    let message = near["message"].as_str().unwrap();
    assert!(message.contains("recorded 12"), "{message}");
    let differs = "the page of http://127.0.0.1:1/cart?… is at data:text/html,<title>one</title>";
    assert_eq!(near["detail"]["near"]["differ"], serde_json::json!([differs]), "{near}");
    held.say("");
    assert_eq!(held.outcome()["state"], "held");
    assert_eq!(held.ended(), Some(0));
    suite.is_clean();
}
