//! The payload: JSON text of an object, kept as text so that nothing is lost or reordered.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::scan::{self, Fault};

/// The keys of the envelope; a payload never has them.
pub(crate) const ENVELOPE_KEYS: [&str; 4] = ["ts", "seq", "kind", "step_id"];

/// Why a text is no payload, or a payload is not of the wanted shape.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Not JSON.
    #[error("payload is not JSON from byte `{0}` on")]
    Syntax(usize),
    /// A value that JSON cannot hold.
    #[error("payload cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("payload is not a JSON object: it begins with `{0}`")]
    NotAnObject(char),
    /// Nested deeper than [`super::MAX_DEPTH`].
    #[error("payload is nested deeper than 128 levels at byte `{0}`")]
    TooDeep(usize),
    /// A raw line break, which would split the line.
    #[error("payload has a raw line break at byte `{0}`")]
    LineBreak(usize),
    /// A key that belongs to the envelope; the line would say it twice.
    #[error("payload has the envelope's key `{0}`; rename it")]
    EnvelopeKey(&'static str),
    /// A typed view asked for fields that are not there or of another type.
    #[error("payload of `{kind}` has not the documented shape")]
    Shape {
        /// The kind whose shape was expected.
        kind: &'static str,
        /// What serde found.
        #[source]
        source: serde_json::Error,
    },
}

/// The fields of an event beside the envelope, as compact or verbatim JSON text of one object.
///
/// Invariants: begins with `{`, ends with `}`, is valid JSON of at most 128 levels, holds no raw line break and no key of
/// the envelope.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Box<str>);

impl Payload {
    /// Checks that `text` is one JSON object that can stand behind an envelope.
    pub fn parse(text: impl Into<Box<str>>) -> Result<Self, PayloadError> {
        let text: Box<str> = text.into();
        let trimmed = text.trim_ascii();
        if let Some(at) = memchr::memchr2(b'\n', b'\r', trimmed.as_bytes()) {
            return Err(PayloadError::LineBreak(at));
        }
        check_fields(trimmed)?;
        Ok(match tight(trimmed) {
            None if trimmed.len() == text.len() => Self(text),
            None => Self(trimmed.into()),
            Some(tight) => Self(tight.into()),
        })
    }

    /// The fields of `text`, to be written behind an envelope as they are; checked as [`Payload::parse`] does, without a copy.
    #[cfg(feature = "edge")]
    pub(crate) fn check(text: &str) -> Result<&str, PayloadError> {
        let trimmed = text.trim_ascii();
        if let Some(at) = memchr::memchr2(b'\n', b'\r', trimmed.as_bytes()) {
            return Err(PayloadError::LineBreak(at));
        }
        check_fields(trimmed)?;
        Ok(trimmed[1..trimmed.len() - 1].trim_ascii())
    }

    /// The payload of fields that [`Payload::check`] gave.
    #[cfg(feature = "edge")]
    pub(crate) fn from_fields(fields: &str) -> Self {
        let mut text = String::with_capacity(fields.len() + 2);
        text.push('{');
        text.push_str(fields);
        text.push('}');
        Self(text.into_boxed_str())
    }

    /// Takes text whose invariants the decoder has just checked.
    pub(crate) fn from_checked(text: String) -> Self {
        // Strings cannot hold a raw `\r`, so one that got this far is white space between tokens.
        let breaks = memchr::memchr(b'\r', text.as_bytes()).is_some();
        let text = if breaks { text.replace('\r', " ") } else { text };
        Self(tight(&text).unwrap_or(text).into_boxed_str())
    }

    /// Serialises a value that becomes a JSON object.
    pub fn of(value: &impl Serialize) -> Result<Self, PayloadError> {
        serde_json::to_string(value).map_err(PayloadError::Json).and_then(Self::parse)
    }

    /// `{}`.
    pub fn empty() -> Self {
        Self("{}".into())
    }

    /// The object's text, braces included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text between the braces: what is written behind the envelope. Empty for `{}`.
    pub fn fields_text(&self) -> &str {
        self.0[1..self.0.len() - 1].trim_ascii()
    }

    /// A typed view of the payload.
    pub fn read<T: DeserializeOwned>(&self, kind: &'static str) -> Result<T, PayloadError> {
        parse_mended(&self.0).map_err(|source| PayloadError::Shape { kind, source })
    }

    /// The fields as a map. The invariants make this infallible; a broken one reads as empty.
    pub fn fields(&self) -> serde_json::Map<String, Value> {
        parse_mended(&self.0).unwrap_or_default()
    }

    /// One field by its dotted path (`scenario.slug`, `headers.0`), without building any other value.
    ///
    /// A key that itself holds dots is found by its whole name first.
    pub fn field(&self, path: &str) -> Option<Value> {
        self.field_text(path).and_then(|text| parse_mended(text).ok())
    }

    /// The JSON text of one field by its dotted path.
    pub fn field_text(&self, path: &str) -> Option<&str> {
        lookup(&self.0, path)
    }
}

