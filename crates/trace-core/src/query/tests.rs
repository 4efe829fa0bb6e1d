//! Questions and answers, faults and their places, and the two ways of asking that must agree.

use proptest::prelude::*;

use super::{Context, KindPattern, Query, Slice, StepIndex};
use crate::event::{Event, Kind, Payload, Seq, Timestamp};

const LINE: &str = r#"{"ts":1234.567,"seq":42,"kind":"network.response","step_id":"s7.1","method":"POST","url":"http://h/api/Checkout","status":404,"headers":[["content-type","application/json"],["set-cookie","a"],["Set-Cookie","b"],["content-length","120"]],"error":{"message":"Timed out","name":"TimeoutError"},"path":["Pay","Click \"go\""],"body":{"size":3,"text":"déjà"},"errors":[{"message":"x"},{"message":"y"}],"none":null,"ok":true,"odd key":{"a.b":1},"rate":0.5}"#;

fn steps() -> StepIndex {
    let mut steps = StepIndex::default();
    steps.add("s7", Some(7), None);
    steps.add("s7.1", None, Some("s7"));
    steps.add("s70", Some(70), None);
    steps
}

fn event_of(line: &str) -> Event {
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(line).unwrap();
    let ts = Timestamp::from_ms(fields.shift_remove("ts").unwrap().as_f64().unwrap()).unwrap();
    let seq = Seq::new(fields.shift_remove("seq").unwrap().as_u64().unwrap()).unwrap();
    let kind = Kind::from_name(fields.shift_remove("kind").unwrap().as_str().unwrap());
    let step_id = fields.shift_remove("step_id").map(|id| id.as_str().unwrap().parse().unwrap());
    Event { ts, seq, kind, step_id, payload: Payload::of(&fields).unwrap() }
}

/// The line and the event behind it answer alike.
fn check(query: &str, answer: bool) {
    let steps = steps();
    let context = Context { steps: Some(&steps) };
    let parsed = Query::parse(query).unwrap_or_else(|error| panic!("{}", error.render(query)));
    assert_eq!(parsed.matches_line(LINE.as_bytes(), &context), answer, "line: {query}");
    assert_eq!(parsed.matches(&event_of(LINE), &context), answer, "event: {query}");
}

#[test]
fn yes() {
    for query in [
        "kind=network.response AND status>=400",
        "kind = network.* and status = 404",
        "kind in (network.failed, network.response)",
        "kind!=console.log",
        "kind contains respons",
        "status in 400..499",
        "status in (401, 404)",
        "status in ..404 AND status in 404..",
        "status not in (200, 201)",
        "NOT status=200",
        "url contains checkout",
        "url ~= CHECKOUT",
        "url =~ /api\\/check/i",
        "url !~ /api\\/check/",
        "method=POST OR status=1 AND status=2",
        "(method=GET OR status=404) AND ok=true",
        "headers.content-type = application/json",
        "headers.set-cookie = b",
        "headers.Content-Length > 100",
        "headers[0][1] contains json",
        "error contains \"timed OUT\"",
        "error.name='TimeoutError'",
        "path=Pay",
        "path[1]=\"Click \\\"go\\\"\"",
        "errors[1].message=y",
        "errors.message=y",
        "body.text contains DÉJÀ",
        "exists(error.message)",
        "NOT exists(none) AND none=null",
        "\"odd key\"[\"a.b\"]=1",
        "ts in 1000..2000 AND seq in 40..42",
        "ts>1234.5 AND seq<43",
        "step=s7",
        "step_id=s7.1",
        "step=7",
        "step in 5..7",
        "step in s5..s7",
        "step in (s1, s7)",
        "NOT step=70",
        "rate<1 AND rate=0.50",
        "exists(step) AND exists(kind)",
        "method>=\"A\" AND method<=\"Z\"",
    ] {
        check(query, true);
    }
}

