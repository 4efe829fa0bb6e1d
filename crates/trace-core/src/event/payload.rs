//! The payload: JSON text of an object, kept as text so that nothing is lost or reordered.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use thiserror::Error;

/// Why a text is no payload, or a payload is not of the wanted shape.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Not JSON.
    #[error("payload is not JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("payload is not a JSON object: it begins with `{0}`")]
    NotAnObject(char),
    /// A raw line break, which would split the line.
    #[error("payload has a raw line break at byte `{0}`")]
    LineBreak(usize),
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
/// Invariants: begins with `{`, ends with `}`, is valid JSON and holds no raw line break.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Box<str>);

impl Payload {
    /// Checks that `text` is one JSON object without raw line breaks.
    pub fn parse(text: impl Into<Box<str>>) -> Result<Self, PayloadError> {
        let text: Box<str> = text.into();
        let trimmed = text.trim_ascii();
        if let Some(at) = memchr::memchr2(b'\n', b'\r', trimmed.as_bytes()) {
            return Err(PayloadError::LineBreak(at));
        }
        serde_json::from_str::<&RawValue>(trimmed).map_err(PayloadError::Json)?;
        match trimmed.chars().next() {
            Some('{') if trimmed.len() == text.len() => Ok(Self(text)),
            Some('{') => Ok(Self(trimmed.into())),
            other => Err(PayloadError::NotAnObject(other.unwrap_or('?'))),
        }
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
        serde_json::from_str(&self.0).map_err(|source| PayloadError::Shape { kind, source })
    }

    /// The fields as a map. The invariants make this infallible; a broken one reads as empty.
    pub fn fields(&self) -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
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
        for bad in ["", "[]", "{", "{\"a\":1}{", "{\n}", "3"] {
            assert!(Payload::parse(bad).is_err(), "{bad}");
        }
    }
}
