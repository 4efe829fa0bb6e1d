#![expect(unreachable_pub, reason = "the fuzz crate includes this file as a module of its own")]
//! What the fuzzer feeds: one function a decoder. They must neither panic nor hang, and keep what they promise.
//!
//! Shared by the fuzz crate (through `#[path]`) and by the smoke test that CI runs without it.

use trace_core::TraceId;
use trace_core::blob::{BlobId, decode_stored};
use trace_core::chunk::frame::{Frames, decode_all, decompress};
use trace_core::chunk::{Index, decode_tolerant};
use trace_core::dom::{VirtualDom, parse_events, split_template};
use trace_core::ndjson::{decode, decode_line, encode, envelope};
use trace_core::query::{Context, Query};
use trace_core::redact::{Redactor, Rules};
use trace_core::trace::{ManifestBuilder, Select, StepTree, SummaryBuilder, TraceReader};

/// Small enough that a bomb would be noticed, large enough for every honest input.
const MAX_BYTES: usize = 1 << 20;

/// A value that must not be found again.
const CANARY: &str = "fuzz-canary-5up3rs3cr3t";

/// One line.
pub fn line(data: &[u8]) {
    let head = envelope(data);
    if let Ok(event) = decode_line(data) {
        let mut again = Vec::new();
        encode(&event, &mut again);
        assert_eq!(
            decode_line(&again).as_ref(),
            Ok(&event),
            "a decoded line must encode and decode again"
        );
        assert!(
            event.payload.fields_text().is_empty()
                || !event.payload.fields().is_empty()
                || has_odd_numbers(data)
        );
        let _typed = event.body();
        let _field = event.payload.field("scenario.slug");
        if let Some(head) = head {
            assert_eq!((head.seq, head.kind), (event.seq, event.kind.as_str()));
        }
    }
}

/// `1e999` is JSON, but no number that a map can hold.
fn has_odd_numbers(data: &[u8]) -> bool {
    data.iter().any(|byte| matches!(byte, b'e' | b'E'))
}

/// Many lines.
pub fn lines(data: &[u8]) {
    let decoded = decode(data);
    let n_lines = data.split(|byte| *byte == b'\n').count();
    assert!(decoded.events.len() <= n_lines);
}

/// One frame and many frames.
pub fn frames(data: &[u8]) {
    let _one = decompress(data, MAX_BYTES);
    let strict = decode_all(data, MAX_BYTES);
    let tolerant = decode_tolerant(data, MAX_BYTES);
    assert!(tolerant.raw.len() <= MAX_BYTES);
    if let Ok(raw) = strict {
        assert_eq!(tolerant.raw, raw, "what is whole must read alike");
        assert_eq!(tolerant.diagnostics, []);
    }
    let covered: usize =
        Frames::new(data).map_while(Result::ok).map(|frame| frame.bytes.len()).sum();
    assert!(covered <= data.len());
}

/// The index at a file's end.
pub fn index(data: &[u8]) {
    if let Some(index) = Index::from_payload(data) {
        let _frames =
            (index.frames_of_kind("action"), index.frames_of_seq(1, 9), index.frames_of_step("s1"));
        index.to_frame().expect("what was read can be written");
    }
}

/// A whole file of any shape.
pub fn reader(data: &[u8]) {
    let Ok(reader) = TraceReader::open(data) else { return };
    let n_events = reader.events().flatten().count();
    let n_steps = reader.select(Select::all().step("s1")).flatten().count();
    assert!(n_steps <= n_events);
    let _told = reader.verify();
}

/// A stored blob, asked for by a name it has not.
pub fn stored(data: &[u8]) {
    let id = BlobId::of(data);
    if data.len() <= MAX_BYTES {
        assert_eq!(decode_stored(&id, data, MAX_BYTES).expect("stored as it is"), data);
    }
    assert!(decode_stored(&BlobId::of(b"another"), data, MAX_BYTES).is_err() || data == b"another");
}

