use super::*;
use crate::ndjson;
use crate::replay::beside::EventsOnly;
use crate::replay::network::{Client, entries};
use crate::replay::origins::OriginOptions;
use crate::replay::state::state;

/// Two steps; what the first one leaves behind is numbered behind the beginning of the second.
const TRACE: &str = r#"
{"ts":0,"seq":1,"kind":"run.start","format":1,"trace_id":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b","short_id":"xY9zQ2mNp","wall_ms":1795276287981,"project":"chromium","scenario":{"slug":"pay","title":"Pay","file":"tests/pay.spec.ts","line":5,"title_path":["Shop","Pay"]},"run":{"id":"r"},"retry":1,"repeat_each":0,"worker":{"index":0,"parallel_index":0,"pid":1},"source":"manual","code_sha":"abc","seeds":{},"environment":{"use":{"baseURL":"http://127.0.0.1:4000"},"playwright":"1.65.1","clones":{"stripe":{"admin":"http://127.0.0.1:8000","run":"s","url":"http://127.0.0.1:8000/t/s"},"none":7}},"capture":{},"recorder":{"name":"r","version":"1"},"test_id":"t1","timeout_ms":30000}
{"ts":1,"seq":2,"kind":"scenario.event","name":"rng.seed","data":{"seed":"s-1","scope":["pages"]}}
{"ts":5,"seq":3,"kind":"step.start","step_id":"h1","title":"Before Hooks","category":"hook","path":["Before Hooks"]}
{"ts":6,"seq":4,"kind":"browser.state","step_id":"h1","context":"c2","boundary":"start","revision":1,"full":true,"changed":["cookies"],"counts":[{"part":"cookies","keys":0,"bytes":2}],"secret":{"vault":"secret:9","bytes":9}}
{"ts":7,"seq":5,"kind":"browser.state","step_id":"h1","context":"c2","boundary":"close","revision":2,"full":true,"changed":[],"counts":[],"secret":{"vault":"secret:9","bytes":9}}
{"ts":8,"seq":6,"kind":"step.end","step_id":"h1","status":"passed","duration_ms":3}
{"ts":10,"seq":7,"kind":"step.start","step_id":"s1","title":"Open","category":"test.step","index":1,"path":["Open"]}
{"ts":11,"seq":8,"kind":"browser.state","step_id":"s1","context":"c1","boundary":"start","revision":1,"full":true,"changed":["cookies","document p1f1"],"counts":[{"part":"cookies","keys":0,"bytes":2}],"secret":{"vault":"secret:1","bytes":9}}
{"ts":12,"seq":9,"kind":"network.request","step_id":"s1","request_id":"r1","method":"GET","url":"http://127.0.0.1:4000/","resource_type":"document","headers":[]}
{"ts":13,"seq":10,"kind":"network.response","step_id":"s1","request_id":"r1","method":"GET","url":"http://127.0.0.1:4000/","status":302,"status_text":"","headers":[["location","/a"],["set-cookie","a=1\nb=2"],["content-length","0"]],"duration_ms":1}
{"ts":14,"seq":11,"kind":"clone.snapshot","step_id":"s1","clone":"mail","run":"m","when":"after","epoch":0,"rev":1,"schema":"v1","clock_ms":1,"snapshot":{"size":1,"media_type":"application/gzip","base64":"AQ=="}}
{"ts":20,"seq":12,"kind":"step.end","step_id":"s1","status":"passed","duration_ms":10}
{"ts":30,"seq":13,"kind":"step.start","step_id":"s2","title":"Pay","category":"test.step","index":2,"path":["Pay"]}
{"ts":20,"seq":14,"kind":"browser.state","step_id":"s1","context":"c1","boundary":"end","revision":2,"full":false,"changed":["cookies","local http://127.0.0.1:4000/"],"counts":[{"part":"cookies","keys":1,"bytes":9},{"part":"local http://127.0.0.1:4000/","keys":1,"bytes":9}],"late_ms":7,"secret":{"vault":"secret:2","bytes":9}}
{"ts":36,"seq":15,"kind":"clone.snapshot","step_id":"s1","clone":"stripe","run":"shop","when":"after","epoch":0,"rev":25,"schema":"v1","clock_ms":17,"snapshot":{"size":2723,"media_type":"application/gzip","blob":"sha256:d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998ecf8427e"}}
{"ts":29,"seq":16,"kind":"network.request","request_id":"r2","method":"GET","url":"https://cdn.test/a.js","resource_type":"script","headers":[]}
{"ts":31,"seq":17,"kind":"network.response","request_id":"r2","method":"GET","url":"https://cdn.test/a.js","status":200,"status_text":"","headers":[],"body_missing":"evicted","duration_ms":2}
{"ts":32,"seq":18,"kind":"network.request","step_id":"s2","request_id":"r3","method":"POST","url":"http://127.0.0.1:4000/pay","resource_type":"fetch","headers":[]}
{"ts":33,"seq":19,"kind":"browser.state","step_id":"s2","context":"c1","boundary":"end","revision":3,"full":false,"changed":["cookies"],"counts":[],"secret":{"vault":"secret:3","bytes":9}}
{"ts":34,"seq":20,"kind":"clone.state","step_id":"s2","clone":"crm","run":"c","epoch":0,"rev":1,"digest":"d","state":{"size":2,"media_type":"application/json","text":"{}"}}
{"ts":35,"seq":21,"kind":"capture.notice","code":"queue.dropped","message":"x"}
{"ts":40,"seq":22,"kind":"step.end","step_id":"s2","status":"failed","duration_ms":10}
{"ts":41,"seq":23,"kind":"run.end","status":"failed","duration_ms":41,"counts":{}}
"#;

fn events() -> Vec<Event> {
    let decoded = ndjson::decode(TRACE.trim_start().as_bytes());
    assert_eq!(decoded.diagnostics, []);
    decoded.events
}

fn planned_from(events: &[Event], from_step: u64) -> Result<Plan, ReplayError> {
    let origins = Origins::of(events, &OriginOptions::default());
    let entries = entries(events, &EventsOnly, Client::Browser);
    let options = PlanOptions {
        from_step,
        entries: &entries,
        origins: &origins,
        sockets: 1,
        tape_calls: Some(34),
        warnings: &[Warning::new("NO_SECRETS", "one stays")],
    };
    plan(events, &options)
}

#[test]
fn a_plan_prints_as_a_dry_run() {
    let expect = r#"replay of 0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b from step 2 `Pay`
  test      tests/pay.spec.ts Shop › Pay
  project   `chromium`, attempt 2
  code      abc
  not anew    1 Open (passed)
  anew        2 Pay (failed)
  clock     2026-11-21T15:51:28.011Z
  seed      "s-1"
  clones    mail: run m, snapshot after s1 at epoch 0 rev 1, 1 bytes
            stripe: run shop, snapshot after s1 at epoch 0 rev 25, 2723 bytes, taken 6 ms after the step began
  network   2 requests before, 1 from the step on
            app             2  http://127.0.0.1:4000
            third-party     1  https://cdn.test
  sockets   1
  browser   c1: cookies, local http://127.0.0.1:4000/
  tape      34 calls
  lacks     NO_SECRETS: one stays
            NO_SNAPSHOT: clone `crm` has no snapshot before step 2: it starts as the target run is; choose a later step, or record with `world_snapshots`
            BODY_MISSING: 1 recorded answers have no body, 0 of them from this step on; what asks for them fails
            RECORD_GAPS: the record names gaps of its own: queue.dropped ×1
"#;
    let plan = planned_from(&events(), 2).unwrap();
    assert_eq!(plan.to_text(), expect);
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(
        json["step"],
        serde_json::json!({"id": "s2", "title": "Pay", "seq": 13, "ts_ms": 30.0})
    );
    assert_eq!(json["wall_ms_at_step"], 1_795_276_288_011_u64);
    assert_eq!(json["network"]["origins"][1]["class"], "third-party");
    assert_eq!(json["test"]["test_id"], "t1");
    assert_eq!(json["clones"][0]["snapshot"]["inline"], "AQ==");
    let place = serde_json::json!([{"clone": "stripe", "admin": "http://127.0.0.1:8000", "run": "s", "url": "http://127.0.0.1:8000/t/s"}]);
    assert_eq!(json["clone_places"], place);
}

#[test]
fn what_is_not_there_is_named() {
    let told = planned_from(&events(), 3).unwrap_err();
    assert_eq!(told.code(), "NO_SUCH_STEP");
    assert_eq!(
        told.to_string(),
        "step 3 is not in the trace: it has 1 `Open`, 2 `Pay`; give one of their numbers"
    );
    assert_eq!(planned_from(&events()[1..], 1), Err(ReplayError::NoRunStart));
    let first = planned_from(&events(), 1).unwrap();
    assert_eq!((first.clones.len(), first.network.past), (0, 0));
    assert_eq!(first.warnings.iter().filter(|it| it.code == "NO_SNAPSHOT").count(), 3);
}

#[test]
fn the_state_is_that_of_the_end_of_the_step_before() {
    let events = events();
    let past = Past::of(&StepTree::build(&events), 2).unwrap();
    let secret = |id: &str| {
        let json = match id {
            "secret:1" => {
                r#"{"parts":{"cookies":{"revision":1,"value":[]},"document p1f1":{"revision":1,"value":{"u":1}}}}"#
            }
            "secret:2" => {
                r#"{"parts":{"cookies":{"revision":2,"value":[{"name":"a"}]},"document p1f1":{"revision":2,"value":null}}}"#
            }
            _ => return None,
        };
        Some(json.to_owned())
    };
    let found = state(&events, &past, &secret);
    assert_eq!(
        serde_json::to_value(&found.contexts).unwrap(),
        serde_json::json!({"c1": {"cookies": [{"name": "a"}]}})
    );
    // `c2` was closed, so that nothing of it is missed.
    assert_eq!(
        found.reasons,
        ["c1: revision 2 was read 7 ms after its boundary and may hold what came later",]
    );
    let none = state(&events, &past, &|_| None);
    assert!(none.contexts.is_empty() && none.reasons.len() == 3, "{:?}", none.reasons);
}
