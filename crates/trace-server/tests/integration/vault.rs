//! Vaults that only the server can open.

use reqwest::StatusCode;
use serde_json::{Value, json};
use trace_core::edge::vault::{KEY_FILE, Key, Vault, VaultOptions};
use trace_core::edge::{
    Draft, Finish, Limits, Masks, Recorder, RecorderOptions, ServerOptions, Shipped,
};
use trace_core::{Timestamp, TraceId};
use trace_server::catalog::TraceRef;
use trace_server::org::OrgScope;

use crate::app::{TestApp, refusal};
use crate::recording::Recording;

const MASTER: &str = "0123456789abcdef0123456789abcdef";
const SECRET: &str = "q7Rk2Vz9Lm4Xw8Tn3Pb6Yd1Hs5";

/// Records one secret for the server, as a worker does; gives the trace's id and whether a local key was made.
async fn record(server: ServerOptions, n: u8, hold: bool) -> (String, bool) {
    let recorded = tokio::task::spawn_blocking(move || {
        let root = tempfile::tempdir().unwrap();
        let recorder = Recorder::start(RecorderOptions {
            root: root.path().to_owned(),
            org: "local".parse().unwrap(),
            trace_id: TraceId::from_random([n; 16]),
            wall_ms: 1_767_225_600_000,
            run_start:
                json!({"scenario": {"slug": "signs in"}, "note": format!("Bearer {SECRET}")})
                    .to_string(),
            server: Some(server),
            rules: trace_core::redact::Rules::default(),
            vault: VaultOptions::Auto,
            hold,
            masks: Masks::default(),
            limits: Limits { finish_timeout: crate::app::PATIENCE, ..Limits::default() },
        })
        .unwrap();
        let payload = json!({"level": "log", "text": format!("Bearer {SECRET}x")}).to_string();
        let (ts, kind) = (Timestamp::from_us(5), "console.log".to_owned());
        recorder.append(Draft { ts, kind, payload, ..Draft::default() });
        let (ts, status) = (Timestamp::from_us(9), "passed".to_owned());
        let report = recorder.finish(Finish { ts, status, payload: "{}".to_owned() });
        assert!(matches!(report.shipped, Shipped::Shipped { .. }), "{report:?}");
        (report.trace_id.to_string(), root.path().join(KEY_FILE).exists())
    });
    recorded.await.unwrap()
}

#[tokio::test]
async fn the_server_opens_what_recorders_closed_for_it() {
    let server = TestApp::with(|config| config.auth.encryption_keys = vec![MASTER.into()]).await;
    let caller = server.caller("acme").await;
    let (acme, other): (OrgScope, OrgScope) = ("acme".parse().unwrap(), "other".parse().unwrap());
    let theirs = Key::derive(MASTER.as_bytes(), acme.id()).unwrap();
    let told: Value = caller.register(&Recording::failed(9)).await.json().await.unwrap();
    assert_eq!(told["vault_recipient"], theirs.public().as_str());
    assert_eq!(caller.get_json("/v1/vault").await["recipient"], told["vault_recipient"]);
    let options = ServerOptions { url: server.url.clone(), key: Some(caller.key().to_owned()) };
    // The first trace waits a moment only, which a busy machine may miss; its registration has told the key by its end.
    record(options.clone(), 1, false).await;
    // Live, and held back until the verdict.
    for (n, hold) in [(2, false), (3, true)] {
        let (id, has_local_key) = record(options.clone(), n, hold).await;
        assert!(!has_local_key, "the machine that records can open nothing");
        let vault = caller.get(&format!("/v1/traces/{id}/artifacts/secrets.age")).await;
        let vault = Vault::parse(vault.bytes().await.unwrap().to_vec()).unwrap();
        assert_eq!(vault.recipients(), [theirs.public()]);
        assert!(vault.unlock(&Key::derive(MASTER.as_bytes(), other.id()).unwrap()).is_err());
        let found = server.app.catalog.find_trace(&acme, &TraceRef::parse(&id).unwrap()).await;
        let lent = trace_server::vault::lent(&server.app, &acme, &found.unwrap().unwrap()).await;
        let (copy, key) = lent.unwrap().unwrap();
        let copy = Vault::parse(copy).unwrap();
        assert_eq!(copy.recipients(), [key.public()]);
        assert!(vault.unlock(&key).is_err(), "what a replay is lent opens its own copy alone");
        assert!(copy.unlock(&theirs).is_err());
        let open = copy.unlock(&key).unwrap();
        let texts: Vec<_> = open.iter().filter_map(|(_, secret)| secret.text()).collect();
        assert_eq!(texts, [SECRET.to_owned(), format!("{SECRET}x")], "hold: {hold}");
    }
    server.stop().await;
}

#[tokio::test]
async fn without_a_key_of_the_server_the_local_one_serves() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    assert_eq!(refusal(caller.get("/v1/vault").await).await, (404, "not_found".to_owned()));
    let told = caller.register(&Recording::failed(9)).await;
    assert_eq!(told.status(), StatusCode::CREATED);
    assert!(told.json::<Value>().await.unwrap().get("vault_recipient").is_none());
    let options = ServerOptions { url: server.url.clone(), key: Some(caller.key().to_owned()) };
    let (id, has_local_key) = record(options, 1, false).await;
    assert!(has_local_key);
    let acme: OrgScope = "acme".parse().unwrap();
    let found = server.app.catalog.find_trace(&acme, &TraceRef::parse(&id).unwrap()).await;
    let lent = trace_server::vault::lent(&server.app, &acme, &found.unwrap().unwrap()).await;
    assert!(lent.unwrap().is_none());
    server.stop().await;
}
