//! Playwright's own trace is kept without what the record does not say either.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use serde_json::{Value, json};
use trace_core::edge::{Masks, Recorder, RecorderOptions};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::kit::{lines, of_kind, options, passed};

const PASSWORD: &str = "correct horse 9";
const PIN: &str = "4711";
const COOKIE: &str = "c00kie-value-abc123";
const CSRF: &str = "csrf-5f2d7a9e";
const BEARER: &str = "tok0123456789abcdefghij";

fn jsonl(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A call that types, its log, and the copy of the page that shows what the field holds.
fn typing(call: &str, selector: &str, kind: &str, value: &str) -> Vec<Value> {
    let field = json!(["INPUT", {"type": kind, "id": "f1", "__playwright_value_": value}]);
    vec![
        json!({"type": "before", "callId": call, "class": "Frame", "method": "fill",
            "title": format!("Fill \"{value}\""), "params": {"selector": selector, "value": value}}),
        json!({"type": "log", "callId": call, "message": format!("  fill(\"{value}\")")}),
        json!({"type": "frame-snapshot", "snapshot": {"callId": call, "phase": "after",
            "html": ["HTML", {}, ["BODY", {}, ["P", {}, "hello"], field]]}}),
        json!({"type": "after", "callId": call}),
    ]
}

fn members() -> Vec<(&'static str, Vec<u8>)> {
    let mut trace = vec![json!({"version": 10, "type": "context-options"})];
    // No name and no label tells that this field is secret; only the copy of the page does, which comes later.
    trace.extend(typing("a@1", "#f1", "password", PASSWORD));
    trace.extend(typing("a@2", "internal:label=\"Security code\"i", "text", PIN));
    trace.extend(typing("a@3", "#city", "text", "Lisbon"));
    trace.push(json!({"type": "console", "text": format!("sent Bearer {BEARER}")}));
    trace.push(json!({"type": "screencast-frame", "file": "screencast/page@1-2.jpeg"}));
    let mut trace = jsonl(&trace);
    trace.push_str("{\"type\":\"event\",\"cut off in the midd");
    let form = format!("user=me&password={}", PASSWORD.replace(' ', "+"));
    let network = json!({"type": "resource-snapshot", "snapshot": {
        "request": {"method": "POST", "url": "http://127.0.0.1/login", "cookies": [{"name": "sid", "value": COOKIE}],
            "headers": [{"name": "Cookie", "value": format!("sid={COOKIE}")}],
            "postData": {"mimeType": "application/x-www-form-urlencoded", "text": form}},
        "response": {"status": 200, "headers": [], "cookies": [],
            "content": {"mimeType": "application/json; charset=utf-8", "_file": "resources/ab12.dat"}}}});
    let socket = json!({"type": "resource-snapshot", "snapshot": {
        "request": {"method": "GET", "url": "ws://127.0.0.1/live", "cookies": [], "headers": []},
        "response": {"status": 101, "headers": [], "cookies": [],
            "content": {"mimeType": "x-unknown", "_file": "resources/ws1.jsonl"}}}});
    let frames =
        jsonl(&[json!({"type": "frame", "data": json!({"access_token": BEARER}).to_string()})]);
    vec![
        (
            "test.trace",
            jsonl(&[
                json!({"type": "before", "callId": "t@1", "title": format!("Fill \"{PASSWORD}\"")}),
            ])
            .into(),
        ),
        ("1-trace.trace", trace.into()),
        ("1-trace.network", jsonl(&[network, socket]).into()),
        ("1-trace.stacks", br#"{"files":["a.spec.ts"],"stacks":[]}"#.to_vec()),
        ("resources/ab12.dat", json!({"password": PASSWORD, "kept": "words"}).to_string().into()),
        (
            "resources/cd34.html",
            format!("<input type=hidden name=x value=\"1\"><!-- csrf_token={CSRF} -->").into(),
        ),
        ("resources/ws1.jsonl", frames.into()),
        ("resources/ef56.png", vec![0x89, b'P', b'N', b'G', 0, 255]),
        ("screencast/page@1-2.jpeg", vec![0xff, 0xd8, 1]),
        ("src/aa.ts", format!("await page.fill('#f1', '{PASSWORD}');").into()),
    ]
}

fn write_zip(path: &Path) {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members() {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    std::fs::write(path, zip.finish().unwrap().into_inner()).unwrap();
}

/// The members of the kept archive, and the record's notices.
fn kept(name: &str, masks: Masks) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    let from = root.path().join("from.zip");
    write_zip(&from);
    let recorder = Recorder::start(RecorderOptions { masks, ..options(root.path(), 1) }).unwrap();
    recorder.add_artifact(name.parse().unwrap(), from.clone(), true);
    let report = passed(&recorder);
    assert!(!from.exists(), "what was taken is gone from where it was");
    let manifest = std::fs::read_to_string(report.dir.join("manifest.json")).unwrap();
    assert!(manifest.contains(name), "{manifest}");
    let bytes = std::fs::read(report.dir.join(name)).unwrap();
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut members = BTreeMap::new();
    for n in 0..zip.len() {
        let mut member = zip.by_index(n).unwrap();
        let (name, mut bytes) = (member.name().unwrap().into_owned(), Vec::new());
        member.read_to_end(&mut bytes).unwrap();
        members.insert(name, bytes);
    }
    let lines = lines(&report.dir);
    let notices = of_kind(&lines, "capture.notice").into_iter();
    (members, notices.map(ToString::to_string).collect())
}

fn text(members: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(members[name].clone()).unwrap()
}

/// Every line still parses, and what the lines refer to is there.
fn check_loads(members: &BTreeMap<String, Vec<u8>>) {
    for name in ["test.trace", "1-trace.trace", "1-trace.network", "resources/ws1.jsonl"] {
        for line in text(members, name).lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            for file in [&line["file"], &line["snapshot"]["response"]["content"]["_file"]] {
                assert!(file.as_str().is_none_or(|file| members.contains_key(file)), "{file}");
            }
        }
    }
}

/// Of the first context as of any other.
#[test]
fn secrets_go_from_every_member_and_the_rest_stays() {
    for name in [FIRST, "trace.playwright-2.zip"] {
        check_clean(name);
    }
}

const FIRST: &str = "trace.playwright.zip";

fn check_clean(name: &str) {
    let (members, notices) = kept(name, Masks::default());
    check_loads(&members);
    for (name, bytes) in &members {
        let all = String::from_utf8_lossy(bytes);
        for secret in [PASSWORD, &PASSWORD.replace(' ', "+"), COOKIE, CSRF, BEARER, PIN] {
            assert!(!all.contains(secret), "`{secret}` stands in `{name}`: {all}");
        }
    }
    let trace = text(&members, "1-trace.trace");
    assert_eq!(trace.lines().count(), 15, "{trace}");
    assert!(trace.contains("Fill \\\"Lisbon\\\"") && trace.contains("hello"), "{trace}");
    assert!(text(&members, "resources/ab12.dat").contains("words"));
    let given: BTreeMap<_, _> = members_by_name();
    for same in ["1-trace.stacks", "resources/ef56.png", "screencast/page@1-2.jpeg"] {
        assert_eq!(members[same], given[same]);
    }
    assert_eq!(members.len(), given.len());
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].contains("playwright_zip.left_out")
            && notices[0].contains("1 lines that are no JSON")
    );
}

