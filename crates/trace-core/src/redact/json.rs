//! JSON walked with its keys: only the values that hold secrets are rewritten, every other byte stays.

use std::ops::Range;

use super::pairs::{self, Mode};
use super::redactor::Redactor;
use super::{body, text};
use crate::scan;

/// A line nested deeper is refused by every reader, so nothing below is looked at.
const MAX_DEPTH: usize = 128;
/// JSON in a string in JSON in a string …
const MAX_NESTING: usize = 4;

/// A replacement in the text that is walked.
pub(super) type Edit = (Range<usize>, String);

/// Where the walk is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The key that the value belongs to.
    pub(super) key: &'a str,
    /// How many objects and arrays are around it.
    pub(super) depth: usize,
    /// How many strings of JSON are around it.
    pub(super) nesting: usize,
}

impl Redactor {
    /// JSON text without its secrets; none when it holds none. The text must be valid JSON.
    pub(super) fn json(&mut self, json: &str, nesting: usize) -> Option<String> {
        let mut edits = Vec::new();
        let start = scan::skip_space(json.as_bytes(), 0);
        let end = scan::value_end(json.as_bytes(), start)?;
        let found = scan::Found { raw: &json.as_bytes()[start..end], start };
        self.value(found, Place { key: "", depth: 0, nesting }, &mut edits);
        applied(json, edits)
    }

    fn value(&mut self, found: scan::Found<'_>, place: Place<'_>, edits: &mut Vec<Edit>) {
        match found.raw.first() {
            Some(b'"') => self.string(found, place, edits),
            Some(b'{') if place.depth < MAX_DEPTH => self.object(found, place, edits),
            Some(b'[') if place.depth < MAX_DEPTH => self.array(found, place, edits),
            Some(b'-' | b'0'..=b'9') if self.keys.is_secret(place.key) => {
                let number = String::from_utf8_lossy(found.raw);
                let placeholder = self.whole("number", &number);
                push(edits, found, placeholder);
            }
            _ => {}
        }
    }

    fn string(&mut self, found: scan::Found<'_>, place: Place<'_>, edits: &mut Vec<Edit>) {
        let Some(text) = scan::string(found.raw) else { return };
        let replaced = self.string_text(&text, place);
        push(edits, found, replaced);
    }

    fn string_text(&mut self, text: &str, place: Place<'_>) -> Option<String> {
        if text::is_digest(text)
            || matches!(place.key, "blob" | "digest") && text.starts_with("sha256:")
        {
            return None;
        }
        if place.key == COOKIE_VALUE {
            return self.whole("cookie", text);
        }
        if self.keys.is_header(place.key) {
            return self.header_value(place.key, text);
        }
        let weak = self.keys.is_weak(place.key) && pairs::looks_random(text);
        if self.keys.is_secret(place.key) || weak {
            return self.whole("value", text);
        }
        self.loose(text, place.nesting, Mode::Plain)
    }

    /// Text of unknown nature: JSON when it is JSON, text otherwise.
    pub(super) fn loose(&mut self, text: &str, nesting: usize, mode: Mode) -> Option<String> {
        let trimmed = text.trim_ascii();
        let bracketed = (trimmed.starts_with('{') && trimmed.ends_with('}'))
            || (trimmed.starts_with('[') && trimmed.ends_with(']'));
        let is_json =
            bracketed && serde_json::from_str::<&serde_json::value::RawValue>(trimmed).is_ok();
        if is_json && nesting < MAX_NESTING {
            self.json(text, nesting + 1)
        } else {
            self.text(text, mode)
        }
    }

    fn array(&mut self, found: scan::Found<'_>, place: Place<'_>, edits: &mut Vec<Edit>) {
        let place = Place { depth: place.depth + 1, ..place };
        if let Some((name, value)) = header_pair(found.raw)
            && self.keys.is_header(&name)
        {
            return self.value(shifted(value, found.start), Place { key: &name, ..place }, edits);
        }
        for item in scan::items(found.raw) {
            self.value(shifted(item, found.start), place, edits);
        }
    }

    fn object(&mut self, found: scan::Found<'_>, place: Place<'_>, edits: &mut Vec<Edit>) {
        let content = body::content_of(found.raw);
        let named = named_value(found.raw);
        for (key, value) in scan::fields(found.raw) {
            let place_of_key = key.as_ptr().addr() - found.raw.as_ptr().addr() + found.start;
            let quoted = place_of_key - 1..place_of_key + key.len() + 1;
            let key = scan::unescape(key);
            if let Some(clean) = self.text(&key, Mode::Code) {
                edits.push((quoted, scan::quote(&clean)));
            }
            let value = shifted(value, found.start);
            let key = match &named {
                Some(name) if key == "value" && !self.keys.is_secret(&key) => name.as_str(),
                _ => key.as_ref(),
            };
            let inner = Place { key, depth: place.depth + 1, nesting: place.nesting };
            match &content {
                Some(content) if matches!(key, "text" | "base64") => {
                    self.content(content, key, value, inner, edits);
                }
                _ => self.value(value, inner, edits),
            }
        }
        if let Some(content) = content {
            content.correct_size(found.start, edits);
        }
    }
}

/// Replaces a string by another, when there is another.
pub(super) fn push(edits: &mut Vec<Edit>, found: scan::Found<'_>, replaced: Option<String>) {
    if let Some(text) = replaced {
        edits.push((found.start..found.start + found.raw.len(), scan::quote(&text)));
    }
}

/// The text with the edits carried out.
fn applied(json: &str, mut edits: Vec<Edit>) -> Option<String> {
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|(range, _)| range.start);
    let (mut out, mut copied) = (String::with_capacity(json.len()), 0);
    for (range, text) in edits {
        out.push_str(&json[copied..range.start]);
        out.push_str(&text);
        copied = range.end;
    }
    Some(out + &json[copied..])
}

fn shifted(found: scan::Found<'_>, by: usize) -> scan::Found<'_> {
    scan::Found { start: found.start + by, ..found }
}

/// `["name", "value"]`.
fn header_pair(raw: &[u8]) -> Option<(String, scan::Found<'_>)> {
    let mut items = scan::items(raw);
    let name = scan::string(items.next()?.raw)?.into_owned();
    let value = items.next().filter(|value| value.raw.first() == Some(&b'"'))?;
    items.next().is_none().then_some((name, value))
}

/// The name under which the member `value` of `{"name": …, "value": …}` is judged: cookies always count as cookies.
fn named_value(raw: &[u8]) -> Option<String> {
    scan::field(raw, "value")?;
    let is_cookie =
        ["domain", "httpOnly", "sameSite"].iter().any(|key| scan::field(raw, key).is_some());
    let name = scan::string_field(raw, "name").filter(|name| name != "parameter");
    match name.or_else(|| scan::string_field(raw, "key")) {
        Some(_) if is_cookie => Some(COOKIE_VALUE.to_owned()),
        name => name.map(std::borrow::Cow::into_owned),
    }
}

/// The key under which a cookie's value is walked; the space keeps it apart from every real key.
const COOKIE_VALUE: &str = "cookie value";
