//! `diff`.

use serde_json::{Value, json};

use crate::kit::{Upgrade, golden, molar, record};

#[test]
fn names_what_came_out_otherwise_and_exits_with_1() {
    let root = tempfile::tempdir().unwrap();
    let failed = record(root.path(), 1, Upgrade::Fails);
    let passed = record(root.path(), 2, Upgrade::Works);
    let (a, b) = (failed.short_id.to_string(), passed.short_id.to_string());
    molar(root.path(), &["diff", &a, &b]).expect(1).says(&[
        "A ✗ failed",
        "B ✓ passed",
        "Steps",
        "✗→✓  2 Upgrade",
        "Network  2 the same, 2 changed",
        "POST /api/stripe/webhook  404 → 200",
        "GET /api/plan",
        "the same shape",
        ".plan \"free\" → \"pro\"",
        "Console",
        "- error no such plan",
    ]);
    let told = molar(root.path(), &["diff", &b, &a, "--json"]).expect(1).json();
    assert_eq!(told["differs"], true);
    assert_eq!(told["steps"][1]["b"]["status"], "failed");
    assert_eq!(told["network"]["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn a_trace_does_not_differ_from_itself() {
    let root = tempfile::tempdir().unwrap();
    let golden = golden();
    let golden = golden.to_str().unwrap();
    let ran = molar(root.path(), &["diff", golden, golden]).expect(0);
    ran.says(&["no difference: "]);
}

#[test]
fn what_is_not_there_is_named() {
    let root = tempfile::tempdir().unwrap();
    let ran = molar(root.path(), &["diff", "xY9zQ2mNp", "xY9zQ2mNp"]).expect(4);
    assert!(ran.stderr.contains("no trace `xY9zQ2mNp`"), "{}", ran.stderr);
    molar(root.path(), &["diff", "xY9zQ2mNp"]).expect(2);
}

/// A trace file of one step: what the page says, what the clone holds, and the patch of the replay that it is the record of.
fn lines(id: u8, words: &str, plan: &str, patch: Option<&str>) -> String {
    let trace = format!("0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a{id:02x}");
    let body = json!({"type": 2, "id": 4, "tagName": "p", "attributes": {"data-testid": "plan"}, "childNodes": [
        {"type": 3, "id": 5, "textContent": words}]});
    let html =
        json!({"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [body]});
    let page = json!([
        {"type": 4, "timestamp": 10, "data": {"href": "http://127.0.0.1:4000/", "width": 9, "height": 9}},
        {"type": 2, "timestamp": 10, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]}, "initialOffset": {"left": 0, "top": 0}}},
    ])
    .to_string();
    let state =
        json!({"subscriptions": [{"id": "sub_1", "plan": plan, "etag": plan, "created": id}]})
            .to_string();
    let mut events = vec![
        json!({"kind": "run.start", "format": 1, "trace_id": trace, "short_id": format!("xY9zQ2mN{id}"), "wall_ms": 1_767_225_600_000_u64,
            "project": "chromium", "scenario": {"slug": "u", "title": "upgrades", "file": "u.spec.ts", "line": 1, "title_path": ["upgrades"]},
            "run": {"id": "r"}, "retry": 0, "repeat_each": 0, "worker": {"index": 0, "parallel_index": 0, "pid": 1}, "source": "manual",
            "seeds": {}, "environment": {}, "capture": {}, "recorder": {"name": "test", "version": "0"}}),
        json!({"kind": "step.start", "step_id": "s1", "title": "Upgrade", "category": "test.step", "index": 1, "path": ["Upgrade"]}),
        json!({"kind": "dom.snapshot", "step_id": "s1", "page": "p1", "frame": "p1f1", "frame_url": "http://127.0.0.1:4000/", "stream": "d",
            "generation": 1, "count": 2, "first_ts": 2, "last_ts": 2, "events": {"size": page.len(), "media_type": "application/json", "text": page}}),
        json!({"kind": "clone.state", "step_id": "s1", "clone": "stripe", "run": "r", "epoch": 1, "rev": 1, "digest": format!("{id}"),
            "state": {"size": state.len(), "media_type": "application/json", "text": state}}),
        json!({"kind": "step.end", "step_id": "s1", "status": "passed", "duration_ms": 3}),
        json!({"kind": "run.end", "status": "passed", "duration_ms": 6, "counts": {}}),
    ];
    if let Some(patch) = patch {
        let start = json!({"kind": "replay.start", "replay_id": "rp1", "parent_trace_id": trace, "from_step": 1, "strategy": "restore",
            "app_mode": "recorded", "edits": [{"name": "fix.patch", "patch": patch}]});
        events.insert(1, start);
    }
    let line = |(n, event): (usize, Value)| {
        let mut line = json!({"ts": n, "seq": n + 1});
        line.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        format!("{line}\n")
    };
    events.into_iter().enumerate().map(line).collect()
}

#[test]
fn documents_clones_and_edits_are_compared_when_they_are_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = root.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let a = write("a.ndjson", lines(1, "The plan is free", "free", None));
    let patch = "--- a/shop.ts\n+++ b/shop.ts\n@@ -1 +1 @@\n-free\n+pro\n";
    let b = write("b.ndjson", lines(2, "The plan is pro", "pro", Some(patch)));
    let run = |more: &[&str], code: i32| {
        molar(root.path(), &[&["diff", &a, &b], more].concat()).expect(code)
    };
    run(&["--dimension", "dom"], 1).says(&[
        "Documents",
        "1 Upgrade",
        "lines -1 +1",
        "p[data-testid=plan]",
        "«The plan is free» → «The plan is pro»",
    ]);
    let dom = run(&["--dimension", "dom", "--json"], 1).json();
    assert_eq!(dom["dom"][0]["places"][0]["op"], "changed", "{dom}");
    let likeness = dom["dom"][0]["likeness"].as_f64().unwrap();
    assert!(likeness > 0.5 && likeness < 1.0, "{likeness}");
    assert_eq!((&dom["dimension"], &dom["steps"]), (&"dom".into(), &Value::Null));
    run(&["--dimension", "patch"], 1).says(&["Edits", "B fix.patch", "-free", "+pro"]);
    run(&["--dimension", "steps"], 0).says(&["Upgrade"]);
    let clones = run(&["--dimension", "clones", "--json"], 1).json();
    let pointers = |told: &Value| -> Vec<String> {
        let changes = told["clones"].as_array().unwrap().iter();
        let changes = changes.flat_map(|row| row["changes"].as_array().unwrap());
        changes.map(|change| change["pointer"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(pointers(&clones), ["/subscriptions/0/etag", "/subscriptions/0/plan"]);
    let ruled = [
        "--dimension",
        "clones",
        "--json",
        "--clone-project",
        "stripe=subscriptions[*].{p: plan, e: etag}",
        "--clone-ignore",
        "stripe=[*].e",
    ];
    assert_eq!(pointers(&run(&ruled, 1).json()), ["/0/p"]);
    let none = ["--dimension", "clones", "--clone-project", "*=length(subscriptions)"];
    run(&none, 0).says(&["no difference"]);
    let wrong = run(&["--clone-project", "stripe=subscriptions["], 2);
    assert!(
        wrong.stderr.contains("`subscriptions[` is no JMESPath expression: at character"),
        "{}",
        wrong.stderr
    );
    let wrong = run(&["--dimension", "colour"], 2);
    assert!(
        wrong.stderr.contains("there is no dimension `colour`; there are steps, network"),
        "{}",
        wrong.stderr
    );
}
