//! Bodies: what a media type says about the text, and where multipart hides its fields.

use std::borrow::Cow;
use std::cell::Cell;

use base64::Engine as _;

use super::json::{Edit, Place, push};
use super::pairs::Mode;
use super::redactor::Redactor;
use crate::scan;

/// How a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Json,
    Form,
    Multipart,
    Plain,
    /// JSON in every line, by itself or behind `data:`.
    Lines,
    Code,
    /// Pictures, fonts, archives: never touched.
    Opaque,
}

fn reading(media_type: &str) -> Reading {
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/json" | "text/json" | "application/manifest+json" => Reading::Json,
        "application/x-www-form-urlencoded" => Reading::Form,
        "multipart/form-data" => Reading::Multipart,
        "application/javascript"
        | "application/x-javascript"
        | "text/javascript"
        | "text/css"
        | "application/ecmascript"
        | "text/x-component" => Reading::Code,
        "application/xml" | "application/graphql" | "application/jwt" => Reading::Plain,
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "text/event-stream" => Reading::Lines,
        other if other.ends_with("+json") => Reading::Json,
        other if other.starts_with("text/") || other.ends_with("+xml") => Reading::Plain,
        _ => Reading::Opaque,
    }
}

/// The Content object that is being walked.
#[derive(Debug)]
pub(super) struct Content<'a> {
    media_type: Cow<'a, str>,
    /// Where the member `size` stands in the object, and its new value once the text has changed.
    size: Option<scan::Found<'a>>,
    new_size: Cell<Option<usize>>,
}

/// The object as Content; none when it has no media type.
pub(super) fn content_of(raw: &[u8]) -> Option<Content<'_>> {
    let media_type = scan::string_field(raw, "media_type")?;
    Some(Content { media_type, size: scan::field(raw, "size"), new_size: Cell::new(None) })
}

impl Content<'_> {
    /// `size` counts the stored bytes, so it follows a text that has changed.
    pub(super) fn correct_size(&self, object_start: usize, edits: &mut Vec<Edit>) {
        if let (Some(size), Some(bytes)) = (&self.size, self.new_size.get()) {
            let start = object_start + size.start;
            edits.push((start..start + size.raw.len(), bytes.to_string()));
        }
    }
}

impl Redactor {
    /// The inline text or bytes of a Content.
    pub(super) fn content(
        &mut self,
        content: &Content<'_>,
        key: &str,
        value: scan::Found<'_>,
        place: Place<'_>,
        edits: &mut Vec<Edit>,
    ) {
        let Some(text) = scan::string(value.raw) else { return };
        if key == "text" {
            let replaced = self.body(&content.media_type, &text, place.nesting, Reading::Plain);
            content.new_size.set(replaced.as_ref().map(String::len).or(content.new_size.get()));
            return push(edits, value, replaced);
        }
        let engine = base64::engine::general_purpose::STANDARD;
        let Ok(bytes) = engine.decode(text.as_bytes()) else { return };
        if let Cow::Owned(clean) = self.apply_bytes(&content.media_type, &bytes) {
            content.new_size.set(Some(clean.len()));
            push(edits, value, Some(engine.encode(clean)));
        }
    }

    /// A body without its secrets, for bodies that are hashed and stored as blobs. Bytes that are no text stay as they are.
    pub fn apply_bytes<'a>(&mut self, media_type: &str, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if reading(media_type) == Reading::Opaque || !self.may_hold(bytes) {
            return Cow::Borrowed(bytes);
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.foreign_bytes(media_type, bytes);
        };
        self.ledger.observe(text);
        match self
            .settled(text, |redactor, text| redactor.body(media_type, text, 0, Reading::Opaque))
        {
            Some(clean) => Cow::Owned(clean.into_bytes()),
            None => Cow::Borrowed(bytes),
        }
    }

    /// Text in another encoding, or a multipart body with a file in it: each byte is read as one character, so that
    /// everything outside the secrets keeps its bytes.
    fn foreign_bytes<'a>(&mut self, media_type: &str, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let text: String = bytes.iter().copied().map(char::from).collect();
        let clean = self
            .settled(&text, |redactor, text| redactor.body(media_type, text, 0, Reading::Opaque));
        let back = |clean: String| {
            clean.chars().map(|ch| u8::try_from(u32::from(ch)).unwrap_or(b'?')).collect()
        };
        clean.map_or(Cow::Borrowed(bytes), |clean| Cow::Owned(back(clean)))
    }

    /// `unknown` is how text of a media type without a rule is read.
    fn body(
        &mut self,
        media_type: &str,
        text: &str,
        nesting: usize,
        unknown: Reading,
    ) -> Option<String> {
        let reading = match reading(media_type) {
            Reading::Opaque => unknown,
            known => known,
        };
        match reading {
            Reading::Json | Reading::Plain => self.loose(text, nesting, Mode::Plain),
            Reading::Form => self.loose(text, nesting, Mode::Form),
            Reading::Code => self.text(text, Mode::Code),
            Reading::Lines => self.lines(text, nesting),
            Reading::Multipart => self.multipart(text, nesting),
            Reading::Opaque => None,
        }
    }

    fn lines(&mut self, text: &str, nesting: usize) -> Option<String> {
        let mut changed = false;
        let mut clean_one = |line: &str| {
            let (field, value) = match line.strip_prefix("data:") {
                Some(value) => line.split_at(line.len() - value.trim_start().len()),
                None => ("", line),
            };
            let clean = self.loose(value, nesting, Mode::Plain)?;
            changed = true;
            Some(format!("{field}{clean}"))
        };
        let lines: Vec<Cow<'_, str>> = text
            .split_inclusive('\n')
            .map(|line| clean_one(line).map_or(Cow::Borrowed(line), Cow::Owned))
            .collect();
        let clean = lines.concat();
        // A secret may go over several lines, as a key in PEM does.
        let whole = self.text(&clean, Mode::Plain);
        whole.or_else(|| changed.then_some(clean))
    }

    fn multipart(&mut self, text: &str, nesting: usize) -> Option<String> {
        let boundary =
            text.split("\r\n").next().filter(|line| line.starts_with("--") && line.len() > 2)?;
        let mut changed = false;
        let parts: Vec<Cow<'_, str>> = text
            .split(boundary)
            .map(|part| match self.part(part, nesting) {
                Some(clean) => {
                    changed = true;
                    Cow::Owned(clean)
                }
                None => Cow::Borrowed(part),
            })
            .collect();
        changed.then(|| parts.join(boundary))
    }

    /// One field: headers, an empty line, the value.
    fn part(&mut self, part: &str, nesting: usize) -> Option<String> {
        let (head, tail) = part.split_once("\r\n\r\n")?;
        let value = tail.strip_suffix("\r\n").unwrap_or(tail);
        let name = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next());
        let clean = if name.is_some_and(|name| self.keys.is_secret_in_url(name)) {
            self.whole("value", value)
        } else if head.contains("filename=") && value.contains('\0') {
            None
        } else {
            self.loose(value, nesting, Mode::Plain)
        };
        clean.map(|clean| format!("{head}\r\n\r\n{clean}{}", &tail[value.len()..]))
    }
}
