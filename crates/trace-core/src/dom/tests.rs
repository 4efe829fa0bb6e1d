//! Small documents and what happens to them; real recordings are in the integration tests.

use serde_json::{Value, json};

use super::*;

fn element(id: i64, tag: &str, children: &[Value]) -> Value {
    json!({"type": 2, "tagName": tag, "attributes": {}, "childNodes": children, "id": id})
}

fn text(id: i64, text: &str) -> Value {
    json!({"type": 3, "textContent": text, "id": id})
}

fn page(body: &[Value]) -> VirtualDom {
    let html = element(2, "html", &[element(3, "head", &[]), element(4, "body", body)]);
    let node = json!({"type": 0, "childNodes": [html], "id": 1});
    let mut dom = VirtualDom::new();
    dom.apply(&json!({"type": 4, "data": {"href": "http://a/", "width": 10, "height": 20}}));
    dom.apply(&json!({"type": 2, "data": {"node": node, "initialOffset": {"left": 0, "top": 7}}}));
    dom
}

fn change(dom: &mut VirtualDom, mut data: Value) {
    for name in ["texts", "attributes", "removes", "adds"] {
        if data.get(name).is_none() {
            data[name] = json!([]);
        }
    }
    data["source"] = json!(0);
    dom.apply(&json!({"type": 3, "data": data}));
}