fn members_by_name() -> BTreeMap<&'static str, Vec<u8>> {
    members().into_iter().collect()
}

/// What cannot be masked in a picture or in a copy of the page is left out, and the record says so.
#[test]
fn masks_leave_out_what_shows_the_masked() {
    let (members, notices) = kept(FIRST, Masks { inputs: false, elements: true });
    check_loads(&members);
    assert!(!members.keys().any(|name| name.starts_with("screencast/")));
    let trace = text(&members, "1-trace.trace");
    assert!(!trace.contains("frame-snapshot") && !trace.contains("screencast-frame"), "{trace}");
    assert!(
        notices[0].contains("3 copies of the page") && notices[0].contains("1 pictures"),
        "{notices:?}"
    );
    let (members, _) = kept(FIRST, Masks { inputs: true, elements: false });
    check_loads(&members);
    assert!(!text(&members, "1-trace.trace").contains("Lisbon"), "every field is masked");
    assert!(!members.keys().any(|name| name.starts_with("screencast/")));
}

/// An archive that is none is not kept, and the trace is finished all the same.
#[test]
fn nonsense_is_told_and_not_kept() {
    let root = tempfile::tempdir().unwrap();
    let from = root.path().join("from.zip");
    std::fs::write(&from, b"PK no zip at all").unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    recorder.add_artifact("trace.playwright.zip".parse().unwrap(), from, false);
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    assert_eq!(of_kind(&lines, "capture.notice")[0]["code"], "artifact.missing");
    assert!(!report.dir.join("trace.playwright.zip").exists());
}