#[test]
fn no() {
    for query in [
        "status<400",
        "missing=1",
        "missing!=1",
        "missing !~ /x/",
        "kind=network.request",
        "path!=Pay",
        "step=s70",
        "step_id=s7",
        "step in 8..",
        "step!=s7",
        "url=\"*Checkout*\"",
        "headers.accept contains a",
        "status=\"4\"",
        "ok=\"true\"",
        "seq>42",
        "error>1",
        "none contains null",
        "exists(url.x)",
        "errors[9].message=x",
    ] {
        check(query, false);
    }
}

#[test]
fn faults_have_places_and_advice() {
    for (query, position, message) in [
        ("", 0, "the query is empty"),
        ("status", 6, "expected an operator such as `=`, `>=` or `contains`, found the end"),
        ("status >= ", 10, "the value is missing"),
        ("status == 200", 7, "unknown operator `==`; write `=`"),
        ("a=1 && b=2", 4, "unknown operator `&&`; write `AND`"),
        ("a=1 b=2", 4, "expected AND, OR or the end of the query, found `b`"),
        ("(a=1", 0, "unbalanced parenthesis"),
        ("a=1)", 3, "unbalanced parenthesis"),
        ("(a=1 b=2)", 5, "expected AND, OR or `)`, found `b`"),
        ("a=\"x", 2, "the quoted text never ends"),
        ("a=\"\\q\"", 3, "unknown escape `\\q`"),
        ("url =~ /(/", 7, "bad regular expression: unclosed group"),
        ("url =~ /x/q", 7, "bad regular expression: unknown flag `q`"),
        ("url =~ abc", 7, "expected a regular expression such as `/timeout/i`, found `abc`"),
        ("status > high", 9, "`high` is not a number"),
        ("seq = first", 6, "`first` is not a number"),
        ("seq contains 1", 4, "`seq` cannot be asked with `contains`"),
        ("status in 5", 10, "`5` is not a range"),
        ("status in 9..1", 10, "`9..1` is not a range"),
        ("status in (1, ", 14, "the value is missing"),
        ("status in (1", 10, "unbalanced parenthesis"),
        ("status in ()", 11, "the value is missing"),
        ("seq.x = 1", 0, "there is no field `seq.x`"),
        ("a..b=1", 2, "the path has an empty part"),
        ("kind > a", 5, "`kind` cannot be asked with `>`"),
        ("exists error", 7, "expected `(` after exists, found `error`"),
        ("a=1 AND", 7, "expected a condition such as `status>=400`, found the end"),
        ("url =~ /a{1000}{1000}{9}/", 7, "bad regular expression"),
    ] {
        let error = Query::parse(query).unwrap_err();
        let rendered = error.render(query);
        assert!(error.problem.to_string().contains(message), "{query}: {}", error.problem);
        assert_eq!(error.position, position, "{query}\n{rendered}");
    }
    let deep = format!("{}a=1{}", "(".repeat(100), ")".repeat(100));
    assert!(Query::parse(&deep).unwrap_err().to_string().contains("64 levels"));
    assert!(Query::parse(&"a".repeat(20_000)).unwrap_err().to_string().contains("16384"));
}

#[test]
fn the_caret_stands_under_the_fault() {
    let query = "kind=a AND\nwört == 1";
    let rendered = Query::parse(query).unwrap_err().render(query);
    assert_eq!(rendered, "wört == 1\n     ^^ unknown operator `==`; write `=`");
}

#[test]
fn misspellings_are_told_and_own_fields_are_not() {
    for (query, code, suggestion) in [
        ("stauts=1", "unknown_field", Some("status")),
        ("kind=network.reponse", "unknown_kind", Some("network.response")),
        ("kind=hologram.*", "unknown_kind", None),
        ("url=\"*checkout*\"", "literal_wildcard", Some("contains \"checkout\"")),
    ] {
        let query = Query::parse(query).unwrap();
        let found = &query.diagnostics()[0];
        assert_eq!((found.code, found.suggestion.as_deref()), (code, suggestion));
    }
    for query in ["cart_total>1", "kind=network.*", "data.anything=1"] {
        assert!(Query::parse(query).unwrap().diagnostics().is_empty(), "{query}");
    }
}

