//! Replays as callers see them, without a worker.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use trace_server::auth::Scope;
use trace_server::clock::Clock;

use crate::app::{TestApp, refusal};
use crate::recording::{Recording, id};

#[tokio::test]
async fn what_cannot_be_replayed_is_refused_with_its_reason() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.ship(&recording, "failed").await;
    caller.wait_for_archive(&recording.id).await;
    let path = format!("/v1/traces/{}/replay", recording.id);
    let edit_of = |file: &str| {
        let text = format!("--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-a\n+b\n");
        json!({"from_step": 2, "edits": [{"kind": "patch", "text": text}]})
    };
    for (body, status, code) in [
        (json!({}), 422, "invalid"),
        (json!({"from_step": 2, "step": 2}), 422, "invalid"),
        (json!({"from_step": -1}), 422, "invalid"),
        (json!({"from_step": 0}), 422, "invalid"),
        (json!({"from_step": 3}), 422, "NO_SUCH_STEP"),
        (json!({"from_step": 2, "strategy": "magic"}), 422, "invalid"),
        (json!({"from_step": 2, "timeout_seconds": 0}), 422, "invalid"),
        (json!({"from_step": 2, "edits": [{"kind": "shell", "text": "ls"}]}), 422, "invalid"),
        (
            json!({"from_step": 2, "edits": [{"kind": "patch", "text": "x", "path": "/"}]}),
            422,
            "invalid",
        ),
        (
            json!({"from_step": 2, "edits": [{"kind": "patch", "text": "no diff"}]}),
            422,
            "PATCH_FAILED",
        ),
        (edit_of("../../etc/passwd"), 422, "PATCH_FAILED"),
        (edit_of("x/../../etc/passwd"), 422, "PATCH_FAILED"),
        (edit_of(".git/hooks/post-checkout"), 422, "PATCH_FAILED"),
        (edit_of("node_modules/x/index.js"), 422, "PATCH_FAILED"),
        (
            json!({"from_step": 2, "edits": vec![json!({"kind": "patch", "text": ""}); 51]}),
            422,
            "invalid",
        ),
        (json!({"from_step": 2, "suite": "x".repeat(2 << 20)}), 413, "too_large"),
    ] {
        let told = refusal(caller.post(&path, &body).await).await;
        assert_eq!(told, (status, code.to_owned()), "{body}");
    }
    let open = Recording::failed(2);
    caller.register(&open).await;
    caller.put_chunk(&open.id, 1, &open.chunk(1)).await;
    let from = |step: u64| json!({ "from_step": step });
    let asked = caller.post(&format!("/v1/traces/{}/replay", open.id), &from(1)).await;
    assert_eq!(refusal(asked).await, (409, "unfinished".to_owned()));
    let file = server.app.config.storage.catalog_file();
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("UPDATE traces SET tier = 'cold'").execute(&pool).await.unwrap();
    pool.close().await;
    assert_eq!(refusal(caller.post(&path, &from(2)).await).await, (409, "COLD_TIER".to_owned()));
    let listed = caller.get_json(&format!("/v1/traces/{}/replays", recording.id)).await;
    assert_eq!(listed, json!({"items": [], "children": []}), "a refused request left something");
}

#[tokio::test]
async fn a_replay_is_asked_for_once_watched_cancelled_and_nobody_elses() {
    let server = TestApp::with(|config| config.layer2.open_per_org = 2).await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.ship(&recording, "failed").await;
    caller.wait_for_archive(&recording.id).await;
    let path = format!("/v1/traces/{}/replay", recording.id);
    let ask = async |key: &str, step: u64| {
        let request = caller.request(Method::POST, &path).header("idempotency-key", key);
        request.json(&json!({ "from_step": step })).send().await.unwrap()
    };
    let first = ask("one", 2).await;
    assert_eq!(first.status(), StatusCode::ACCEPTED);
    let first: Value = first.json().await.unwrap();
    assert_eq!((&first["state"], &first["code"]), (&json!("queued"), &json!("NO_WORKER")));
    assert!(first["message"].as_str().unwrap().contains("trace-server worker"), "{first:#}");
    let again = ask("one", 2).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.json::<Value>().await.unwrap()["replay_id"], first["replay_id"]);
    assert_eq!(refusal(ask("one", 1).await).await, (409, "key_reused".to_owned()));
    assert_eq!(ask("two", 1).await.status(), StatusCode::ACCEPTED);
    assert_eq!(refusal(ask("three", 1).await).await, (429, "too_many_replays".to_owned()));

    let replay = first["links"]["replay"].as_str().unwrap();
    let (rival, reader) = (server.caller("rival").await, server.reader("acme").await);
    let recorder = [Scope::TracesRead, Scope::TracesWrite].into_iter().collect();
    let recorder = server.caller_with("acme", recorder).await;
    assert_eq!(reader.get_json(replay).await["state"], "queued");
    for weak in [&reader, &recorder] {
        let cancel = weak.post(&format!("{replay}/cancel"), &json!({})).await;
        assert_eq!(refusal(cancel).await, (403, "missing_scope".to_owned()));
        let asked = weak.post(&path, &json!({"from_step": 2})).await;
        assert_eq!(refusal(asked).await, (403, "missing_scope".to_owned()));
    }
    let missing = format!("/v1/replays/{}", id(77));
    for (method, below) in [(Method::GET, ""), (Method::GET, "/events"), (Method::POST, "/cancel")]
    {
        let mut answers = Vec::new();
        for at in [replay, &missing] {
            let answer =
                rival.request(method.clone(), &format!("{at}{below}")).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {at}{below}");
            answers.push(answer.text().await.unwrap());
        }
        assert_eq!(answers[0], answers[1], "{method} {below} tells them apart");
    }

    let cancelled = caller.post(&format!("{replay}/cancel"), &json!({})).await;
    assert_eq!(cancelled.status(), StatusCode::ACCEPTED);
    assert_eq!(cancelled.json::<Value>().await.unwrap()["state"], "cancelled");
    let stream = caller.get(&format!("{replay}/events")).await.text().await.unwrap();
    assert!(stream.contains("id: 1\nevent: progress") && stream.contains("event: end"), "{stream}");
    let events = caller.request(Method::GET, &format!("{replay}/events"));
    let rest = events.header("last-event-id", "1").send().await.unwrap().text().await.unwrap();
    assert!(!rest.contains("id: 1\n") && rest.contains("id: 2\nevent: progress"), "{rest}");
    server.stop().await;
}

#[tokio::test]
async fn no_replay_waits_for_ever_and_a_restart_forgets_none() {
    let server = TestApp::with_clock(|_| {}, Clock::manual(1_767_225_600_000)).await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.ship(&recording, "failed").await;
    caller.wait_for_archive(&recording.id).await;
    let path = format!("/v1/traces/{}/replay", recording.id);
    let asked: Value = caller.post(&path, &json!({"from_step": 2})).await.json().await.unwrap();
    let (server, caller) = server.restart("acme").await;
    let path = asked["links"]["replay"].as_str().unwrap();
    assert_eq!(caller.get_json(path).await["state"], "queued");
    server.app.clock.advance(3_600_001);
    let looking = async {
        loop {
            let told = caller.get_json(path).await;
            if told["state"] != "queued" {
                return told;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let told = tokio::time::timeout(crate::app::PATIENCE, looking).await.unwrap();
    assert_eq!((&told["state"], &told["code"]), (&json!("blocked"), &json!("NO_WORKER")));
    let over = caller.post(&format!("{path}/cancel"), &json!({})).await;
    assert_eq!(refusal(over).await, (409, "replay_over".to_owned()));
    server.stop().await;
}
