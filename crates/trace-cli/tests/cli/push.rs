//! `push`, to a real server on loopback.

use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Runtime;
use trace_server::auth::{ApiKey, Scope, Scopes};
use trace_server::catalog::KeyRow;
use trace_server::serve::Server;
use trace_server::{App, Config, clock::Clock};

use crate::kit::{Ran, Upgrade, molar, record};

/// A running server, which ends with the test.
struct Running {
    runtime: Runtime,
    app: Arc<App>,
    url: String,
    _dir: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let (app, server) = runtime.block_on(async {
            let app = App::open(Config::for_testing(dir.path()), Clock::System).await.unwrap();
            let server = Server::bind(Arc::clone(&app)).await.unwrap();
            (app, server)
        });
        let url = format!("http://{}", server.address());
        runtime.spawn(server.run());
        Self { runtime, app, url, _dir: dir }
    }

    fn key(&self, scopes: &Scopes) -> String {
        let key = ApiKey::generate().unwrap();
        let row = KeyRow {
            key_id: key.id().to_owned(),
            secret_sha256: key.digest(),
            scopes: scopes.to_string(),
            name: "test".to_owned(),
            created_ms: 1,
            revoked_ms: None,
        };
        self.runtime.block_on(self.app.catalog.insert_key(&"acme".parse().unwrap(), &row)).unwrap();
        key.reveal()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.app.shutdown.cancel();
    }
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_was_pushed_reads_the_same_there() {
    let server = Running::start();
    let (url, key) = (server.url.as_str(), server.key(&Scopes::all()));
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Fails);
    std::fs::write(root.path().join("note"), b"").unwrap();
    let id = trace.short_id.as_str();
    let there =
        |args: &[&str]| molar(root.path(), &[args, &["--url", url, "--key", &key]].concat());
    let line = there(&["push", text(&trace.dir), "--json"]).expect(0).json();
    assert_eq!((&line["short_id"], &line["missing_blobs"]), (&id.into(), &0.into()));
    assert!(line["url"].as_str().unwrap().starts_with("http"), "{line}");

    // Again: nothing is new, and nothing goes wrong.
    there(&["push", text(&trace.dir)]).expect(0).says(&["✓", id]);
    let here = |args: &[&str]| molar(root.path(), args).expect(0).stdout;
    assert_eq!(there(&["cat", id]).expect(0).stdout, here(&["cat", id]));
    assert_eq!(
        there(&["export", id, "--format", "har"]).expect(0).json()["log"]["entries"],
        serde_json::from_str::<Value>(&here(&["export", id, "--format", "har"])).unwrap()["log"]["entries"]
    );
    there(&["stats", id]).expect(0).says(&["1 trace", "By kind"]);
    there(&["diff", id, text(&trace.dir)]).expect(0);
    there(&["push", text(&trace.dir), "--delete-after"]).expect(0);
    assert!(!trace.dir.exists());
    assert_eq!(files_below(&root.path().join("blobs")), 0);
}

fn files_below(dir: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

#[test]
fn folders_and_bundles_go_whole() {
    let server = Running::start();
    let (url, key) = (server.url.as_str(), server.key(&Scopes::all()));
    let root = tempfile::tempdir().unwrap();
    let (one, two) =
        (record(root.path(), 1, Upgrade::Fails), record(root.path(), 2, Upgrade::Works));
    let bundle = root.path().join("two.tar.zst");
    molar(root.path(), &["bundle", text(&one.dir), text(&two.dir), "-o", text(&bundle)]).expect(0);
    for what in [text(root.path()), text(&bundle)] {
        let told = molar(root.path(), &["push", what, "--url", url, "--key", &key]).expect(0);
        told.says(&["✓"]);
        assert_eq!(told.stdout.lines().count(), 2);
    }
    let rows = molar(root.path(), &["ls", "--json", "--url", url, "--key", &key]).expect(0).json();
    assert_eq!(rows["items"].as_array().unwrap().len(), 2);
    assert!(one.dir.exists() && two.dir.exists());
}

/// One request carries all of it, and what is read there is what was recorded here.
#[test]
fn a_bundle_of_one_trace_is_the_same_trace_there() {
    let server = Running::start();
    let (url, key) = (server.url.as_str(), server.key(&Scopes::all()));
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Fails);
    let (id, bundle) = (trace.short_id.as_str(), root.path().join("one.tar.zst"));
    molar(root.path(), &["bundle", text(&trace.dir), "-o", text(&bundle)]).expect(0);
    let there =
        |args: &[&str]| molar(root.path(), &[args, &["--url", url, "--key", &key]].concat());
    for _ in 0..2 {
        let line = there(&["push", text(&bundle), "--json"]).expect(0).json();
        assert_eq!((&line["short_id"], &line["missing_blobs"]), (&id.into(), &0.into()));
    }
    let ingested = server.runtime.block_on(async {
        reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap()
    });
    assert!(ingested.contains("/v1/traces/ingest"), "it went piece by piece: {ingested}");
    let here = |args: &[&str]| molar(root.path(), args).expect(0).stdout;
    assert_eq!(there(&["cat", id]).expect(0).stdout, here(&["cat", id]));
    let (mut ours, mut theirs): (Value, Value) = (
        serde_json::from_str(&here(&["show", id, "--json"])).unwrap(),
        there(&["show", id, "--json"]).expect(0).json(),
    );
    // The row is each side's own: sizes as stored, when it was received, the organisation's counts.
    assert_eq!(ours["trace"]["id"], theirs["trace"]["id"]);
    for side in [&mut ours, &mut theirs] {
        side["trace"] = Value::Null;
    }
    assert_eq!(ours, theirs);
    // Cut short, it never gets as far as the server.
    let whole = std::fs::read(&bundle).unwrap();
    std::fs::write(&bundle, &whole[..whole.len() / 2]).unwrap();
    there(&["push", text(&bundle)]).expect(3);
}

#[test]
fn a_server_that_refuses_or_is_not_there_is_named() {
    let server = Running::start();
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Works);
    let push = |url: &str, key: &str| -> Ran {
        molar(
            root.path(),
            &["push", text(&trace.dir), "--delete-after", "--url", url, "--key", key],
        )
    };
    let ran = push(&server.url, "molar_sk_wrong_key").expect(5);
    assert!(ran.stderr.contains("401"), "{}", ran.stderr);
    let reader = server.key(&[Scope::TracesRead].into_iter().collect());
    let ran = push(&server.url, &reader).expect(5);
    assert!(ran.stderr.contains("403") && ran.stderr.contains("traces:write"), "{}", ran.stderr);
    // A port that was free a moment ago, and that nobody listens at.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = push(&format!("http://{gone}"), "molar_sk_any").expect(5);
    assert!(ran.stderr.contains("no progress"), "{}", ran.stderr);
    molar(root.path(), &["push", text(&trace.dir)]).expect(2);
    assert!(trace.dir.exists(), "what was not sent stays");
}
