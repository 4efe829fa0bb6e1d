//! Whole diffs: of traces that are told in a few words, and what holds for all of them.

use proptest::prelude::*;

use super::*;
use crate::ndjson;

/// A trace in short: `open✓` and `open✗` are steps, `GET /x 200 {"a":1}` an exchange, `!text` a console error.
fn events(words: &[String]) -> Vec<Event> {
    let mut lines = String::new();
    let mut seq = 0;
    let mut say = |kind: &str, step: &str, fields: String| {
        seq += 1;
        let step = if step.is_empty() { String::new() } else { format!(r#","step_id":"{step}""#) };
        lines += &format!(r#"{{"ts":{seq},"seq":{seq},"kind":"{kind}"{step}{fields}}}"#);
        lines.push('\n');
    };
    for (n, word) in words.iter().enumerate() {
        let parts: Vec<&str> = word.splitn(4, ' ').collect();
        if let Some(text) = word.strip_prefix('!') {
            say("console.error", "", format!(r#","level":"error","text":"{text}""#));
        } else if let [method, path, status, body] = parts[..] {
            let head = format!(
                r#","request_id":"r{n}","method":"{method}","url":"http://127.0.0.1:{n}{path}""#
            );
            say("network.request", "", head.clone());
            let body = serde_json::json!({"size": body.len(), "media_type": "application/json", "text": body});
            say("network.response", "", format!(r#"{head},"status":{status},"body":{body}"#));
        } else {
            let (title, status) = word.split_at(word.len() - '✓'.len_utf8());
            let status = if status == "✓" { "passed" } else { "failed" };
            let id = format!("s{}", n + 1);
            say(
                "step.start",
                &id,
                format!(r#","title":"{title}","category":"test.step","path":["{title}"]"#),
            );
            say("step.end", &id, format!(r#","status":"{status}","duration_ms":1"#));
        }
    }
    let decoded = ndjson::decode(lines.as_bytes());
    assert_eq!(decoded.events.len(), seq, "{lines}");
    decoded.events
}

fn told(diff: &TraceDiff) -> Vec<String> {
    let steps = diff.steps.iter().filter(|row| row.differs()).map(|row| {
        let status =
            |side: &Option<StepSide>| side.as_ref().map_or("-", |side| side.status.as_str());
        format!("{} {}>{}", row.title, status(&row.a), status(&row.b))
    });
    let network = diff.network.rows.iter().map(|row| {
        let status =
            |side: &Option<NetworkSide>| side.as_ref().and_then(|side| side.status).unwrap_or(0);
        let body = row.response_body.as_ref().map_or(String::new(), |body| {
            let values: Vec<_> = body
                .values
                .iter()
                .map(|value| {
                    format!(
                        "{}={}>{}",
                        value.path,
                        value.a.as_deref().unwrap_or("-"),
                        value.b.as_deref().unwrap_or("-")
                    )
                })
                .collect();
            format!(" {}{}", if body.same_shape { "" } else { "shape " }, values.join(","))
        });
        format!("{} {}>{}{body}", row.name, status(&row.a), status(&row.b))
    });
    let console =
        diff.console.iter().map(|row| format!("{} {}>{}", row.text, row.a.len(), row.b.len()));
    steps.chain(network).chain(console).collect()
}

fn compared(a: &[String], b: &[String]) -> TraceDiff {
    let (a, b) = (events(a), events(b));
    let none: &dyn Fn(&BlobId) -> Option<Vec<u8>> = &|_| None;
    diff(&Side { events: &a, blob: none }, &Side { events: &b, blob: none })
}

fn check(a: &[&str], b: &[&str], expect: &[&str]) {
    let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let diff = compared(&list(a), &list(b));
    assert_eq!(told(&diff), expect);
    assert_eq!(diff.differs(), !expect.is_empty());
}

#[test]
fn says_what_came_out_otherwise() {
    check(&["open✓", "pay✗"], &["open✓", "pay✓"], &["pay failed>passed"]);
    check(&["open✓"], &["open✓", "pay✓"], &["pay ->passed"]);
    check(
        &["POST /hook/1 404 {}", "GET /plan 200 {\"p\":\"free\",\"n\":1}"],
        &["POST /hook/2 200 {}", "GET /plan 200 {\"p\":\"pro\",\"n\":1}"],
        &["POST /hook/<n> 404>200", "GET /plan 200>200 .p=\"free\">\"pro\""],
    );
    check(
        &["GET /l 200 {\"l\":[1]}"],
        &["GET /l 200 {\"l\":[1,2],\"next\":null}"],
        &["GET /l 200>200 shape .l[1]=->2,.next=->null"],
    );
    check(&["!boom at 17000", "!boom at 18000"], &["!boom at 99999"], &["boom at <n> 2>1"]);
}

#[test]
fn order_and_spelling_are_no_difference() {
    check(
        &["GET /a 200 {\"x\":1,\"y\":2}", "GET /b 200 {}"],
        &["GET /b 200 {}", "GET /a 200 {\"y\":2, \"x\":1}"],
        &[],
    );
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        ("[a-c]", "[✓✗]").prop_map(|(title, status)| format!("{title}{status}")),
        ("(GET|POST)", "[a-c]", "(200|404)", "[12]").prop_map(
            |(method, path, status, value)| format!("{method} /{path} {status} {{\"v\":{value}}}")
        ),
        "![xy]",
    ]
}

proptest! {
    #[test]
    fn a_trace_never_differs_from_itself(words in prop::collection::vec(word(), 0..20)) {
        let diff = compared(&words, &words);
        prop_assert_eq!(told(&diff), Vec::<String>::new());
        prop_assert!(!diff.differs());
        prop_assert_eq!(diff.network.moved, 0);
    }

    #[test]
    fn swapping_the_traces_swaps_the_diff(
        a in prop::collection::vec(word(), 0..14),
        b in prop::collection::vec(word(), 0..14),
    ) {
        let sorted = |mut diff: TraceDiff| {
            diff.steps.sort_by_key(|row| (row.a.as_ref().map(|s| s.seq), row.b.as_ref().map(|s| s.seq)));
            diff.network.rows.sort_by_key(|row| (row.a.as_ref().map(|s| s.seq), row.b.as_ref().map(|s| s.seq)));
            // Names are shown as A spells them.
            diff.steps.iter_mut().for_each(|row| row.index = None);
            diff
        };
        prop_assert_eq!(sorted(compared(&a, &b)), sorted(compared(&b, &a).swapped()));
    }
}
