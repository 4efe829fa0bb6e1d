//! Fields of payloads read one at a time: a field that is missing or of another type is none, never an error.

use crate::event::{Event, Kind};
use crate::scan;

fn payload(event: &Event) -> &[u8] {
    event.payload.as_str().as_bytes()
}

/// A field's JSON text; `null` is none.
pub(crate) fn raw<'a>(event: &'a Event, name: &str) -> Option<&'a [u8]> {
    scan::field(payload(event), name).map(|found| found.raw).filter(|raw| *raw != b"null")
}

pub(crate) fn text(event: &Event, name: &str) -> Option<String> {
    scan::string(raw(event, name)?).map(std::borrow::Cow::into_owned)
}

pub(crate) fn number(event: &Event, name: &str) -> Option<f64> {
    scan::number(raw(event, name)?)
}

pub(crate) fn integer(event: &Event, name: &str) -> Option<u64> {
    std::str::from_utf8(raw(event, name)?).ok()?.parse().ok()
}

pub(crate) fn flag(event: &Event, name: &str) -> Option<bool> {
    match raw(event, name)? {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// A list of texts; none when there is no list.
pub(crate) fn strings(event: &Event, name: &str) -> Option<Vec<String>> {
    let raw = raw(event, name).filter(|raw| raw.first() == Some(&b'['))?;
    Some(
        scan::items(raw)
            .filter_map(|item| scan::string(item.raw))
            .map(std::borrow::Cow::into_owned)
            .collect(),
    )
}

/// A field inside an object field: `of(event, "scenario", "slug")`.
pub(crate) fn of(event: &Event, object: &str, name: &str) -> Option<String> {
    scan::string_field(raw(event, object)?, name).map(std::borrow::Cow::into_owned)
}

/// Any JSON value, cut to a text when it is long, for summaries.
pub(crate) fn value(event: &Event, name: &str) -> Option<serde_json::Value> {
    const LONGEST: usize = 2048;
    let raw = raw(event, name)?;
    if raw.len() <= LONGEST {
        return serde_json::from_slice(raw).ok();
    }
    let start = String::from_utf8_lossy(&raw[..LONGEST]);
    Some(serde_json::Value::from(format!("{start}…")))
}

/// `error.message`, or `error` when it is a text.
pub(crate) fn error_message(event: &Event) -> Option<String> {
    of(event, "error", "message").or_else(|| text(event, "error"))
}

/// A failed request, an answer of status 400 or above, or a console error.
pub(crate) fn is_problem(event: &Event) -> bool {
    match event.kind {
        Kind::NetworkResponse => number(event, "status").is_some_and(|status| status >= 400.0),
        Kind::NetworkFailed => flag(event, "canceled") != Some(true),
        Kind::ConsoleError => true,
        _ => false,
    }
}
