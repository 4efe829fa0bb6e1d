use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ndjson;
use crate::trace::StepTree;

const WALL_MS: u64 = 1_795_292_768_000;

/// What Playwright 1.65.1 wrote of a test with two steps, stacks and pictures left out.
const RUNNER: &str = r#"{"version":10,"type":"context-options","origin":"testRunner","wallTime":1795292768309,"monotonicTime":9172.89}
{"type":"before","callId":"rxth@1","startTime":9273.585,"class":"Test","method":"hook","title":"Before Hooks","params":{},"stack":[]}
{"type":"before","callId":"rxth@50","parentId":"rxth@1","startTime":11598.478,"class":"Test","method":"pw:api","title":"Create page","params":{},"stack":[]}
{"type":"after","callId":"rxth@50","endTime":12316.797,"annotations":[]}
{"type":"after","callId":"rxth@1","endTime":12428.103,"annotations":[]}
{"type":"before","callId":"rxth@58","startTime":12465.342,"class":"Test","method":"test.step","title":"one","params":{},"stack":[]}
{"type":"before","callId":"rxth@59","parentId":"rxth@58","startTime":12487.78,"class":"Test","method":"pw:api","title":"Navigate","params":{},"stack":[]}
{"type":"after","callId":"rxth@59","endTime":12714.536,"annotations":[]}
{"type":"before","callId":"rxth@63","parentId":"rxth@58","startTime":12818.092,"class":"Test","method":"test.step","title":"inner","params":{},"stack":[]}
{"type":"before","callId":"rxth@64","parentId":"rxth@63","startTime":12821.072,"class":"Test","method":"pw:api","title":"Fill \"q\"","params":{},"stack":[]}
{"type":"after","callId":"rxth@63","endTime":13246.773,"annotations":[]}
{"type":"after","callId":"rxth@58","endTime":13253.481,"annotations":[]}
{"type":"before","callId":"rxth@66","startTime":13254.09,"class":"Test","method":"test.step","title":"two","params":{},"stack":[]}
{"type":"before","callId":"rxth@72","parentId":"rxth@66","startTime":13524.409,"class":"Test","method":"pw:api","title":"Click","params":{},"stack":[]}
"#;
const LIBRARY: &str = r#"{"version":10,"type":"context-options","origin":"library","wallTime":1795292770615,"monotonicTime":11479.134}
{"type":"before","callId":"rxth@50","startTime":11606.451,"class":"BrowserContext","method":"newPage","params":{}}
{"type":"after","callId":"rxth@50","endTime":12296.752,"result":{"page":"<Page>"}}
{"type":"before","callId":"rxth@59","startTime":12497.525,"class":"Frame","method":"goto","params":{"url":"/","waitUntil":"load"}}
{"type":"log","callId":"rxth@59","time":1,"message":"navigating"}
{"type":"after","callId":"rxth@59","endTime":12653.929,"result":{}}
{"type":"before","callId":"rxth@64","startTime":12846.578,"class":"Frame","method":"fill","params":{"selector":"input","value":"q"}}
{"type":"after","callId":"rxth@64","endTime":13218.109}
{"type":"before","callId":"rxth@72","startTime":13524.873,"class":"Frame","method":"click","params":{"selector":"nope","timeout":50}}
{"type":"after","callId":"rxth@72","endTime":13644.215,"error":{"message":"Timeout 50ms exceeded.","name":"TimeoutError"}}
{"type":"before","callId":"rxth@80","startTime":13700,"class":"Frame","method":"title","params":{}}
"#;
const STEPS: &str = r#"{"ts":0,"seq":1,"kind":"step.start","step_id":"h1","title":"Before Hooks","category":"hook","path":[]}
{"ts":3560,"seq":2,"kind":"step.end","step_id":"h1","status":"passed","duration_ms":1}
{"ts":3602,"seq":3,"kind":"step.start","step_id":"s1","title":"one","category":"test.step","index":1,"path":[]}
{"ts":3955,"seq":4,"kind":"step.start","step_id":"s1.1","title":"inner","category":"test.step","parent_id":"s1","path":[]}
{"ts":4384,"seq":5,"kind":"step.end","step_id":"s1.1","status":"passed","duration_ms":1}
{"ts":4390,"seq":6,"kind":"step.end","step_id":"s1","status":"passed","duration_ms":1}
{"ts":4391,"seq":7,"kind":"step.start","step_id":"s2","title":"two","category":"test.step","index":2,"path":[]}
"#;

