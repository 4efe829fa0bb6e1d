//! Real recordings, taken in Chromium with the live page's own score and text beside them: the sequences of random changes of
//! `npm/trace-capture/test/dom/fuzz.test.ts`, and a page with a frame, a shadow root, a form, style sheets and a drawing.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use trace_core::dom::{VirtualDom, split_template};

use crate::support::Numbers;

#[derive(Deserialize)]
struct Recording {
    name: String,
    digest: String,
    nodes: u64,
    /// The live page's tree as lines; see `canonical` of `test/dom/replay.ts`.
    text: String,
    events: Vec<Value>,
}

pub(crate) fn recordings() -> Vec<u8> {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/dom/recordings.ndjson.zst");
    zstd::decode_all(&std::fs::read(path).unwrap()[..]).unwrap()
}

fn each() -> Vec<Recording> {
    let all = recordings();
    let lines = all.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn rebuilt(events: &[Value]) -> VirtualDom {
    let mut dom = VirtualDom::new();
    events.iter().for_each(|event| dom.apply(event));
    assert_eq!(dom.take_faults(), (vec![], 0));
    dom
}

#[test]
fn a_rebuilt_document_is_the_live_one() {
    for recording in each() {
        let dom = rebuilt(&recording.events);
        let digest = dom.digest();
        assert_eq!(
            (digest.value, digest.nodes),
            (recording.digest, recording.nodes),
            "{}",
            recording.name
        );
        assert_eq!(text_of(&dom), without_styles(&recording.text), "{}", recording.name);
    }
}

#[test]
fn a_keyframe_at_any_event_leads_to_the_same_end() {
    for recording in each() {
        let end = rebuilt(&recording.events);
        for at in 2..=recording.events.len() {
            let (before, after) = recording.events.split_at(at);
            let mut events = rebuilt(before).keyframe(&json!(0));
            events.extend_from_slice(after);
            let again = rebuilt(&events);
            assert_eq!(again.digest(), end.digest(), "{} at {at}", recording.name);
            assert_eq!(text_of(&again), text_of(&end), "{} at {at}", recording.name);
        }
    }
}

/// Style sheets and `style` attributes are the browser's to spell, and so is the case of names in drawings.
fn without_styles(live: &str) -> String {
    let clean = |line: &str| {
        let Some((before, after)) = line.split_once(" style=") else {
            return line.trim_end().to_owned();
        };
        let words = after.split(' ').skip(1);
        let kept = words.skip_while(|word| !word.contains('=') && !word.starts_with("value:"));
        std::iter::once(before).chain(kept).collect::<Vec<_>>().join(" ").trim_end().to_owned()
    };
    live.lines().map(clean).collect::<Vec<_>>().join("\n").to_lowercase()
}

/// The document's tree as the live page tells its own.
fn text_of(dom: &VirtualDom) -> String {
    let events = dom.keyframe(&json!(0));
    let framed = |id: &Value| {
        let attached = events.iter().filter(|event| event["data"]["isAttachIframe"] == true);
        let mut adds = attached.map(|event| &event["data"]["adds"][0]);
        adds.find(|add| add["parentId"] == *id).map(|add| add["node"].clone())
    };
    let mut lines = Vec::new();
    for child in events[1]["data"]["node"]["childNodes"].as_array().unwrap() {
        visit(child, "", &mut lines, &framed);
    }
    lines.join("\n").to_lowercase()
}

fn visit(
    node: &Value,
    depth: &str,
    lines: &mut Vec<String>,
    framed: &dyn Fn(&Value) -> Option<Value>,
) {
    let children = node["childNodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if node["type"] == 3 {
        let text = node["textContent"].as_str().unwrap().trim();
        if !text.is_empty() {
            lines.push(format!("{depth}\"{text}\""));
        }
    }
    let Some(tag) = node["tagName"].as_str() else { return };
    if ["script", "noscript", "template", "meta", "link", "base"].contains(&tag) {
        return;
    }
    let shown = if node["isSVG"] == true { tag.to_owned() } else { tag.to_uppercase() };
    lines.push(format!("{depth}{shown} {}", attributes_of(node, tag)).trim_end().to_owned());
    if ["style", "textarea", "head"].contains(&tag) {
        return;
    }
    let is_shadow = |child: &&Value| child["isShadow"] == true;
    children.iter().filter(is_shadow).for_each(|c| visit(c, &format!("{depth} ^"), lines, framed));
    if tag == "iframe" {
        let document = framed(&node["id"]).unwrap_or_default();
        let inner = document["childNodes"].as_array().cloned().unwrap_or_default();
        return inner.iter().for_each(|child| visit(child, &format!("{depth} >"), lines, framed));
    }
    let light = children.iter().filter(|child| !is_shadow(child));
    light.for_each(|child| visit(child, &format!("{depth}  "), lines, framed));
}

fn attributes_of(node: &Value, tag: &str) -> String {
    let attributes = node["attributes"].as_object().unwrap();
    let left_out = [
        "rr_",
        "srcdoc",
        "nonce",
        "src",
        "data-rr",
        "on",
        "href",
        "action",
        "autocomplete",
        "style",
        "_cssText",
    ];
    let mut told: Vec<String> = attributes
        .iter()
        .filter(|(name, _)| !left_out.iter().any(|start| name.starts_with(start)))
        .filter(|(name, _)| !["value", "checked", "selected"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .filter(|text| text != "class=")
        .collect();
    told.sort();
    if ["input", "textarea", "select"].contains(&tag) {
        let value = attributes.get("value").and_then(Value::as_str).unwrap_or_default();
        let checked = attributes.get("checked") == Some(&json!(true));
        return format!("{} value:{value} checked:{checked}", told.join(" "));
    }
    told.join(" ")
}

/// Text of any recorded page, and JSON of any shape, with the marks of templates among it.
fn any_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(|n| json!(n)),
        any::<i64>().prop_map(|n| json!(n)),
        "[a-f0-9:@.-]{0,40}".prop_map(Value::String),
        "\\PC{0,40}".prop_map(Value::String),
        any::<String>().prop_map(Value::String),
        "[a-z {}\"]{500,700}".prop_map(Value::String),
    ];
    let keys = prop_oneof![
        "[a-z]{1,5}",
        Just("_cssText".to_owned()),
        Just("nonce".to_owned()),
        Just("href".to_owned())
    ];
    let tree = leaf.prop_recursive(8, 200, 12, move |inner| {
        let map = prop::collection::vec((keys.clone(), inner.clone()), 0..8);
        let node = prop::collection::vec(inner.clone(), 0..12).prop_map(|children| json!({"type": 2, "tagName": "p", "attributes": {}, "childNodes": children, "id": 3}));
        prop_oneof![
            prop::collection::vec(inner, 0..12).prop_map(Value::Array),
            map.prop_map(|fields| Value::Object(fields.into_iter().collect())),
            node,
        ]
    });
    tree.prop_map(|tree| tree.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_comes_back_byte_for_byte(text in any_text()) {
        let template = split_template(&text).expect("escaped text has no marks");
        prop_assert_eq!(template.rebuild(text.len()).unwrap(), text);
    }
}

#[test]
fn a_recorded_page_comes_back_byte_for_byte() {
    for recording in each() {
        let text = json!(recording.events).to_string();
        let template = split_template(&text).unwrap();
        assert_eq!(template.rebuild(text.len()).unwrap(), text, "{}", recording.name);
    }
}

#[test]
fn events_in_any_order_leave_faults_and_a_document() {
    let all = each();
    for round in 0..60 {
        let mut numbers = Numbers::new(round);
        let recording = &all[numbers.below(all.len())];
        let mut dom = VirtualDom::new();
        for _ in 0..recording.events.len() {
            dom.apply(&recording.events[numbers.below(recording.events.len())]);
        }
        let keyframe = dom.keyframe(&json!(0));
        let mut again = VirtualDom::new();
        keyframe.iter().for_each(|event| again.apply(event));
        assert_eq!(again.digest(), dom.digest(), "round {round}");
    }
}
