//! A browser from a trace alone: recorded here as the recorder would, opened by the command, looked at as a person would.
#![cfg(feature = "chromiumoxide")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use replay_runner::cdp::{CdpTransport as _, Chromiumoxide};
use serde_json::{Value, json};
use trace_core::Timestamp;
use trace_core::edge::vault::{KEY_FILE, VaultOptions};
use trace_core::edge::{ContentDraft, Draft, Finish, Limits, Masks, Recorder, RecorderOptions};

use super::browser::chromium;
use super::kit::{TRACE, ended, eventually, is_kept};

const SHOP: &str = "http://shop.example";
const CART: &str = r#"<!doctype html><title>Cart</title><input id="name"><button id="go">Go</button><output id="out"></output>
<script>go.onclick = async () => { out.textContent = await (await fetch('/api/next', { method: 'POST', body: 'n=1' })).text(); };</script>"#;

const TEXT: &str = "text/plain;charset=UTF-8";
/// What Chromium takes for a document.
const DOCUMENTS: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";

fn draft(ms: u64, kind: &str, step: Option<&str>, payload: &Value) -> Draft {
    Draft {
        ts: Timestamp::from_us(ms * 1000),
        kind: kind.to_owned(),
        step_id: step.map(str::to_owned),
        payload: payload.to_string(),
        contents: Vec::new(),
    }
}

/// A request, with a header by which it is found again, and its answer.
fn exchange(ms: u64, step: &str, request: &Value, media_type: &str, body: &str) -> [Draft; 2] {
    let is_sent = request["sent"].is_string();
    let (name, value) = if is_sent { ("content-type", TEXT) } else { ("accept", DOCUMENTS) };
    let mut head = request.clone();
    let id = json!(format!("r{ms}"));
    head["request_id"] = id.clone();
    head["page"] = "p1".into();
    head["frame"] = "p1f1".into();
    let agent = "Mozilla/5.0 HeadlessChrome/12.0.0.0 Safari/537.36";
    head["headers"] = json!([["user-agent", agent], [name, value]]);
    let answer = json!({
        "request_id": id, "method": head["method"], "url": head["url"], "status": 200, "status_text": "OK",
        "headers": [["content-type", media_type]], "duration_ms": 2, "page": "p1", "frame": "p1f1",
    });
    let mut answer = draft(ms + 2, "network.response", Some(step), &answer);
    let (field, media_type) = ("body".to_owned(), media_type.to_owned());
    answer.contents.push(ContentDraft { field, media_type, data: body.into(), truncated: 0 });
    let mut sent = draft(ms, "network.request", Some(step), &head);
    if let Some(body) = request["sent"].as_str() {
        let (field, media_type) = ("body".to_owned(), TEXT.to_owned());
        sent.contents.push(ContentDraft { field, media_type, data: body.into(), truncated: 0 });
    }
    [sent, answer]
}

/// What the browser held at the end of the first step.
fn state() -> Value {
    let part = |value: Value| json!({ "revision": 1, "value": value });
    let cookie = json!([{ "name": "sid", "value": "abc", "domain": "shop.example", "path": "/", "expires": -1, "size": 6, "httpOnly": true, "secure": false, "session": true }]);
    let entries = json!([{ "url": format!("{SHOP}/start") }, { "url": format!("{SHOP}/cart") }]);
    let document = json!({
        "url": format!("{SHOP}/cart"), "title": "Cart", "name": "", "history": { "length": 2, "state": { "n": 4 } }, "scroll": [],
        "fields": [{ "at": "#name", "type": "text", "value": "Ada" }], "open": [], "whole": true,
    });
    let store = json!({ "name": "items", "key_path": null, "auto_increment": false, "indexes": [], "records": [["tea", 3]] });
    let secret = json!({ "parts": {
        "cookies": part(cookie),
        "local http://shop.example/": part(json!([["theme", "dark"]])),
        "session p1 http://shop.example/": part(json!([["tab", "7"]])),
        "indexeddb http://shop.example/": part(json!([{ "name": "shop", "version": 3, "stores": [store] }])),
        "history p1": part(json!({ "index": 1, "entries": entries })),
        "document p1f1": part(document),
    }});
    json!({ "context": "c1", "boundary": "end", "revision": 1, "full": true, "changed": [], "counts": [{ "part": "cookies", "keys": 1, "bytes": 10 }], "secret": secret })
}

