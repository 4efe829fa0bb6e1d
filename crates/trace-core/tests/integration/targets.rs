#![expect(unreachable_pub, reason = "the fuzz crate includes this file as a module of its own")]
//! What the fuzzer feeds: one function a decoder. They must neither panic nor hang, and keep what they promise.
//!
//! Shared by the fuzz crate (through `#[path]`) and by the smoke test that CI runs without it.

use trace_core::blob::{BlobId, decode_stored};
use trace_core::chunk::frame::{Frames, decode_all, decompress};
use trace_core::chunk::{Index, decode_tolerant};
use trace_core::ndjson::{decode, decode_line, encode, envelope};
use trace_core::trace::{Select, TraceReader};

/// Small enough that a bomb would be noticed, large enough for every honest input.
const MAX_BYTES: usize = 1 << 20;

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

/// A query.
pub fn query(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _parsed = trace_core::query::Query::parse(text);
    }
}
