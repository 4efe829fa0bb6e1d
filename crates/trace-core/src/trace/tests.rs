//! The same story through every view of this room.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::story::{Run, Story, upgrade};
use super::timeline::Severity;
use super::{
    FailureSignature, Ribbon, StepStatus, StepTree, Summary, SummaryBuilder, Timeline, search_text,
};

fn summary(story: &Story) -> Summary {
    let mut builder = SummaryBuilder::default();
    story.events.iter().for_each(|event| builder.push(event));
    builder.finish()
}

fn slug(story: &Story) -> String {
    FailureSignature::of(&story.events).unwrap().slug
}

#[test]
fn the_summary_points_at_step_seven_the_assertion_and_the_webhook() {
    let story = upgrade(&Run::default());
    let summary = summary(&story);
    assert_eq!((summary.status.as_str(), summary.duration_ms), ("failed", 5110.0));
    assert_eq!(
        summary.failed_step.as_ref().map(|step| (step.index, step.id.as_str())),
        Some((Some(7), "s7"))
    );
    assert_eq!(
        summary.failing_assertion.as_ref().map(|a| (a.seq.get(), a.name.as_str())),
        Some((11, "toHaveURL"))
    );
    assert_eq!(
        summary.network_error.as_ref().map(|error| (error.seq.get(), error.status)),
        Some((9, Some(404)))
    );
    assert_eq!(summary.signature.as_ref().map(|s| s.slug.as_str()), Some("webhook-404"));
    assert_eq!((summary.network_errors, summary.total_lines, summary.last_seq), (3, 13, 13));
    assert_eq!((summary.steps.total, summary.steps.passed, summary.steps.failed), (2, 1, 1));
    let text = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
}

#[test]
fn bytes_are_counted_and_hashed() {
    let mut builder = SummaryBuilder::default();
    builder.push_bytes(b"a\n");
    builder.push_bytes(b"b\n");
    let summary = builder.finish();
    assert_eq!(summary.raw_bytes, 4);
    assert_eq!(summary.sha256.unwrap()[..8], crate::blob::BlobId::of(b"a\nb\n").hex()[..8]);
}

#[test]
fn a_killed_worker_leaves_an_aborted_trace() {
    let mut story = upgrade(&Run::default());
    story.events.truncate(8);
    let summary = summary(&story);
    assert_eq!((summary.status.as_str(), summary.duration_ms), ("aborted", 70.0));
    assert_eq!(summary.failed_step.map(|step| step.id), Some("s7".to_owned()));
    assert_eq!(summary.signature, None);
}

#[test]
fn a_passed_trace_has_no_failure_even_with_errors_in_it() {
    let story = Story::default()
        .add(
            1.0,
            "network.response",
            "",
            &json!({"method": "GET", "url": "http://h/x", "status": 500}),
        )
        .add(2.0, "run.end", "", &json!({"status": "passed", "duration_ms": 2}));
    let summary = summary(&story);
    assert_eq!((summary.signature, summary.network_error, summary.network_errors), (None, None, 1));
}

#[test]
fn steps_pair_up_and_survive_missing_halves() {
    let story = Story::default()
        .add(1.0, "step.start", "a", &json!({"title": "A", "category": "test.step", "path": ["A"]}))
        .add(
            2.0,
            "step.start",
            "b",
            &json!({"title": "B", "category": "test.step", "parent_id": "a", "path": ["A", "B"]}),
        )
        .add(3.0, "console.error", "b", &json!({"level": "error", "text": "x"}))
        .add(
            4.0,
            "step.end",
            "b",
            &json!({"status": "failed", "duration_ms": 2, "error": {"message": "no"}}),
        )
        .add(9.0, "step.end", "lost", &json!({"status": "passed", "duration_ms": 4}))
        .add(
            10.0,
            "step.start",
            "loop",
            &json!({"title": "L", "category": "hook", "parent_id": "loop"}),
        )
        .add(11.0, "step.start", "c", &json!({"title": "C", "category": "test.step"}));
    let tree = StepTree::build(&story.events);
    let [a, b, lost, looped, c] = &tree.steps[..] else { panic!("{tree:?}") };
    assert_eq!((a.index, b.index, c.index, looped.index), (Some(1), None, Some(2), None));
    assert_eq!(
        (a.status, b.status, lost.status),
        (StepStatus::Unfinished, StepStatus::Failed, StepStatus::Passed)
    );
    assert_eq!((a.first_seq.get(), a.last_seq.get(), b.events, b.problems), (1, 4, 3, 1));
    assert_eq!((lost.start_ms, lost.end_ms), (5.0, Some(9.0)));
    assert_eq!(looped.parent, None);
    assert_eq!(tree.roots.len(), 4);
    let failed = tree.failed_step().unwrap();
    assert_eq!((failed.id.as_str(), tree.deepest_failure(failed).id.as_str()), ("a", "b"));
    assert_eq!(tree.numbered(2).map(|step| step.title.as_str()), Some("C"));
}