/// Records a test of two steps, and gives its directory.
fn record(root: &Path) -> PathBuf {
    let run_start = json!({
        "short_id": "aB3dE5gH7", "project": "chromium", "run": { "id": "run-1" }, "retry": 0, "repeat_each": 0, "source": "pr", "seeds": {},
        "scenario": { "slug": "buy", "title": "buys", "file": "tests/buy.spec.ts", "line": 1, "title_path": ["buys"] },
        "worker": { "index": 0, "parallel_index": 0, "pid": 1 }, "environment": { "use": { "baseURL": SHOP } }, "capture": {},
        "recorder": { "name": "test", "version": "0" },
    });
    let recorder = Recorder::start(RecorderOptions {
        root: root.to_owned(),
        org: "local".parse().unwrap(),
        trace_id: TRACE.parse().unwrap(),
        wall_ms: 1_767_225_600_000,
        run_start: run_start.to_string(),
        server: None,
        hold: false,
        rules: trace_core::redact::Rules::default(),
        vault: VaultOptions::Auto,
        masks: Masks::default(),
        limits: Limits::default(),
    })
    .unwrap();
    let step = |id: &str, index: u64| json!({ "title": id, "category": "test.step", "index": index, "path": [id], "id": id });
    let ended = json!({ "status": "passed", "duration_ms": 1 });
    let cart =
        json!({ "method": "GET", "url": format!("{SHOP}/cart"), "resource_type": "document" });
    let next = json!({ "method": "POST", "url": format!("{SHOP}/api/next"), "resource_type": "fetch", "sent": "n=1" });
    let mut drafts = vec![draft(10, "step.start", Some("s1"), &step("s1", 1))];
    drafts.extend(exchange(20, "s1", &cart, "text/html", CART));
    drafts.push(draft(500, "browser.state", Some("s1"), &state()));
    drafts.push(draft(510, "step.end", Some("s1"), &ended));
    drafts.push(draft(1000, "step.start", Some("s2"), &step("s2", 2)));
    drafts.extend(exchange(1100, "s2", &next, "text/plain", "from the record"));
    drafts.push(draft(1200, "step.end", Some("s2"), &ended));
    drafts.into_iter().for_each(|draft| recorder.append(draft));
    let report = recorder.finish(Finish {
        ts: Timestamp::from_us(1_300_000),
        status: "passed".to_owned(),
        payload: r#"{"duration_ms":1300}"#.to_owned(),
    });
    assert_eq!(report.problems, Vec::<String>::new());
    report.dir
}

/// The command with its lines.
struct Open {
    child: Child,
    lines: Receiver<Value>,
}

impl Drop for Open {
    /// A test that fails leaves no browser.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            super::closing::send("-TERM", self.child.id());
            drop(self.child.wait());
        }
    }
}

impl Open {
    fn start(program: &Path, home: &Path, trace: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay-runner"));
        command
            .args(["open", "--json", "--bare", "--headless", "--step", "2", "--trace"])
            .arg(trace);
        command.arg("--home").arg(home).env("MOLAR_CHROMIUM", program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let (tell, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                drop(tell.send(serde_json::from_str(&line).unwrap()));
            }
        });
        Self { child, lines }
    }

    /// The next line that says so; one that never comes is told with what came instead.
    fn hear(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || {
            let line = self.lines.try_recv().ok()?;
            assert!(is_it(&line) || line.get("outcome").is_none(), "{what} never came: {line}");
            is_it(&line).then_some(line)
        })
    }

    fn held(&self) -> String {
        let held = self.hear("the browser", |line| line["state"] == "held");
        held["detail"]["websocket"].as_str().unwrap().to_owned()
    }

    /// Everything that it opened is closed.
    fn ended(mut self, home: &Path) {
        let outcome = self.hear("an outcome", |line| line.get("outcome").is_some());
        assert_eq!(outcome["outcome"]["state"], "held", "{outcome}");
        assert_eq!(ended(&mut self.child), Some(0));
        let left = std::fs::read_dir(home).unwrap().flatten().map(|entry| entry.file_name());
        assert_eq!(left.filter(|name| !is_kept(name)).count(), 0);
    }
}

/// The value of an expression in the only page of a browser.
async fn in_page(websocket: &str, expression: &str) -> Value {
    let browser = Chromiumoxide::connect(websocket).await.unwrap();
    let targets = browser.send("Target.getTargets", json!({}), None).await.unwrap();
    let pages = targets["targetInfos"].as_array().unwrap().iter();
    let pages: Vec<&Value> = pages.filter(|target| target["type"] == "page").collect();
    assert_eq!(pages.len(), 1, "{targets}");
    let attach = json!({ "targetId": pages[0]["targetId"], "flatten": true });
    let session = browser.send("Target.attachToTarget", attach, None).await.unwrap();
    let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
    let answer = browser.send("Runtime.evaluate", params, session["sessionId"].as_str()).await;
    browser.close().await;
    let answer = answer.unwrap();
    assert_eq!(answer.get("exceptionDetails"), None, "{answer}");
    answer["result"]["value"].clone()
}

