use proptest::prelude::*;

use super::*;
use crate::event::NetworkFailed;
use crate::ndjson;
use crate::replay::beside::EventsOnly;

/// Far enough apart that nothing is sent side by side.
const APART_MS: u64 = 100;

/// A trace in short, and the seqs of each word: `step title✓`, `GET /x 200 {"a":1}`, `~GET /x 200 {}` for one that is sent beside
/// the word before, `!text` for a console error, `~!text` for one that is told while the
/// word before is on its way, `?locator✓ "received"` with `!error` behind it, `#clone {"json":1}`, `%name 3` for storage,
/// `^GET /x 200 {}` for one beside that has its answer 20 ms sooner with each `^`, `@/icon.svg` for an icon that is not there, `=text` for a message of a socket, `<GET /x 200 text` for an answer that its page left,
/// `&word` for one that another process told, `on record` for a replay that asked nobody, `restored` for
/// one of a restored browser, `GET /x - 300` for one that did not come in the 300 ms that were left.
fn trace(words: &[String]) -> (Vec<Event>, Vec<Vec<u64>>) {
    let mut told = Told::default();
    for (n, word) in words.iter().enumerate() {
        told.seqs.push(Vec::new());
        told.word(n, word);
        told.is_foreign = false;
    }
    told.end_step();
    let decoded = ndjson::decode(told.lines.as_bytes());
    assert_eq!(decoded.events.len() as u64, told.seq, "{}", told.lines);
    (decoded.events, told.seqs)
}