#[test]
fn the_timeline_has_five_rows_and_a_diamond() {
    let mut story = upgrade(&Run::default());
    story = story
        .add(
            5120.0,
            "network.request",
            "",
            &json!({"request_id": "r9", "method": "GET", "url": "http://h/slow"}),
        )
        .add(5121.0, "screenshot", "", &json!({"page": "p1", "reason": "failure"}))
        .add(5122.0, "agent.thought", "", &json!({"agent": "a", "text": "why?"}))
        .add(
            5123.0,
            "dom.mutation",
            "",
            &json!({"count": 3, "first_ts": 5000.0, "last_ts": 5130.0}),
        )
        .add(5124.0, "console.log", "", &json!({"level": "warn", "text": "line\nbreak"}));
    let timeline = Timeline::build(&story.events);
    let rows: Vec<usize> = timeline.rows.iter().map(|row| row.marks.len()).collect();
    assert_eq!(rows, [1, 1, 5, 1, 1]);
    assert_eq!(
        timeline.failure.as_ref().map(|diamond| (diamond.seq.get(), diamond.ts)),
        Some((11, 5090.0))
    );
    assert!((timeline.duration_ms - 5130.0).abs() < f64::EPSILON);
    let network = timeline.row(Ribbon::Network);
    assert_eq!(
        (network[1].ts, network[1].end_ts, network[1].severity),
        (60.0, Some(70.0), Severity::Info)
    );
    assert!(network[4].label.contains("no answer"), "{network:?}");
    assert_eq!(timeline.row(Ribbon::Console)[0].label, "line break");
    assert_eq!(timeline.steps.len(), 2);
    assert_eq!(serde_json::to_value(&timeline).unwrap()["rows"][0]["ribbon"], "VIDEO");
}

#[test]
fn search_finds_titles_errors_and_failing_urls_only() {
    let text = format!(" {} ", search_text(&upgrade(&Run::default()).events));
    for word in ["upgrade", "pro", "tohaveurl", "webhook", "404", "upgraded", "chromium"] {
        assert!(text.contains(&format!(" {word} ")), "{word} in {text}");
    }
    assert!(!text.contains(" checkout "), "{text}");
}

/// A failed step with these events in it.
fn failing(events: &[(&str, Value)]) -> Story {
    let mut story = Story::default().add(
        1.0,
        "step.start",
        "s1",
        &json!({"title": "Pay", "category": "test.step"}),
    );
    for (at, (kind, payload)) in events.iter().enumerate() {
        story = story.add(2.0 + at as f64, kind, "s1", payload);
    }
    story
        .add(90.0, "step.end", "s1", &json!({"status": "failed", "duration_ms": 89, "error": {"message": "Error: it broke"}}))
        .add(91.0, "run.end", "", &json!({"status": "failed", "duration_ms": 91}))
}