const SEEN: &str = "(async () => {
    const database = await new Promise((resolve) => { indexedDB.open('shop').onsuccess = ({ target }) => resolve(target.result); });
    const tea = await new Promise((resolve) => { database.transaction('items').objectStore('items').get('tea').onsuccess = ({ target }) => resolve(target.result); });
    return {
      url: location.href, title: document.title, name: document.getElementById('name').value, theme: localStorage.theme, tab: sessionStorage.tab,
      n: history.state?.n, length: history.length, day: new Date().toISOString().slice(0, 10), version: database.version, tea,
    };
})()";

#[tokio::test]
async fn a_trace_alone_brings_a_browser_to_its_step() {
    let Some(program) = chromium() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (trace, home) = (record(folder.path()), folder.path().join("home"));
    let open = Open::start(&program, &home, &trace);
    let near = open.hear("what stands there", |line| line["detail"]["near"].is_object());
    assert_eq!(near["detail"]["near"]["differ"], json!([]), "{near}");
    assert_eq!(near["code"], "BROWSER_VERSION_SKEW", "it was recorded by Chromium 12");
    let websocket = open.held();
    let seen = in_page(&websocket, SEEN).await;
    let expect = json!({
        "url": "http://shop.example/cart", "title": "Cart", "name": "Ada", "theme": "dark", "tab": "7", "n": 4, "length": 2,
        "day": "2026-01-01", "version": 3, "tea": 3,
    });
    assert_eq!(seen, expect);
    let browser = Chromiumoxide::connect(&websocket).await.unwrap();
    let cookies = browser.send("Storage.getCookies", json!({}), None).await.unwrap();
    assert_eq!(cookies["cookies"][0]["value"], "abc", "{cookies}");
    browser.close().await;
    // The page goes on as it did, out of the record.
    let next = "document.getElementById('go').click(); new Promise((done) => { const look = () => out.textContent ? done(out.textContent) : setTimeout(look, 20); look(); })";
    assert_eq!(in_page(&websocket, next).await, "from the record");
    // What the record does not have goes nowhere, whoever listens there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = format!(
        "fetch('http://127.0.0.1:{port}/secret?token=1').then(() => 'answered', () => 'nothing')"
    );
    assert_eq!(in_page(&websocket, &asked).await, "nothing");
    let missed = open.hear("the miss", |line| line["code"] == "NETWORK_MISS");
    let message = missed["message"].as_str().unwrap();
    assert!(
        message.contains("/secret is not in the record") && !message.contains("token"),
        "{message}"
    );
    let socket = format!(
        "new Promise((done) => {{ const socket = new WebSocket('ws://127.0.0.1:{port}/'); socket.onopen = () => done('open'); socket.onerror = () => done('nothing'); }})"
    );
    assert_eq!(in_page(&websocket, &socket).await, "nothing");
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    super::closing::send("-TERM", open.child.id());
    open.ended(&home);
    assert!(Chromiumoxide::connect(&websocket).await.is_err(), "the browser is still there");
}

#[tokio::test]
async fn without_the_key_the_address_is_opened_on_the_record() {
    let Some(program) = chromium() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (trace, home) = (record(folder.path()), folder.path().join("home"));
    std::fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
    let mut open = Open::start(&program, &home, &trace);
    open.hear("why", |line| line["code"] == "NO_SECRETS" && line["action"] == "browser");
    let websocket = open.held();
    let seen = in_page(&websocket, "[location.href, document.title, localStorage.length]").await;
    assert_eq!(seen, json!(["http://shop.example/cart", "Cart", 0]));
    writeln!(open.child.stdin.as_mut().unwrap()).unwrap();
    open.ended(&home);
}

#[test]
fn without_a_browser_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (trace, home) = (record(folder.path()), folder.path().join("home"));
    let open = Open::start(Path::new("/nowhere/chromium"), &home, &trace);
    let outcome = eventually("an outcome", || {
        open.lines.try_recv().ok().filter(|line| line.get("outcome").is_some())
    });
    assert_eq!(outcome["outcome"]["code"], "BROWSER_MISSING", "{outcome}");
    let message = outcome["outcome"]["message"].as_str().unwrap();
    assert!(message.contains("/nowhere/chromium"), "{message}");
}