#[test]
fn hints_bound_the_answers() {
    let kinds = |query: &str| {
        let query = Query::parse(query).unwrap();
        query
            .required_kinds()
            .map(|kinds| kinds.iter().map(|k| k.as_str().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(kinds("kind=a AND status=1"), Some(vec!["a".into()]));
    assert_eq!(kinds("kind=a OR kind in (b, c)"), Some(vec!["a".into(), "b".into(), "c".into()]));
    assert_eq!(kinds("kind=a OR status=1"), None);
    assert_eq!(kinds("NOT kind=a"), None);
    assert_eq!(
        kinds("kind=network.* AND kind in (network.ws, x)"),
        Some(vec!["network.ws".into()])
    );
    assert_eq!(kinds("kind=a AND kind=b"), Some(vec![]));
    let query = Query::parse("seq in 10..20 AND seq>12 OR seq=30").unwrap();
    assert_eq!(query.required_seq(), Some(12..=30));
    let query = Query::parse("ts in 1.5..2 AND x=1").unwrap();
    assert_eq!(query.required_ts(), Some(Timestamp::from_us(1500)..=Timestamp::from_us(2000)));
    assert_eq!(Query::parse("seq>5 AND seq<2").unwrap().required_seq(), None);
    let ids = Query::parse("step in 7..8").unwrap().required_steps(&steps()).unwrap();
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["s7", "s7.1"]);
}

#[test]
fn slices_are_queries() {
    let (steps, line) = (steps(), LINE.as_bytes());
    let context = Context { steps: Some(&steps) };
    let yes = [
        Slice::default(),
        Slice::default().kinds("console.*, network.response").step("7").seq(Some(42), None),
        Slice::default().step("s7").ts(Some(1000.0), Some(1300.0)).limit(3),
    ];
    assert!(yes.iter().all(|slice| slice.query().matches_line(line, &context)));
    let no = [
        Slice::default().kinds("console.*"),
        Slice::default().seq(None, Some(41)),
        Slice::default().step("8"),
    ];
    assert!(!no.iter().any(|slice| slice.query().matches_line(line, &context)));
    let both = Slice::default().kinds("network.*").query().and(Query::parse("status=404").unwrap());
    assert!(both.matches_line(line, &context));
    assert_eq!(both.required_kinds(), Some(&[KindPattern::new("network.*")][..]));
}

#[test]
fn step_index_survives_cycles() {
    let mut steps = StepIndex::default();
    steps.add("a", None, Some("b"));
    steps.add("b", None, Some("a"));
    assert_eq!(steps.number("a"), None);
    assert!(steps.is_within("a", "b"));
    steps.observe_line(
        br#"{"ts":1,"seq":2,"kind":"step.start","step_id":"c","index":3,"parent_id":"a"}"#,
    );
    assert_eq!(steps.number("c"), Some(3));
}

proptest! {
    #[test]
    fn any_text_parses_or_says_where(text in "[a-z\"'()=<>!~/.,* \\\\0-9ä\\[\\]|&]{0,40}|.{0,20}|(status|kind|step|seq) ?(in|=|>=|=~|contains) ?[^ ]{0,8}") {
        match Query::parse(&text) {
            Ok(query) => {
                query.matches_line(LINE.as_bytes(), &Context::default());
            }
            Err(error) => {
                prop_assert!(error.position <= text.len());
                error.render(&text);
            }
        }
    }

    #[test]
    fn any_bytes_can_be_asked(bytes: Vec<u8>, cut in 0..LINE.len()) {
        let query = Query::parse("a.b[0]=1 OR headers.x contains y OR NOT status>1").unwrap();
        query.matches_line(&bytes, &Context::default());
        query.matches_line(&LINE.as_bytes()[..cut], &Context::default());
        StepIndex::default().observe_line(&bytes);
    }
}
