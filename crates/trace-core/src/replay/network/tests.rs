//! Whole lookups: a recording in a few words, the requests of a replay, and what answers them.

use proptest::prelude::*;

use super::*;
use crate::event::Event;
use crate::ndjson;
use crate::replay::beside::EventsOnly;

const WALL_MS: f64 = 1_800_000_000_000.0;

/// A recording in short: `GET /x?a=1 {"body":1} > 200 text`; everything from the word `|` on belongs to step N.
fn record(words: &[&str]) -> (Vec<Event>, u64) {
    let (mut lines, mut seq, mut boundary) = (String::new(), 0, u64::MAX);
    for word in words {
        if *word == "|" {
            boundary = seq + 1;
            continue;
        }
        let (asked, answer) = word.split_once(" > ").unwrap();
        let parts: Vec<&str> = asked.splitn(3, ' ').collect();
        let head = serde_json::json!({"request_id": format!("r{seq}"), "method": parts[0], "url": format!("http://app{}", parts[1])});
        let mut request = head.clone();
        request["resource_type"] = "xhr".into();
        request["headers"] = headers(parts.get(2).copied().unwrap_or_default())
            .into_iter()
            .collect::<Vec<_>>()
            .into();
        if let Some(body) = parts.get(2).filter(|body| body.starts_with(['{', '['])) {
            request["body"] = serde_json::json!({"size": body.len(), "media_type": "application/json", "text": body});
        }
        let mut end = head;
        let kind = if let Some(error) = answer.strip_prefix('!') {
            end["error"] = error.into();
            end["duration_ms"] = 1.into();
            "network.failed"
        } else {
            let (status, text) = answer.split_once(' ').unwrap_or((answer, ""));
            end["status"] = status.parse::<u16>().unwrap().into();
            end["status_text"] = "".into();
            end["headers"] = serde_json::json!([]);
            end["duration_ms"] = 1.into();
            end["body"] =
                serde_json::json!({"size": text.len(), "media_type": "text/plain", "text": text});
            "network.response"
        };
        for (kind, payload) in [("network.request", request), (kind, end)] {
            seq += 1;
            let fields = payload.to_string();
            lines +=
                &format!("{{\"ts\":{seq},\"seq\":{seq},\"kind\":\"{kind}\",{}\n", &fields[1..]);
        }
    }
    let decoded = ndjson::decode(lines.as_bytes());
    assert_eq!(decoded.events.len() as u64, seq, "{lines}");
    (decoded.events, boundary)
}

fn headers(rest: &str) -> Vec<Vec<String>> {
    let pair = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
    match rest {
        "" => Vec::new(),
        json if json.starts_with(['{', '[']) => vec![pair("content-type", "application/json")],
        rest => match rest.strip_prefix("accept:") {
            Some(accept) => vec![pair("accept", accept)],
            None => vec![pair("range", rest)],
        },
    }
}

fn matcher(words: &[&str]) -> Matcher {
    let (events, boundary) = record(words);
    let volatile = Volatile::new(Rules::default(), WALL_MS);
    let entries = entries(&events, &EventsOnly, Client::Browser);
    // The times of this recording are its numbers.
    let mut matcher = Matcher::new(entries, boundary as f64, volatile);
    matcher.map_origin("http://127.0.0.1:4100", "http://app");
    matcher
}

/// What answers `GET /x {"body":1}`: tier, use and text; or the miss with what came nearest.
fn ask(matcher: &mut Matcher, asked: &str, phase: Phase) -> String {
    let parts: Vec<&str> = asked.splitn(3, ' ').collect();
    let rest = parts.get(2).copied().unwrap_or_default();
    let headers: Vec<(String, String)> =
        headers(rest).into_iter().map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    let body = if rest.starts_with(['{', '[']) { rest.as_bytes() } else { b"" };
    let url = format!("http://127.0.0.1:4100{}", parts[1]);
    let asked = Asked { method: parts[0], url: &url, headers: &headers, body, at_ms: 0.0 };
    match matcher.find(&asked, phase) {
        Found::Miss(Miss { near }) => {
            let near: Vec<_> = near.iter().map(|near| near.seq.to_string()).collect();
            format!("miss {}", near.join(","))
        }
        Found::Hit(hit) => {
            let text = match &matcher.entries()[hit.entry].answer {
                Answer::Response(response) => {
                    let body = response.body.as_ref().and_then(crate::event::Content::inline_bytes);
                    String::from_utf8(body.unwrap_or_default()).unwrap()
                }
                Answer::Failed(error) => format!("!{error}"),
                Answer::Open => "open".to_owned(),
            };
            let slice = hit.slice.map(|slice| format!(" {slice:?}")).unwrap_or_default();
            format!("{:?} {:?} {text}{slice}", hit.tier, hit.used)
        }
    }
}