#[test]
fn slugs_are_readable() {
    let url_assertion = (
        "assertion",
        json!({"name": "toHaveURL", "pass": false, "error": {"message": "Timed out 5000ms"}}),
    );
    let count = (
        "assertion",
        json!({"name": "toBe", "pass": false, "error": {"message": "expected 3, got 4"}}),
    );
    let soft = ("assertion", json!({"name": "toBeVisible", "pass": false, "soft": true}));
    let page_error = (
        "console.error",
        json!({"level": "pageerror", "text": "Uncaught TypeError: x is not a function"}),
    );
    let server = (
        "network.response",
        json!({"method": "POST", "url": "http://h/api/orders/17", "status": 500, "resource_type": "fetch"}),
    );
    let refused = (
        "network.failed",
        json!({"method": "GET", "url": "http://h/api/cart", "error": "net::ERR_CONNECTION_REFUSED", "resource_type": "xhr"}),
    );
    let picture = (
        "network.response",
        json!({"method": "GET", "url": "http://h/a.png", "status": 404, "resource_type": "image"}),
    );
    let click = (
        "action",
        json!({"api": "locator.click", "error": {"message": "Timeout 30000ms exceeded."}}),
    );
    let state = json!({"webhook_deliveries": [{"id": "we_1", "url": "http://h:1/api/stripe/webhook", "response_status": 404}]}).to_string();
    let clone = (
        "clone.state",
        json!({"clone": "stripe", "state": {"size": state.len(), "media_type": "application/json", "text": state}}),
    );
    let asked = |method: &str| {
        (
            "network.request",
            json!({"method": method, "url": "http://h/api/upgrade", "resource_type": "fetch"}),
        )
    };
    for (events, slug_wanted) in [
        (vec![asked("POST"), url_assertion.clone(), clone.clone()], "webhook-404"),
        // Nothing was asked for, so the webhook answers the change of another test on the same clone.
        (vec![asked("GET"), url_assertion.clone(), clone.clone()], "tohaveurl-timeout"),
        (vec![url_assertion.clone()], "tohaveurl-timeout"),
        (vec![picture.clone(), url_assertion.clone()], "tohaveurl-timeout"),
        (vec![count.clone()], "tobe-mismatch"),
        (vec![soft.clone(), count], "tobe-mismatch"),
        (vec![soft], "tobevisible-mismatch"),
        (vec![page_error, url_assertion.clone()], "console-typeerror"),
        (vec![server, url_assertion.clone()], "orders-500"),
        (vec![refused, url_assertion.clone()], "cart-connection-refused"),
        (vec![click], "click-timeout"),
        (vec![url_assertion, clone], "webhook-404"),
        (vec![], "error-error"),
    ] {
        assert_eq!(slug(&failing(&events)), slug_wanted, "{events:?}");
    }
}

#[test]
fn another_place_is_another_hash() {
    let hash = |name: &str, locator: &str, title: &str| {
        let assertion = json!({"name": name, "pass": false, "locator": locator, "error": {"message": "Timed out"}});
        let story = Story::default()
            .add(1.0, "step.start", "s1", &json!({"title": title, "category": "test.step"}))
            .add(2.0, "assertion", "s1", &assertion)
            .add(3.0, "step.end", "s1", &json!({"status": "failed", "duration_ms": 2}));
        FailureSignature::of(&story.events).unwrap().hash
    };
    let base = hash("toBeVisible", "getByText('a')", "Pay");
    assert_eq!(base, hash("toBeVisible", "getByText('a')", "Pay"));
    for other in [
        hash("toHaveText", "getByText('a')", "Pay"),
        hash("toBeVisible", "getByText('b')", "Pay"),
        hash("toBeVisible", "getByText('a')", "Buy"),
    ] {
        assert_ne!(base, other);
    }
}

fn any_run() -> impl Strategy<Value = Run> {
    let root = prop_oneof![
        Just("/home/ci/work/shop".to_owned()),
        "[a-z]{1,8}".prop_map(|user| format!("/Users/{user}/code/shop")),
        "[A-Za-z0-9]{4,10}".prop_map(|dir| format!("/tmp/{dir}/shop")),
        "[0-9]{1,5}".prop_map(|n| format!("/builds/{n}/shop")),
    ];
    (1024_u16.., "[A-Za-z0-9]{14,20}", root, 1..999_u32, 0.0..5000.0, any::<[u8; 16]>()).prop_map(
        |(port, id, root, line, late_ms, uuid)| {
            let uuid = crate::TraceId::from_random(uuid).to_string();
            Run { port, id, root, line, late_ms, uuid }
        },
    )
}

proptest! {
    #[test]
    fn the_same_failure_has_the_same_signature_in_every_run(run in any_run()) {
        let wanted = FailureSignature::of(&upgrade(&Run::default()).events);
        prop_assert_eq!(FailureSignature::of(&upgrade(&run).events), wanted);
    }

    #[test]
    fn any_payload_can_be_summarised(kind in 0..crate::Kind::KNOWN.len(), text in ".{0,30}", n in any::<f64>()) {
        let value = json!([text, {"text": text, "message": n}]);
        let fields = ["title", "status", "error", "state", "path", "url", "request_id", "scenario", "index", "duration_ms", "pass"];
        let payload: serde_json::Map<String, Value> = fields.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
        let story = Story::default().add(1.0, crate::Kind::KNOWN[kind].as_str(), "s1", &Value::Object(payload));
        summary(&story);
        Timeline::build(&story.events);
        search_text(&story.events);
    }
}
