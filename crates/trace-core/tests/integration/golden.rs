//! Golden traces: what earlier versions wrote stays readable, byte for byte.

use std::collections::BTreeSet;

use serde_json::Value;
use trace_core::Kind;
use trace_core::event::Body;
use trace_core::ndjson::{Code, decode, encode};
use trace_core::trace::{ReadError, TraceReader};

use crate::support::{fixture, golden};

#[test]
fn golden_lines_come_back_byte_for_byte() {
    let bytes = golden();
    let decoded = decode(&bytes);
    assert_eq!(decoded.diagnostics, []);
    let mut again = Vec::new();
    for event in &decoded.events {
        encode(event, &mut again);
    }
    assert!(bytes == again, "decode → encode changed the golden trace");
}

#[test]
fn every_kind_occurs_and_reads_as_its_type() {
    let mut kinds = BTreeSet::new();
    for event in decode(&golden()).events {
        let body = event.body().unwrap_or_else(|error| panic!("seq {}: {error:?}", event.seq));
        assert_eq!(body.kind(), event.kind);
        let written: Value = serde_json::from_str(body.payload().unwrap().as_str()).unwrap();
        let original: Value = serde_json::from_str(event.payload.as_str()).unwrap();
        // Numbers keep their value but not their spelling: a time of `5` is written as `5.0` by a typed view.
        assert!(same(&original, &written), "seq {}\n{original}\n{written}", event.seq);
        kinds.insert(event.kind);
    }
    let missing: Vec<_> = Kind::KNOWN.iter().filter(|kind| !kinds.contains(kind)).collect();
    assert!(missing.is_empty(), "no golden event of {missing:?}");
}

/// Documented fields must be typed, not caught by `extra`: an unknown kind is the only body without a type.
#[test]
fn documented_fields_are_typed() {
    for event in decode(&golden()).events {
        let body = event.body().unwrap();
        if let Body::Other { kind, .. } = &body {
            assert_eq!(&**kind, "dom.hologram");
            continue;
        }
        let shown = format!("{body:?}");
        let caught = shown.matches("extra: {").count();
        let empty = shown.matches("extra: {}").count();
        assert_eq!(caught, empty, "seq {}: {shown}", event.seq);
    }
}

/// The table of docs/format.md and the golden trace name the same fields.
#[test]
fn the_golden_trace_shows_every_documented_field() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/format.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let events = decode(&golden()).events;
    let mut n_rows = 0;
    for row in docs.lines().filter(|row| row.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let kind = Kind::from_name(cells[1].trim_matches('`'));
        if !Kind::KNOWN.contains(&kind) || kind == Kind::ScenarioEvent || kind == Kind::DomMutation
        {
            continue;
        }
        n_rows += 1;
        for field in fields_of(cells[2]) {
            let shown =
                events.iter().any(|e| e.kind == kind && e.payload.field_text(&field).is_some());
            assert!(shown, "no golden `{kind}` has `{field}`");
        }
    }
    assert!(n_rows > 20, "the table of docs/format.md was not found");
}

/// The names in backticks at the top level of a table's cell: neither in parentheses nor in braces.
fn fields_of(cell: &str) -> Vec<String> {
    let (mut depth, mut name, mut names) = (0_i32, None::<String>, Vec::new());
    for character in cell.split(" written ").next().unwrap_or_default().chars() {
        match (character, &mut name) {
            ('`', None) => name = Some(String::new()),
            ('`', Some(_)) => names.extend(name.take().filter(|_| depth == 0)),
            (_, Some(name)) => name.push(character),
            ('(' | '{', None) => depth += 1,
            (')' | '}', None) => depth -= 1,
            _ => {}
        }
    }
    names
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            // A documented `null` reads as absent.
            let told = |map: &serde_json::Map<String, Value>| {
                map.values().filter(|v| !v.is_null()).count()
            };
            told(a) == told(b)
                && a.iter().all(|(key, a)| a.is_null() || b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn a_trace_cut_short_gives_everything_before_the_cut() {
    let decoded = decode(&fixture("cut-short.ndjson"));
    assert_eq!(decoded.events.len(), 20);
    let told: Vec<_> = decoded.diagnostics.iter().map(|d| (d.code, d.line)).collect();
    assert_eq!(told, [(Code::CutShort, 21)]);
}

#[test]
fn a_trace_from_the_future_is_refused_by_name() {
    let bytes = fixture("from-the-future.ndjson");
    let decoded = decode(&bytes);
    assert_eq!((decoded.events.len(), decoded.diagnostics.len()), (0, 1));
    assert_eq!(decoded.diagnostics[0].code, Code::FromTheFuture);
    let Err(ReadError::FromTheFuture(told)) = TraceReader::open(&bytes[..]) else {
        panic!("a newer trace was opened")
    };
    assert!(told.message.contains("`2`") && told.message.contains("`1`"), "{told}");
}