/// A query in the first line, asked of the lines below it.
pub fn query(data: &[u8]) {
    let (text, below) = halves(data);
    let Some(query) = std::str::from_utf8(text).ok().and_then(|text| Query::parse(text).ok())
    else {
        return;
    };
    let context = Context::default();
    for line in below.split(|byte| *byte == b'\n') {
        let raw = query.matches_line(line, &context);
        if let Ok(event) = decode_line(line) {
            assert_eq!(raw, query.matches(&event, &context), "a line and its event answer alike");
        }
    }
}

/// An event's payload: its kind in the first line, the JSON below it.
pub fn redact(data: &[u8]) {
    let (kind, payload) = halves(data);
    let (kind, text) = (String::from_utf8_lossy(kind), String::from_utf8_lossy(payload));
    let mut redactor = Redactor::new(Rules::default()).expect("the default rules compile");
    let clean = redactor.apply(&kind, &text);
    if is_json(text.as_bytes()) {
        assert!(is_json(clean.as_bytes()), "JSON stays JSON");
    }
    let beside = serde_json::json!({ "text": text, "password": CANARY }).to_string();
    let clean = redactor.apply(&kind, &beside);
    assert!(is_json(clean.as_bytes()) && !clean.contains(CANARY), "nothing hides a password");
}

/// A body: its media type in the first line, the bytes below it.
pub fn redact_bytes(data: &[u8]) {
    let (media_type, body) = halves(data);
    let media_type = String::from_utf8_lossy(media_type);
    let mut redactor = Redactor::new(Rules::default()).expect("the default rules compile");
    let clean = redactor.apply_bytes(&media_type, body);
    if media_type == "application/json" && is_json(body) {
        assert!(is_json(&clean), "JSON stays JSON");
    }
}

/// References in text of any shape.
pub fn manifest(data: &[u8]) {
    let mut builder = ManifestBuilder::default();
    data.split(|byte| *byte == b'\n').for_each(|line| builder.push_line(line));
    let once = builder.clone().finish(TraceId::from_random([7; 16]));
    assert!(once.blobs.iter().all(|blob| BlobId::from_hex(&blob.sha256).is_ok()));
    data.split(|byte| *byte == b'\n').for_each(|line| builder.push_line(line));
    assert_eq!(builder.finish(once.trace_id), once, "each reference counts once");
}

/// What a server tells of lines of any shape.
pub fn summary(data: &[u8]) {
    let mut builder = SummaryBuilder::default();
    builder.push_bytes(data);
    let events = decode(data).events;
    events.iter().for_each(|event| builder.push(event));
    let summary = builder.finish();
    assert_eq!(summary.total_lines, events.len() as u64);
    assert_eq!(summary.raw_bytes, data.len() as u64);
    serde_json::to_vec(&summary).expect("a summary can be written");
}

/// The tree of steps that begin and end in any order.
pub fn steps(data: &[u8]) {
    let tree = StepTree::build(&decode(data).events);
    let inside = tree.steps.iter().map(|step| step.children.len()).sum::<usize>();
    assert_eq!(tree.roots.len() + inside, tree.steps.len(), "each step lies in one place");
    for step in &tree.steps {
        assert_eq!(tree.get(&step.id), Some(step));
        let _innermost = tree.deepest_failure(step);
    }
    let _at_fault = tree.failed_step();
}

/// What stands before and behind the first line break.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// Events of a document, as JSON.
pub fn dom(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(template) = split_template(&text) {
        assert_eq!(template.rebuild(text.len()).as_deref(), Ok(&*text), "a template is lossless");
    }
    let Ok(events) = parse_events(&text) else { return };
    let mut dom = VirtualDom::new();
    events.iter().for_each(|event| dom.apply(event));
    let keyframe = dom.keyframe(&serde_json::Value::Null);
    let mut again = VirtualDom::new();
    keyframe.iter().for_each(|event| again.apply(event));
    if !keyframe.is_empty() {
        assert_eq!(again.digest(), dom.digest(), "a keyframe leads to the same document");
    }
}