/// The body as short text, from a keyframe.
fn shown(dom: &VirtualDom) -> String {
    fn one(node: &Value) -> String {
        let children = node["childNodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let inside: Vec<String> = children.iter().map(one).collect();
        match node["tagName"].as_str() {
            Some(tag) => format!("{tag}({})", inside.join(" ")),
            None => node["textContent"].as_str().unwrap_or_default().to_owned(),
        }
    }
    let events = dom.keyframe(&json!(0));
    one(&events[1]["data"]["node"]["childNodes"][0]["childNodes"][1])
}

#[test]
fn additions_wait_for_the_sibling_they_stand_before() {
    let mut dom = page(&[element(5, "ul", &[])]);
    let add = |id: i64, next: Value| json!({"parentId": 5, "nextId": next, "node": element(id, "li", &[text(id + 100, &id.to_string())])});
    change(&mut dom, json!({"adds": [add(6, json!(7)), add(7, json!(8)), add(8, json!(null))]}));
    assert_eq!(shown(&dom), "body(ul(li() li() li()))");
    change(&mut dom, json!({"removes": [{"id": 7, "parentId": 5}]}));
    assert_eq!(dom.take_faults(), (vec![], 0));
    let order: Vec<i64> = dom.keyframe(&json!(0))[1]["data"]["node"]["childNodes"][0]["childNodes"]
        [1]["childNodes"][0]["childNodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["id"].as_i64().unwrap())
        .collect();
    assert_eq!(order, [6, 8]);
}

#[test]
fn broken_references_are_faults_and_the_rest_is_applied() {
    let mut dom = page(&[text(5, "old")]);
    change(
        &mut dom,
        json!({
            "removes": [{"id": 99, "parentId": 4}],
            "adds": [{"parentId": 77, "nextId": null, "node": text(9, "lost")}, {"parentId": 4, "nextId": 66, "node": text(10, "waits for ever")}],
            "texts": [{"id": 5, "value": "new"}, {"id": 98, "value": "x"}],
            "attributes": [{"id": 4, "attributes": {"class": "a"}}],
        }),
    );
    assert_eq!(shown(&dom), "body(new)");
    let codes: Vec<String> = dom.take_faults().0.into_iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["node.unknown", "add.dropped", "add.unresolved", "node.unknown"]);
}

#[test]
fn a_keyframe_leads_to_the_same_document() {
    let mut dom =
        page(&[element(5, "iframe", &[]), element(6, "input", &[]), element(7, "p", &[])]);
    let inner = json!({"type": 0, "id": 20, "childNodes": [element(21, "html", &[element(22, "body", &[text(23, "inside")])])]});
    change(
        &mut dom,
        json!({"isAttachIframe": true, "adds": [{"parentId": 5, "nextId": null, "node": inner}]}),
    );
    change(
        &mut dom,
        json!({"attributes": [{"id": 7, "attributes": {"style": {"color": "red", "margin": false}}}]}),
    );
    let shadow = json!({"type": 2, "tagName": "b", "attributes": {}, "childNodes": [], "id": 30, "isShadow": true});
    change(&mut dom, json!({"adds": [{"parentId": 7, "nextId": null, "node": shadow}]}));
    dom.apply(
        &json!({"type": 3, "data": {"source": 5, "id": 6, "text": "typed", "isChecked": false}}),
    );
    dom.apply(&json!({"type": 3, "data": {"source": 3, "id": 20, "x": 0, "y": 9}}));
    dom.apply(&json!({"type": 3, "data": {"source": 15, "id": 1, "styleIds": [1], "styles": [{"styleId": 1, "rules": []}]}}));
    dom.apply(&json!({"type": 3, "data": {"source": 8, "styleId": 1, "adds": [{"rule": "a{}"}]}}));
    let keyframe = dom.keyframe(&json!(5));
    let mut again = VirtualDom::new();
    keyframe.iter().for_each(|event| again.apply(event));
    assert_eq!(again.take_faults(), (vec![], 0));
    assert_eq!(again.keyframe(&json!(5)), keyframe);
    assert_eq!(again.digest(), dom.digest());
    assert_eq!(
        keyframe.len(),
        7,
        "meta, snapshot, frame, style, sheet, its change, scroll of the frame: {keyframe:#?}"
    );
}

#[test]
fn an_empty_document_has_no_keyframe() {
    let mut dom = VirtualDom::new();
    assert!(dom.keyframe(&json!(0)).is_empty());
    dom.apply(&json!({"type": 2, "data": {"node": {"type": 0, "childNodes": [], "compatMode": "BackCompat", "id": 1}}}));
    assert!(dom.keyframe(&json!(0)).is_empty());
    assert!(page(&[]).has_document());
}

#[test]
fn nothing_stands_inside_itself() {
    let mut dom = page(&[element(5, "div", &[element(6, "p", &[])])]);
    // A player is told the same node again, below its own child.
    change(
        &mut dom,
        json!({"adds": [{"parentId": 6, "nextId": null, "node": element(5, "div", &[])}]}),
    );
    assert_eq!(
        dom.take_faults().0,
        [Fault { code: "add.inside_itself".to_owned(), node: Some(5) }]
    );
}

#[test]
fn depth_is_bounded_before_the_parser_descends() {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(parse_events(&deep(MAX_DEPTH)).is_ok());
    assert!(matches!(parse_events(&deep(MAX_DEPTH + 1)), Err(DomError::TooDeep { .. })));
    assert!(parse_events(r#"["\"[[[["]"#).is_ok());
}

#[test]
fn reads_json_as_the_usual_parser_does() {
    let good = [
        "[]",
        "[ {} , [ ] ]",
        r#"[{"a":[1,-2.5e3,true,null,"\u00e9\"x"],"b":{"c":{}}}]"#,
        r#"[{"a":1,"a":2}]"#,
    ];
    for text in good {
        assert_eq!(
            json!(parse_events(text).unwrap()),
            serde_json::from_str::<Value>(text).unwrap(),
            "{text}"
        );
    }
    let bad = [
        "",
        "[",
        "]",
        "[1,]",
        "[1 2]",
        "[}",
        "{]",
        r#"{"a"}"#,
        r#"[{"a":1,}]"#,
        r#"["a"#,
        "[\"\\",
        "[01]",
        "[nul]",
        "[1]]",
        "[{1:2}]",
        "[\u{1}]",
    ];
    for text in bad {
        assert!(parse_events(text).is_err(), "{text}");
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
    }
}