/// Finds `path` in an object's or array's text.
fn lookup<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    if text.starts_with('[') {
        return lookup_index(text, path);
    }
    if let Some(whole) = lookup_key(text, path) {
        return Some(whole);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        lookup_key(text, &path[..dot]).and_then(|inner| lookup(inner, &path[dot + 1..]))
    })
}

fn lookup_key<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut found = None;
    let _valid = scan::object(text.as_bytes(), |field| {
        if field.is(key) {
            found = Some(field.value);
        }
        found.is_none()
    });
    found.and_then(|range| text.get(range))
}

/// Arrays are small where paths reach into them (headers, titles), so a raw parse is cheap enough.
fn lookup_index<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let (index, rest) = path.split_once('.').map_or((path, None), |(at, rest)| (at, Some(rest)));
    let items: Vec<&'a serde_json::value::RawValue> = serde_json::from_str(text).ok()?;
    let item = items.get(index.parse::<usize>().ok()?)?.get();
    rest.map_or(Some(item), |rest| lookup(item, rest))
}

/// The object without white space just inside its braces, which the line would not keep; `None` when there is none.
fn tight(text: &str) -> Option<String> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    let trimmed = inside.trim_ascii();
    (trimmed.len() < inside.len()).then(|| format!("{{{trimmed}}}"))
}

/// Valid JSON object, not too deep, without the envelope's keys.
fn check_fields(text: &str) -> Result<(), PayloadError> {
    let mut stray = None;
    scan::object(text.as_bytes(), |field| {
        stray = stray.or_else(|| field.place_in(&ENVELOPE_KEYS).map(|place| ENVELOPE_KEYS[place]));
        true
    })
    .map_err(|fault| match fault {
        Fault::Syntax(at) => PayloadError::Syntax(at),
        Fault::TooDeep(at) => PayloadError::TooDeep(at),
        Fault::NotAnObject(_) => PayloadError::NotAnObject(text.chars().next().unwrap_or('?')),
    })?;
    stray.map_or(Ok(()), |key| Err(PayloadError::EnvelopeKey(key)))
}

/// Parses; text that serde refuses is read once more with its lone surrogates replaced.
///
/// `JSON.stringify` writes half an emoji as `\ud83d`, which is valid JSON but no Rust string; without this, one such
/// field would make the whole payload unreadable.
fn parse_mended<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| match mend_surrogates(text) {
        Cow::Owned(mended) => serde_json::from_str(&mended),
        Cow::Borrowed(_) => Err(error),
    })
}

/// Replaces every `\ud800`–`\udfff` that has no partner by `\ufffd`.
fn mend_surrogates(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let escape = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let mut mended: Option<String> = None;
    let mut at = 0;
    while let Some(slash) = memchr::memchr(b'\\', &bytes[at..]).map(|found| at + found) {
        let is_low = |unit: Option<u16>| matches!(unit, Some(0xdc00..=0xdfff));
        at = match unit(slash) {
            Some(0xd800..=0xdbff) if is_low(unit(slash + 6)) => slash + 12,
            Some(0xd800..=0xdfff) => {
                let text = mended.get_or_insert_with(|| text.to_owned());
                text.replace_range(slash..slash + 6, "\\ufffd");
                slash + 6
            }
            _ => (slash + 2).min(bytes.len()),
        };
    }
    mended.map_or(Cow::Borrowed(text), Cow::Owned)
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_text_and_refuses_what_would_break_a_line() {
        let text = r#"{"b":1.0,"a":{"z":1e5}}"#;
        assert_eq!(Payload::parse(text).unwrap().as_str(), text);
        assert_eq!(Payload::parse(text).unwrap().fields_text(), r#""b":1.0,"a":{"z":1e5}"#);
        for bad in ["", "[]", "{", "{\"a\":1}{", "{\n}", "3", "{\"seq\":1}", "{\"\\u0074s\":1}"] {
            assert!(Payload::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_field_is_read_by_its_path() {
        let payload = Payload::parse(r#"{"a":{"b.c":{"d":[1,{"e":2.50}]}},"a.x":true}"#).unwrap();
        let check =
            |path: &str, want: Option<&str>| assert_eq!(payload.field_text(path), want, "{path}");
        check("a.b.c.d.1.e", Some("2.50"));
        check("a.x", Some("true"));
        check("a.b.c.d.7", None);
        check("nope", None);
        assert_eq!(payload.field("a.b.c.d.0"), Some(Value::from(1)));
    }

    #[test]
    fn half_an_emoji_does_not_hide_the_other_fields() {
        let payload =
            Payload::parse(r#"{"text":"\ud83d!","pair":"\ud83d\ude00","slash":"\\ud83d"}"#);
        let fields = payload.unwrap().fields();
        assert_eq!(fields["text"], "\u{fffd}!");
        assert_eq!(fields["pair"], "\u{1f600}");
        assert_eq!(fields["slash"], "\\ud83d");
    }
}