fn check(words: &[&str], lookups: &[(&str, &str)]) {
    let mut matcher = matcher(words);
    for (asked, expect) in lookups {
        let (phase, asked) = match asked.strip_prefix("restoring: ") {
            Some(asked) => (Phase::Restoring, asked),
            None => (Phase::Live, *asked),
        };
        assert_eq!(ask(&mut matcher, asked, phase), *expect, "{asked}");
    }
}

#[test]
fn repeats_come_in_order_and_the_last_stays() {
    check(
        &["|", "GET /n > 200 1", "GET /n > 200 2", "GET /n > 200 3"],
        &[
            ("GET /n", "Exact Next 1"),
            ("GET /n", "Exact Next 2"),
            ("GET /n", "Exact Next 3"),
            ("GET /n", "Exact Overrun 3"),
        ],
    );
}

#[test]
fn what_changes_the_server_is_never_answered_twice() {
    check(
        &[r#"POST /buy {"n":1} > 200 before"#, "|", r#"POST /buy {"n":1} > 200 bought"#],
        &[(r#"POST /buy {"n":1}"#, "Exact Next bought"), (r#"POST /buy {"n":1}"#, "miss 3,1")],
    );
}

#[test]
fn bodies_are_told_apart() {
    check(
        &["|", r#"PUT /x {"a":1} > 200 one"#, r#"PUT /x {"a":2} > 200 two"#],
        &[(r#"PUT /x {"a":2}"#, "Exact Next two"), (r#"PUT /x { "a" : 1 }"#, "Exact Next one")],
    );
}

#[test]
fn what_a_browser_accepts_by_itself_says_nothing_and_what_code_accepts_does() {
    let by_itself = "GET /cart accept:text/html,application/xhtml+xml,image/avif,*/*;q=0.8";
    let by_code = "GET /cart accept:application/json,*/*";
    let words = ["|", &format!("{by_itself} > 200 page"), &format!("{by_code} > 200 data")];
    let data = (by_code, "Exact Next data");
    check(&words, &[data, ("GET /cart", "Exact Next page")]);
    check(&words, &[(by_itself, "Exact Next page"), data]);
    check(&words, &[("GET /cart accept:image/avif,*/*;q=0.8", "Exact Next page"), data]);
}

#[test]
fn restoring_sees_the_past_and_uses_nothing_up() {
    check(
        &["GET /cart > 200 empty", "GET /cart > 200 one", "|", "GET /cart > 200 two"],
        &[
            ("restoring: GET /cart", "Exact AsOf one"),
            ("restoring: GET /cart", "Exact AsOf one"),
            ("GET /cart", "Exact Next two"),
            ("GET /cart", "Exact Overrun two"),
        ],
    );
    check(
        &["|", "GET /late > 200 x"],
        &[("restoring: GET /late", "Exact Overrun x"), ("GET /late", "Exact Next x")],
    );
}

/// Two items asked for in turn teach that their ids change; each still has its own answer, and none is given another's.
#[test]
fn an_answer_of_this_very_request_goes_before_anothers() {
    check(
        &["|", "GET /item?id=1 > 200 a", "GET /item?id=2 > 200 b"],
        &[
            ("GET /item?id=1", "Exact Next a"),
            ("GET /item?id=1", "Exact Overrun a"),
            ("GET /item?id=2", "Exact Next b"),
        ],
    );
    check(
        &[
            "|",
            r#"PUT /item {"id":1,"x":"same"} > 200 a"#,
            r#"PUT /item {"id":2,"x":"same"} > 200 b"#,
        ],
        &[
            (r#"PUT /item {"id":1,"x":"same"}"#, "Exact Next a"),
            (r#"PUT /item {"id":1,"x":"same"}"#, "miss 1,3"),
        ],
    );
}

#[test]
fn what_changes_from_run_to_run_does_not_count() {
    check(
        &["|", "GET /x?ts=1&a=1 > 200 one", "GET /x?ts=2&a=1 > 200 two"],
        &[
            ("GET /x?a=1&ts=2", "Exact Next two"),
            ("GET /x?a=1&ts=9", "Normalised Next one"),
            ("GET /x?a=2&ts=9", "miss 1,3"),
        ],
    );
    check(
        &["|", "GET /x?1800000000200 > 200 one", "GET /x?wsdl > 200 two"],
        &[
            ("GET /x?1800000000900", "Normalised Next one"),
            ("GET /x?wsdl", "Exact Next two"),
            ("GET /x?wadl", "miss 3,1"),
        ],
    );
    check(
        &["|", r#"POST /e {"id":"550e8400-e29b-41d4-a716-446655440000","k":"a"} > 200 a"#],
        &[(
            r#"POST /e {"id":"650e8400-e29b-41d4-a716-446655440001","k":"a"}"#,
            "Normalised Next a",
        )],
    );
}

#[test]
fn tokens_that_differed_between_repeats_are_learnt() {
    check(
        &[
            "GET /x?k=aaaa1111bbbb2222&p=1 > 200 a",
            "GET /x?k=cccc3333dddd4444&p=1 > 200 b",
            "|",
            "GET /x?k=eeee5555ffff6666&p=1 > 200 c",
        ],
        &[("GET /x?k=0123456789abcdef&p=1", "Normalised Next c")],
    );
}

#[test]
fn the_likest_answers_only_by_a_clear_margin() {
    let big = |name: &str| format!(r#"{{"name":"{name}","a":1,"b":2,"c":3,"d":4,"e":5,"f":6}}"#);
    let recorded = format!("POST /save {} > 200 saved", big("Ada"));
    let asked = format!("POST /save {}", big("Bob"));
    check(&["|", &recorded], &[(&asked, "Scored Next saved")]);
    let other = format!("POST /save {} > 200 other", big("Cy"));
    check(&["|", &recorded, &other], &[(&asked, "miss 1,3")]);
    check(
        &["|", "GET /orders/17 > 200 x"],
        &[("GET /orders/18", "miss 1"), ("GET /nothing", "miss 1")],
    );
}

#[test]
fn parts_are_cut_out_of_what_was_recorded_whole() {
    check(
        &["|", "GET /film > 200 abcdef"],
        &[
            ("GET /film bytes=1-3", "Exact Next abcdef (1, Some(3))"),
            ("GET /film bytes=-3", "miss 1"),
        ],
    );
    check(&["|", "GET /film bytes=0-1 > 206 ab"], &[("GET /film bytes=0-1", "Exact Next ab")]);
}

#[test]
fn an_unchanged_answer_is_given_whole() {
    check(&["GET /s > 200 whole", "|", "GET /s > 304"], &[("GET /s", "Exact Next whole")]);
}

#[test]
fn failures_fail_again() {
    check(&["|", "GET /x > !net::ERR_FAILED"], &[("GET /x", "Exact Next !net::ERR_FAILED")]);
}

#[test]
fn a_miss_says_what_differs() {
    let mut matcher = matcher(&["|", "GET /orders/17?full=1 > 200 x"]);
    let asked =
        Asked { method: "GET", url: "http://app/orders/18", headers: &[], body: b"", at_ms: 0.0 };
    let Found::Miss(Miss { near }) = matcher.find(&asked, Phase::Live) else { panic!("answered") };
    let told: Vec<_> = near[0]
        .deltas
        .iter()
        .map(|d| (d.name.as_str(), d.recorded.as_deref(), d.asked.as_deref()))
        .collect();
    assert_eq!(told, [("1", Some("17"), Some("18")), ("full", Some("1"), None)]);
}

fn path() -> impl Strategy<Value = String> {
    ("[a-c]", "[12]").prop_map(|(path, value)| format!("/{path}?v={value}"))
}

proptest! {
    /// However the future is shuffled, the same request is found by its exact key and never by likeness.
    #[test]
    fn exact_is_never_beaten(paths in prop::collection::vec(path(), 1..20), order in any::<prop::sample::Index>()) {
        let words: Vec<String> = paths.iter().enumerate().map(|(n, path)| format!("GET {path} > 200 {n}")).collect();
        let mut all = vec!["|"];
        all.extend(words.iter().map(String::as_str));
        let mut matcher = matcher(&all);
        let asked = order.get(&paths);
        let first = paths.iter().position(|path| path == asked).unwrap();
        prop_assert_eq!(ask(&mut matcher, &format!("GET {asked}"), Phase::Live), format!("Exact Next {first}"));
    }

    /// Asked for in the recorded order, every answer is the recorded one and none is left.
    #[test]
    fn the_same_run_gets_the_same_answers(paths in prop::collection::vec(path(), 0..20)) {
        let words: Vec<String> = paths.iter().enumerate().map(|(n, path)| format!("GET {path} > 200 {n}")).collect();
        let mut all = vec!["|"];
        all.extend(words.iter().map(String::as_str));
        let mut matcher = matcher(&all);
        for (n, path) in paths.iter().enumerate() {
            prop_assert_eq!(ask(&mut matcher, &format!("GET {path}"), Phase::Live), format!("Exact Next {n}"));
        }
        prop_assert_eq!(matcher.unused().count(), 0);
    }
}