fn tape(members: &[(&str, &str)]) -> Tape {
    let members = members.iter().map(|(name, text)| (*name, text.as_bytes()));
    let mut tape = parse(members, WALL_MS);
    tape.place(&StepTree::build(&ndjson::decode(STEPS.as_bytes()).events));
    tape
}

/// `goto s1`, with the number of the top-level step behind it.
fn told(tape: &Tape) -> Vec<String> {
    let step = |call: &Call| call.step.map(|step| format!(" {step}")).unwrap_or_default();
    let one = |call: &Call| {
        format!("{} {}{}", call.method, call.step_id.as_deref().unwrap_or("-"), step(call))
    };
    tape.calls.iter().map(one).collect()
}

#[test]
fn calls_stand_in_order_under_their_steps() {
    let by_runner =
        tape(&[("test.trace", RUNNER), ("2-trace.trace", LIBRARY), ("2-trace.network", "{")]);
    let expect = ["newPage h1", "goto s1 1", "fill s1.1 1", "click s2 2", "title s2 2"];
    assert_eq!(told(&by_runner), expect);
    assert_eq!((by_runner.unread, &by_runner.versions[..]), (0, &[10][..]));
    // Without the runner's member the clocks decide.
    assert_eq!(told(&tape(&[("trace.trace", LIBRARY)])), expect);
}

#[test]
fn a_call_tells_what_came_back() {
    let lines = tape(&[("test.trace", RUNNER), ("2-trace.trace", LIBRARY)]).to_lines();
    let calls: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(calls[0]["result"], json!({"page": "<Page>"}));
    assert_eq!(calls[1]["params"], json!({"url": "/", "waitUntil": "load"}));
    assert_eq!(calls[2].get("result"), None);
    assert_eq!(calls[3]["error"]["name"], "TimeoutError");
    assert_eq!(calls[4]["unfinished"], true);
    let start_ms = calls[1]["start_ms"].as_f64().unwrap();
    assert!((start_ms - 3633.391).abs() < 0.01, "{start_ms}");
}

#[test]
fn what_cannot_be_read_is_counted() {
    let broken = LIBRARY.replace(
        "{\"type\":\"after\",\"callId\":\"rxth@64\"",
        "{\"type\":\"after\",\"callId\":\"other\"",
    ) + "\nno json\n{\"type\":\"before\",\"callId\":7}\n{\"type\":\"screencast-frame\"}\n";
    let found = tape(&[("trace.trace", &broken)]);
    assert_eq!((found.calls.len(), found.unread), (5, 3));
    assert!(found.calls[2].unfinished);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever happens to an archive's bytes, what is read is in order and numbered without gaps.
    #[test]
    fn garbage_never_stops_it(cut in 0..2000_usize, at in 0..2000_usize, junk in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = LIBRARY.as_bytes().to_vec();
        let at = at % bytes.len();
        let end = (at + junk.len()).min(bytes.len());
        bytes.splice(at..end, junk);
        bytes.truncate(bytes.len() - cut % bytes.len());
        let members = [("test.trace", RUNNER.as_bytes()), ("trace.trace", &bytes[..])];
        let mut tape = parse(members, WALL_MS);
        tape.place(&StepTree::build(&ndjson::decode(STEPS.as_bytes()).events));
        prop_assert!(tape.calls.len() <= 5);
        for (n, call) in tape.calls.iter().enumerate() {
            prop_assert_eq!(call.ordinal, n);
        }
        let times: Vec<f64> = tape.calls.iter().filter_map(|call| call.start_ms).collect();
        prop_assert!(times.is_sorted());
        prop_assert_eq!(tape.to_lines().lines().count(), tape.calls.len());
    }
}