#[derive(Default)]
struct Told {
    lines: String,
    seq: u64,
    ts: u64,
    seqs: Vec<Vec<u64>>,
    step: Option<(String, &'static str)>,
    error: Option<serde_json::Value>,
    is_foreign: bool,
}

impl Told {
    fn say(&mut self, kind: &str, fields: &serde_json::Value) {
        self.seq += 1;
        self.ts += APART_MS;
        let step = self.step.as_ref().map(|(id, _)| format!(r#","step_id":"{id}""#));
        let mut fields = fields.clone();
        if self.is_foreign {
            fields["source"] = "clone".into();
        }
        let fields = fields.to_string();
        self.lines += &format!(
            "{{\"ts\":{},\"seq\":{},\"kind\":\"{kind}\"{},{}\n",
            self.ts,
            self.seq,
            step.unwrap_or_default(),
            &fields[1..]
        );
        if kind != "step.end" {
            self.seqs.last_mut().unwrap().push(self.seq);
        }
    }

    fn end_step(&mut self) {
        if let Some((_, status)) = self.step {
            let error = self.error.take();
            self.say(
                "step.end",
                &serde_json::json!({"status": status, "duration_ms": 1, "error": error}),
            );
        }
    }

    fn word(&mut self, n: usize, word: &str) {
        let sign = |text: &str| {
            let (text, sign) = text.split_at(text.len() - '✓'.len_utf8());
            (text.to_owned(), sign == "✓")
        };
        let word = word.strip_prefix('&').map_or(word, |word| {
            self.is_foreign = true;
            word
        });
        if word == "restored" {
            self.say("replay.start", &serde_json::json!({"strategy": "restore"}));
        } else if word == "on record" {
            self.say("run.start", &serde_json::json!({"replay": {"on_record": true}}));
        } else if let Some(rest) = word.strip_prefix("step ") {
            self.end_step();
            let (title, passed) = sign(rest);
            self.step = Some((format!("s{n}"), if passed { "passed" } else { "failed" }));
            self.say(
                "step.start",
                &serde_json::json!({"title": title, "category": "test.step", "path": [title]}),
            );
        } else if let Some(text) = word.trim_start_matches('~').strip_prefix('!') {
            if word.starts_with('~') {
                self.ts -= 2 * APART_MS - 1;
            }
            self.say(
                "console.error",
                &serde_json::json!({"level": "error", "text": text, "page": "p1"}),
            );
        } else if let Some(rest) = word.strip_prefix('?') {
            let (head, received) = rest.split_once(' ').unwrap();
            let (locator, pass) = sign(head);
            let (received, message) = received.split_once(" !").unwrap_or((received, ""));
            let received: serde_json::Value = serde_json::from_str(received).unwrap();
            let mut said = serde_json::json!({"name": "toHaveText", "pass": pass, "locator": locator, "received": received, "duration_ms": 1});
            if !message.is_empty() {
                self.error = Some(serde_json::json!({"message": message}));
                said["error"] = self.error.clone().into();
            }
            self.say("assertion", &said);
        } else if let Some(rest) = word.strip_prefix('#') {
            let (clone, state) = rest.split_once(' ').unwrap();
            let state = serde_json::json!({"size": state.len(), "media_type": "application/json", "text": state});
            self.say("clone.state", &serde_json::json!({"clone": clone, "run": "r", "epoch": 1, "rev": 1, "digest": "d", "state": state}));
        } else if let Some(rest) = word.strip_prefix('%') {
            let (part, keys) = rest.split_once(' ').unwrap();
            let keys: u64 = keys.parse().unwrap();
            self.say("browser.state", &serde_json::json!({"context": "c1", "boundary": "end", "revision": 1, "counts": [{"part": part, "keys": keys, "bytes": 1}], "secret": {"vault": "x"}}));
        } else if let Some(text) = word.strip_prefix('=') {
            let data =
                serde_json::json!({"size": text.len(), "media_type": "text/plain", "text": text});
            self.say("network.ws", &serde_json::json!({"request_id": "ws1", "url": "ws://127.0.0.1:4000/s", "direction": "received", "data": data}));
        } else if let Some(path) = word.strip_prefix('@') {
            let url = format!("http://127.0.0.1:4000{path}");
            self.say("network.request", &serde_json::json!({"request_id": format!("r{n}"), "method": "GET", "url": url, "resource_type": "other", "headers": []}));
            self.say(
                "console.error",
                &serde_json::json!({"level": "error", "text": "Failed to load resource: 404", "location": {"url": url}}),
            );
        } else {
            self.exchange(n, word);
        }
    }

    fn exchange(&mut self, n: usize, word: &str) {
        let (beside, left) = (word.starts_with(['~', '^']), word.starts_with('<'));
        let sooner = word.chars().take_while(|sign| *sign == '^').count();
        let parts: Vec<&str> = word.trim_start_matches(['~', '<', '^']).splitn(4, ' ').collect();
        let [method, path, status, body] = parts[..] else { panic!("{word}") };
        let head = serde_json::json!({"request_id": format!("r{n}"), "method": method, "url": format!("http://127.0.0.1:{}{path}", 4000 + self.seq)});
        let with = |more: serde_json::Value| {
            let mut all = head.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        if beside {
            self.ts -= 2 * APART_MS - 1;
        }
        self.say(
            "network.request",
            &with(serde_json::json!({"resource_type": resource_type(path), "headers": [], "page": "p1", "frame": "p1f1"})),
        );
        if status == "-" {
            self.ts += body.parse::<u64>().unwrap();
            self.say(
                "network.failed",
                &with(serde_json::json!({"error": NetworkFailed::UNDER_WAY})),
            );
            return;
        }
        let body =
            serde_json::json!({"size": body.len(), "media_type": "application/json", "text": body});
        self.say("network.response", &with(serde_json::json!({"status": status.parse::<u16>().unwrap(), "status_text": "", "headers": [], "body": body, "duration_ms": 90 - 20 * sooner})));
        if left {
            self.say(
                "network.failed",
                &with(serde_json::json!({"error": "net::ERR_ABORTED", "canceled": true})),
            );
        }
    }
}

fn resource_type(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "js")) => "script",
        Some((_, "svg")) => "image",
        Some((_, "html")) => "document",
        _ => "fetch",
    }
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn compared(a: &[String], b: &[String]) -> Certificate {
    compared_from(1, a, b)
}

fn compared_from(step: u64, a: &[String], b: &[String]) -> Certificate {
    let (a, b) = (trace(a).0, trace(b).0);
    let run = |events| Run { events, beside: &EventsOnly };
    certificate(run(&a), run(&b), step).unwrap()
}

/// Each channel that is not identical as `network 1/0/2`, then the first divergence in words.
fn check(a: &[&str], b: &[&str], expect: &[&str]) {
    check_from(1, a, b, expect);
}

fn check_from(step: u64, a: &[&str], b: &[&str], expect: &[&str]) {
    let found = compared_from(step, &words(a), &words(b));
    let channels = found.channels.iter().filter(|report| report.grade != Grade::Identical);
    let mut told: Vec<String> = channels
        .map(|it| {
            let name = it.channel.as_str();
            format!("{name} {}/{}/{}", it.identical, it.equivalent, it.diverged)
        })
        .collect();
    told.extend(found.first.map(|first| first.to_string()));
    assert_eq!(told, expect);
}

#[test]
fn an_answer_that_the_tests_end_cut_off_differs_only_where_it_had_time() {
    let (answered, cut) = (["step a✓", "GET /a 200 {}"], ["step a✓", "GET /a - 10"]);
    check(&answered, &cut, &["network 0/1/0"]);
    check(&cut, &answered, &["network 0/1/0"]);
    check(&cut, &["step a✓", "GET /a - 900"], &[]);
    check(
        &answered,
        &["step a✓", "GET /a - 900"],
        &["network 0/0/1", "network (seq:2 → 2): GET /a: not answered, recorded answered 200"],
    );
    check(&answered, &["on record", "step a✓", "GET /a - 900"], &["network 0/1/0"]);
}

#[test]
fn what_differs_is_told_and_what_always_differs_is_not_held_against_it() {
    let id = |last: char| format!("550e8400-e29b-41d4-a716-44665544000{last}");
    let body = |last: char| format!(r#"GET /a 200 {{"id":"{}","n":1}}"#, id(last));
    let (one, two) = (body('1'), body('2'));
    check(&["step a✓", &one], &["step a✓", &two], &["network 0/1/0"]);
    check(
        &["step a✓", "GET /a 200 {\"n\":1}"],
        &["step a✓", "GET /a 500 {\"n\":1}"],
        &["network 0/0/1", "network (seq:2 → 2): GET /a: answered 500, recorded 200"],
    );
    check(
        &["step a✓", "GET /a?p=1 200 {\"n\":[1,2]}", "GET /b 200 {}"],
        &["step a✓", "GET /a?p=2 200 {\"n\":[1]}"],
        &["network 0/0/2", "network (seq:2 → 2): GET /a?p: body `/n/1` is gone (2)"],
    );
    check(
        &["step a✓", "GET /a?p=1 200 {}"],
        &["step a✓", "GET /a?p=2 200 {}"],
        &["network 0/0/1", "network (seq:2 → 2): GET /a?p: request `p` is 2, recorded 1"],
    );
    check(
        &["step a✓", "!order #17 is late"],
        &["step a✓", "!order #18 is late"],
        &["console 0/1/0"],
    );
    check(
        &["step a✓", "?h1✗ \"a\\nb\""],
        &["step a✓", "?h1✗ \"a\\nc\""],
        &[
            "assertions 0/0/1",
            "assertions (seq:2 → 2): expect `h1` toHaveText: received value is `c`, recorded `b`",
        ],
    );
    check(
        &["step a✓", "!one", "step b✓"],
        &["step a✓", "!other", "step b✓"],
        &["console 0/0/1", "console (seq:2 → 2): console error `one` became console error `other`"],
    );
    check(
        &["step a✓", "?h1✓ \"Free\""],
        &["step a✗", "?h1✗ \"Pro\""],
        &[
            "steps 0/0/1",
            "assertions 0/0/1",
            "assertions (seq:2 → 2): expect `h1` toHaveText: does not hold, recorded that it holds",
        ],
    );
    check(
        &["step a✓", "#stripe {\"plan\":\"free\"}", "%cookies 1"],
        &["step a✓", "#stripe {\"plan\":\"pro\"}", "%cookies 2"],
        &[
            "clone-state 0/0/1",
            "storage 0/0/1",
            "clone-state (seq:2 → 2): clone `stripe`: state `/plan` is \"pro\", recorded \"free\"",
        ],
    );
    let without = ["step a✓", "GET /a 200 {}", "!404"];
    check(&without, &["step a✓", "GET /a 200 {}", "@/favicon.ico", "!404"], &[]);
    check(
        &without,
        &["step a✓", "GET /a 200 {}", "@/icon.js", "!404"],
        &["network 1/0/1", "network (seq:- → 4): GET /icon.js is not in the record"],
    );
    check(
        &["step a✓", "!one"],
        &["step a✓", "!one", "step b✓"],
        &["steps 1/0/1", "steps (seq:- → 4): step `b` is not in the record"],
    );
}

#[test]
fn a_failed_assertion_is_identical_however_often_it_looked() {
    let failed = |received: u8, looks: u8| {
        let log =
            format!("{looks} × locator resolved to {received} elements\n    - unexpected value");
        words(&[
            "step a✗",
            &format!(
                "?li✗ {received} !Received: {received}\nCall log:\n  - waiting for li\n    {log} \"{received}\"\n"
            ),
        ])
    };
    let found = |received, looks| compared(&failed(5, 9), &failed(received, looks));
    let same = found(5, 14);
    assert_eq!((same.grade, same.varies, same.channels.len()), (Grade::Identical, None, 2));
    let channels: Vec<Grade> = found(6, 9).channels.iter().map(|report| report.grade).collect();
    assert_eq!(channels, [Grade::Diverged, Grade::Diverged]);
}

#[test]
fn what_streams_is_compared_as_far_as_it_came() {
    check(
        &["step a✓", "=one", "=two"],
        &["step a✓", "=two", "=one"],
        &[
            "sockets 0/0/2",
            "sockets (seq:2 → 2): message from /s: message is `two`, recorded `one`",
        ],
    );
    // What is played from the record leaves no trace.
    check(&["step a✓", "=one"], &["step a✓"], &[]);
    check(&["step a✓", "<GET /a 200 one"], &["step a✓", "<GET /a 200 one"], &[]);
    check(&["step a✓", "<GET /a 200 one"], &["step a✓", "GET /a 200 one more"], &["network 0/1/0"]);
    check(
        &["step a✓", "<GET /a 200 one"],
        &["step a✓", "<GET /a 200 one more"],
        &["network 0/1/0"],
    );
    check(
        &["step a✓", "<GET /a 200 one"],
        &["step a✓", "<GET /a 200 other"],
        &["network 0/0/1", "network (seq:2 → 2): GET /a: body is `other`, recorded `one`"],
    );
}

#[test]
fn what_only_the_replay_has_stands_behind_what_was_known_by_then() {
    check(
        &["step a✓", "GET /a 200 {}", "GET /b 200 {}"],
        &["step a✓", "GET /a 500 {}", "!broken", "GET /b 200 {}"],
        &[
            "network 1/0/1",
            "console 0/0/1",
            "network (seq:2 → 2): GET /a: answered 500, recorded 200",
        ],
    );
    check(
        &["step a✓", "GET /a 200 {}", "GET /b 200 {}"],
        &["step a✓", "GET /a 200 {}", "!broken", "GET /b 500 {}"],
        &[
            "network 1/0/1",
            "console 0/0/1",
            "console (seq:- → 4): console error `broken` is not in the record",
        ],
    );
}

#[test]
fn of_what_was_known_at_once_the_first_is_what_began_first() {
    let of = |sooner: &str, n: u8| -> [String; 3] {
        let beside = format!(r#"{sooner}GET /b 200 {{"n":{n}}}"#);
        ["step a✓".to_owned(), format!(r#"GET /a 200 {{"n":{n}}}"#), beside]
    };
    let first = |sooner| compared(&of(sooner, 1), &of(sooner, 2)).first.unwrap().to_string();
    let a = "network (seq:2 → 2): GET /a: body `/n` is 2, recorded 1";
    assert_eq!(first("~"), a);
    assert_eq!(first("^"), a, "20 ms sooner is at once");
    assert_eq!(first("^^"), a.replace("/a", "/b").replace('2', "4").replace("is 4", "is 2"));
}

#[test]
fn the_first_that_varies_from_run_to_run_is_told_too() {
    let body =
        |last: char| format!(r#"GET /b 200 {{"id":"550e8400-e29b-41d4-a716-44665544000{last}"}}"#);
    let of = |last: char| words(&["step a✓", "GET /a 200 {}", &body(last), "%cookies 1"]);
    let varies = |one, other| compared(&of(one), &of(other)).varies.map(|it| it.to_string());
    assert_eq!(varies('1', '1'), None, "equal sizes of storages prove nothing");
    let told = "network (seq:4 → 4): GET /b differs in what changes from run to run";
    assert_eq!(varies('1', '2').as_deref(), Some(told));
}

#[test]
fn the_order_of_what_was_sent_side_by_side_is_the_machines() {
    check(
        &["step a✓", "GET /a 200 {}", "~GET /b 200 {}"],
        &["step a✓", "GET /b 200 {}", "~GET /a 200 {}"],
        &["network 1/1/0"],
    );
    check(
        &["step a✓", "GET /a 200 {}", "GET /b 200 {}"],
        &["step a✓", "GET /b 200 {}", "GET /a 200 {}"],
        &[
            "network 1/0/1",
            "network (seq:4 → 2): GET /b: changed places with GET /a, which had its answer by then",
        ],
    );
}

#[test]
fn only_what_lies_behind_the_step_counts_and_it_prints() {
    let (a, b) = (
        words(&["step a✓", "GET /a 200 {}", "step b✓", "GET /b 200 {}"]),
        words(&["step a✓", "GET /a 500 {}", "GET /x 200 {}", "step b✗", "GET /b 404 {}"]),
    );
    let (a, b) = (trace(&a).0, trace(&b).0);
    let run = |events| Run { events, beside: &EventsOnly };
    let found = certificate(run(&a), run(&b), 2).unwrap();
    assert_eq!(found.channels.len(), 2);
    let expect = "\
  channel      identical equivalent diverged
  steps                0          0        1
  network              0          0        1
  first divergence  network (seq:6 → 8): GET /b: answered 404, recorded 200
";
    assert!(found.to_text().ends_with(expect), "{}", found.to_text());
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["first"]["recorded_seq"], 6);
    assert_eq!(json["channels"][1]["channel"], "network");
    assert_eq!(certificate(run(&a), run(&b), 3).unwrap_err().code(), "NO_SUCH_STEP");
}

/// A word of a trace, without ids and numbers that change from run to run.
fn a_word() -> impl Strategy<Value = String> {
    prop_oneof![
        ("[a-e]", "[a-c]", 1..9_u8)
            .prop_map(|(path, key, n)| format!(r#"GET /{path} 200 {{"{key}":{n}}}"#)),
        "[f-k]{3}".prop_map(|text| format!("!{text}")),
        ("[l-p]", "[a-c]").prop_map(|(locator, got)| format!(r#"?{locator}✓ "{got}""#)),
        "[q-v]{2}".prop_map(|title| format!("step {title}✓")),
    ]
}

/// The word with one thing in it changed.
fn mutated(word: &str) -> String {
    if word.starts_with('!') {
        "!mutated".to_owned()
    } else if word.starts_with("step") {
        word.replace('✓', "✗")
    } else if word.starts_with('?') {
        word.replace("✓ \"", "✗ \"z")
    } else if word.len().is_multiple_of(2) {
        word.replace(" 200 ", " 500 ")
    } else {
        word.replace(':', ":7")
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_copy_is_identical_and_a_mutated_one_never(rest in prop::collection::vec(a_word(), 1..14), at in any::<prop::sample::Index>()) {
        let mut recorded = vec!["step first✓".to_owned()];
        recorded.extend(rest);
        let same = compared(&recorded, &recorded);
        prop_assert_eq!(same.grade, Grade::Identical);
        prop_assert_eq!(same.first, None);
        let at = at.index(recorded.len());
        let mut copy = recorded.clone();
        copy[at] = mutated(&copy[at]);
        prop_assert_ne!(&copy[at], &recorded[at]);
        let found = compared(&recorded, &copy);
        prop_assert_eq!(found.grade, Grade::Diverged);
        let seqs = &trace(&recorded).1[at];
        let first = found.first.unwrap();
        prop_assert!(first.recorded_seq.is_some_and(|seq| seqs.contains(&seq)), "{first} of {seqs:?}");
    }

    #[test]
    fn another_order_is_never_identical(rest in prop::collection::vec(a_word(), 1..14), at in any::<prop::sample::Index>()) {
        let kind = |word: &str| word.chars().next();
        let mut recorded = vec!["step first✓".to_owned()];
        recorded.extend(rest);
        let at = at.index(recorded.len() - 1);
        let is_swap = recorded[at] != recorded[at + 1] && kind(&recorded[at]) == kind(&recorded[at + 1]);
        prop_assume!(is_swap);
        let mut copy = recorded.clone();
        copy.swap(at, at + 1);
        let found = compared(&recorded, &copy);
        prop_assert_ne!(found.grade, Grade::Identical);
        // Lines of the console come in any order.
        if kind(&recorded[at]) != Some('!') {
            prop_assert_eq!(found.grade, Grade::Diverged);
            let seqs = trace(&recorded).1;
            let first = found.first.unwrap().recorded_seq.unwrap();
            prop_assert!(seqs[at].contains(&first) || seqs[at + 1].contains(&first));
        }
    }
}

#[test]
fn what_nobody_could_be_asked_for_is_left_out_and_named() {
    let recorded =
        ["step a✓", "GET /a 200 {}", "&POST /hook 200 {}", "&!charged", "#stripe {\"n\":1}"];
    check(&recorded, &["on record", "step a✓", "GET /a 200 {}"], &[]);
    check(
        &recorded,
        &["step a✓", "GET /a 200 {}"],
        &[
            "network 1/0/1",
            "console 0/0/1",
            "clone-state 0/0/1",
            "network (seq:4 → -): POST /hook is missing in the replay",
        ],
    );
    check(
        &recorded,
        &["on record", "step a✓"],
        &["network 0/0/1", "network (seq:2 → -): GET /a is missing in the replay"],
    );
    let found = compared(&words(&recorded), &words(&["on record", "step a✓", "GET /a 200 {}"]));
    let told: Vec<_> = found.unasked.iter().map(|it| (it.channel.as_str(), it.count)).collect();
    assert_eq!(told, [("network", 1), ("console", 1), ("clone-state", 1)]);
    let text = found.to_text();
    assert!(text.contains("  left out  1 of network, 1 of console, 1 of clone-state: "), "{text}");
}

#[test]
fn what_a_page_does_by_itself_may_fall_on_either_side_of_the_steps_beginning() {
    let before =
        ["step a✓", "GET /a 200 {}", "GET /late 404 {}", "!late", "step b✓", "GET /b 200 {}"];
    let behind =
        ["step a✓", "GET /a 200 {}", "step b✓", "GET /late 404 {}", "!late", "GET /b 200 {}"];
    check_from(2, &before, &behind, &[]);
    check_from(2, &behind, &before, &[]);
    let other = ["step a✓", "GET /a 200 {}", "step b✓", "GET /late 200 {}", "GET /b 200 {}"];
    let answered = "GET /late: answered 200, recorded 404";
    let lost = ["network 1/0/1", &format!("network (seq:4 → 6): {answered}")];
    check_from(
        2,
        &before[..3].iter().chain(&before[4..]).copied().collect::<Vec<_>>(),
        &other,
        &lost,
    );
    // Once more is not the same at another time.
    let twice = ["step a✓", "GET /late 404 {}", "step b✓", "GET /late 404 {}"];
    check_from(
        2,
        &twice[..3],
        &twice,
        &["network 0/0/1", "network (seq:- → 6): GET /late is not in the record"],
    );
    // Nor is what happened long before.
    let long = |from: &'static [&'static str], to: &'static [&'static str]| {
        let wait = std::iter::repeat_n("GET /a 200 {}", 8);
        [from, &wait.collect::<Vec<_>>(), to].concat()
    };
    let (then, now) = (
        long(&["step a✓", "GET /late 404 {}"], &["step b✓"]),
        long(&["step a✓"], &["step b✓", "GET /late 404 {}"]),
    );
    let far = ["network 0/0/1", "network (seq:- → 20): GET /late is not in the record"];
    check_from(2, &then, &now, &far);
    let restored = ["step a✓", "restored", "step b✓", "GET /late 404 {}", "!late", "GET /b 200 {}"];
    check_from(
        2,
        &before,
        &restored,
        &["network 1/0/1", "console 0/0/1", "network (seq:- → 5): GET /late is not in the record"],
    );
}

#[test]
fn a_failure_is_reproduced_by_its_message_or_by_what_was_wrong_near_it() {
    let failed = ["step a✗", "?h1✗ \"Free\" !expected Pro"];
    let recorded = ["step a✗", "&POST /hook 404 {}", failed[1]];
    let reproduced = |b: &[&str]| compared(&words(&recorded), &words(b)).reproduced;
    assert!(reproduced(&["on record", failed[0], failed[1]]));
    assert!(reproduced(&recorded));
    assert!(reproduced(&failed), "the same message in the same step");
    assert!(!reproduced(&["step a✗", "?h1✗ \"Free\" !expected Basic"]));
    assert!(!reproduced(&["step b✗", failed[1]]));
}

#[test]
fn parts_of_a_document_come_in_any_order_and_what_code_asks_for_does_not() {
    let (script, picture) = ("GET /dom.js 200 {}", "GET /tea.svg 200 {}");
    check(&["step a✓", script, picture], &["step a✓", picture, script], &["network 1/1/0"]);
    // A simulator sends its webhooks when it gets to it.
    check(
        &["step a✓", "&POST /hook 200 {}", "GET /tea 200 {}"],
        &["step a✓", "GET /tea 200 {}", "&POST /hook 200 {}"],
        &["network 1/1/0"],
    );
    check(
        &["step a✓", script, "GET /tea 200 {}"],
        &["step a✓", "GET /tea 200 {}", script],
        &[
            "network 1/0/1",
            "network (seq:4 → 2): GET /tea: changed places with GET /dom.js, which had its answer by then",
        ],
    );
}

#[test]
fn a_page_that_is_left_need_not_come_to_everything() {
    let next = "GET /next.html 200 <p>";
    let (said, asked) = (["step a✓", next, "~!late"], ["step a✓", next, "~GET /late 200 {}"]);
    let gone = ["step a✓", next];
    check(&said, &gone, &["console 0/1/0"]);
    check(&gone, &said, &["console 0/1/0"]);
    check(&asked, &gone, &["network 1/1/0"]);
    check(&gone, &asked, &["network 1/1/0"]);
    // What another page says, or this one when the next document is there, is no such thing.
    check(
        &["step a✓", next, "!late"],
        &gone,
        &["console 0/0/1", "console (seq:4 → -): console error `late` is missing in the replay"],
    );
    check(
        &["step a✓", next, "~GET /dom.js 200 {}"],
        &gone,
        &["network 1/0/1", "network (seq:4 → -): GET /dom.js is missing in the replay"],
    );
    // Said a moment after an answer, in a page that stays; the other run leaves it just then.
    let asked = "GET /tea 404 {}";
    check(&["step a✓", asked, "!late", next], &["step a✓", asked, next], &["console 0/1/0"]);
    check(
        &["step a✓", asked, "!late", next],
        &[
            "step a✓",
            asked,
            "GET /dom.js 200 {}",
            "GET /shop.js 200 {}",
            "GET /tea.svg 200 {}",
            next,
        ],
        &[
            "network 2/0/3",
            "console 0/0/1",
            "network (seq:- → 4): GET /dom.js is not in the record",
        ],
    );
    let fetched = "GET /late 200 {}";
    check(&["step a✓", next, fetched], &["step a✓", fetched, next], &["network 1/1/0"]);
}
