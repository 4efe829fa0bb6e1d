//! Two traces side by side.

use serde_json::{Value, json};

use crate::app::{TestApp, refusal};
use crate::recording::{Recording, event, id};

/// The shop's step 2, which shows a plan and leaves a clone in a state. Another run has another port.
fn shop(n: u8, plan: &str, port: u16) -> Recording {
    let passed = plan == "Pro";
    let mut recording = Recording::empty(n);
    let step = |seq: u64, kind: &str, step: &str, payload: Value| {
        event(seq as f64, seq, kind, Some(step), payload)
    };
    let title = |n: u64, title: &str| json!({"title": title, "index": n, "category": "test.step"});
    let status = if passed { "passed" } else { "failed" };
    let html = json!({"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [
        {"type": 2, "id": 3, "tagName": "body", "attributes": {}, "childNodes": [
            {"type": 3, "id": 4, "textContent": "Plan"}]}]});
    let page = json!([
        {"type": 4, "timestamp": 100, "data": {"href": format!("http://127.0.0.1:{port}/shop"), "width": 8, "height": 6}},
        {"type": 2, "timestamp": 100, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]}, "initialOffset": {"left": 0, "top": 0}}},
    ]);
    let change = json!([{"type": 3, "timestamp": 101, "data": {"source": 0, "texts": [{"id": 4, "value": plan}], "attributes": [], "removes": [], "adds": []}}]);
    let dom = |events: &Value, ts: u64| {
        let text = events.to_string();
        json!({"page": "p1", "frame": "p1f1", "frame_url": format!("http://127.0.0.1:{port}/shop"), "stream": "d1", "generation": 1,
            "count": events.as_array().unwrap().len(), "first_ts": ts, "last_ts": ts,
            "events": {"size": text.len(), "media_type": "application/json", "text": text}})
    };
    let state = json!({ "plan": plan }).to_string();
    recording.add(vec![
        event(0.0, 1, "run.start", None, recording.start()),
        step(2, "step.start", "s1", title(1, "Open the shop")),
        step(3, "dom.snapshot", "s1", dom(&page, 3)),
        step(4, "step.end", "s1", json!({"status": "passed", "duration_ms": 2})),
        step(5, "step.start", "s2", title(2, "Upgrade")),
        step(6, "network.response", "s2", json!({"request_id": "r1", "method": "POST", "url": format!("http://127.0.0.1:{port}/api/webhook"),
            "status": if passed { 200 } else { 404 }, "status_text": "", "headers": [], "duration_ms": 1})),
        step(7, "dom.mutation", "s2", dom(&change, 7)),
        step(8, "clone.state", "s2", json!({"clone": "stripe", "run": "r", "epoch": 0, "rev": 1, "clock_ms": 1, "digest": plan,
            "state": {"size": state.len(), "media_type": "application/json", "text": state}})),
        step(9, "console.log", "s2", json!({"level": "log", "text": format!("the plan is {plan}")})),
        step(10, "step.end", "s2", json!({"status": status, "duration_ms": 5})),
        event(11.0, 11, "run.end", None, json!({"status": status, "duration_ms": 11, "counts": {}})),
    ]);
    recording
}

#[tokio::test]
async fn two_traces_are_laid_side_by_side_dimension_by_dimension() {
    let server = TestApp::start().await;
    let (caller, rival) = (server.caller("acme").await, server.caller("rival").await);
    let (one, two, again) = (shop(1, "Free", 4000), shop(2, "Pro", 5000), shop(3, "Free", 6000));
    for (recording, status) in [(&one, "failed"), (&two, "passed"), (&again, "failed")] {
        caller.ship(recording, status).await;
        caller.wait_for_archive(&recording.id).await;
    }
    let path = |a: &str, b: &str| format!("/v1/traces/{a}/diff/{b}");
    let all = caller.get_json(&path(&one.id, &two.id)).await;
    assert_eq!((&all["a"]["status"], &all["b"]["status"]), (&json!("failed"), &json!("passed")));
    assert!(all["differs"] == json!(true) && all.get("dom").is_none(), "{all:#}");
    for (dimension, at, expect) in [
        ("steps", "/steps/1/b/status", json!("passed")),
        ("network", "/network/rows/0/b/status", json!(200)),
        ("console", "/console/0/level", json!("log")),
        ("clones", "/clones/0/clone", json!("stripe")),
        ("dom", "/dom/1/changes", json!(["-    Free", "+    Pro"])),
        ("dom", "/dom/0/changes", json!([])),
    ] {
        let told =
            caller.get_json(&format!("{}?dimension={dimension}", path(&one.id, &two.id))).await;
        assert_eq!(told.pointer(at), Some(&expect), "{dimension}: {told:#}");
        assert_eq!(
            (&told["differs"], told.as_object().unwrap().len()),
            (&json!(true), 5),
            "{told:#}"
        );
        let told =
            caller.get_json(&format!("{}?dimension={dimension}", path(&one.id, &again.id))).await;
        assert_eq!(told["differs"], json!(false), "{dimension}: {told:#}");
    }
    let first = caller.get_json(&format!("{}?dimension=dom&step=1", path(&one.id, &two.id))).await;
    assert_eq!((first["dom"].as_array().unwrap().len(), &first["differs"]), (1, &json!(false)));
    let smell = caller.get(&format!("{}?dimension=smell", path(&one.id, &two.id))).await;
    assert_eq!(refusal(smell).await, (422, "invalid".to_owned()));
    let clones = format!("{}?dimension=clones", path(&one.id, &two.id));
    let ruled = caller.get_json(&format!("{clones}&clone_ignore=other%3Dx%0Astripe%3D/**")).await;
    assert_eq!(ruled["differs"], json!(false), "{ruled:#}");
    let ruled = caller.get_json(&format!("{clones}&clone_project=*%3Dtype(@)")).await;
    assert_eq!(ruled["differs"], json!(false), "{ruled:#}");
    let wrong = caller.get(&format!("{clones}&clone_project=stripe%3Da%5B")).await;
    assert_eq!(refusal(wrong).await, (422, "invalid".to_owned()));
    let theirs = Recording::failed(9);
    rival.ship(&theirs, "failed").await;
    let missing = id(99);
    for (a, b) in
        [(&one.id, &missing), (&missing, &one.id), (&one.id, &theirs.id), (&theirs.id, &one.id)]
    {
        let told = caller.get(&path(a, b)).await;
        assert_eq!(refusal(told).await, (404, "not_found".to_owned()), "{a} {b}");
    }
    server.stop().await;
}
