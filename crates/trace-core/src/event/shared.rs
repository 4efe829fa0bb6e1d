//! Shapes that several kinds share.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::blob::BlobId;

/// Fields a version does not know; they survive reading and writing.
pub type Extra = Map<String, Value>;

/// Headers as `[name, value]` pairs, names in lower case, order and repeats kept.
pub type Headers = Vec<(String, String)>;

/// A payload, inline or by the name of its blob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ContentFields", into = "ContentFields")]
pub struct Content {
    /// Stored bytes.
    pub size: u64,
    /// The media type, with its parameters.
    pub media_type: String,
    /// The bytes or where they are.
    pub data: ContentData,
    /// Bytes of the original that are missing.
    pub truncated: Option<u64>,
    /// Fields this version does not know.
    pub extra: Extra,
}

/// The bytes of a [`Content`], or where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentData {
    /// Inline text.
    Text(String),
    /// Inline bytes, in base64.
    Base64(String),
    /// In the blob of that name.
    Blob(BlobId),
    /// Shared parts in blobs, and what differs from run to run; see [`Template`](crate::dom::Template).
    Template(Box<TemplateRef>),
}

/// A recorded document as the record refers to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRef {
    /// The parts, in the order in which they are needed.
    pub parts: Vec<PartRef>,
    /// What differs, in the order of the text.
    pub variables: Vec<String>,
    /// Host and port of the page.
    pub authority: String,
    /// The first 16 hex digits of the SHA-256 of the text.
    pub check: String,
}

/// One part of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRef {
    /// Its blob.
    pub blob: BlobId,
    /// Its bytes.
    pub size: u64,
    /// Its media type.
    pub media_type: String,
}

impl Content {
    /// Inline text of that media type.
    pub fn text(text: impl Into<String>, media_type: &str) -> Self {
        let text = text.into();
        Self::of(text.len() as u64, media_type, ContentData::Text(text))
    }

    /// Inline bytes of that media type.
    pub fn bytes(bytes: &[u8], media_type: &str) -> Self {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        Self::of(bytes.len() as u64, media_type, ContentData::Base64(text))
    }

    /// `size` bytes that lie in a blob.
    pub fn blob(id: BlobId, size: u64, media_type: &str) -> Self {
        Self::of(size, media_type, ContentData::Blob(id))
    }

    fn of(size: u64, media_type: &str, data: ContentData) -> Self {
        Self { size, media_type: media_type.to_owned(), data, truncated: None, extra: Extra::new() }
    }

    /// The blob it refers to, if it is not inline.
    pub fn blob_id(&self) -> Option<BlobId> {
        match &self.data {
            ContentData::Blob(id) => Some(*id),
            _ => None,
        }
    }

    /// The inline bytes; none for blobs, templates and broken base64.
    pub fn inline_bytes(&self) -> Option<Vec<u8>> {
        use base64::Engine;
        match &self.data {
            ContentData::Text(text) => Some(text.clone().into_bytes()),
            ContentData::Base64(text) => {
                base64::engine::general_purpose::STANDARD.decode(text).ok()
            }
            ContentData::Blob(_) | ContentData::Template(_) => None,
        }
    }
}

/// [`Content`] as it stands on the wire.
#[derive(Serialize, Deserialize)]
struct ContentFields {
    size: u64,
    media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blob: Option<BlobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<Box<TemplateRef>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    truncated: Option<u64>,
    #[serde(flatten)]
    extra: Extra,
}

impl TryFrom<ContentFields> for Content {
    type Error = &'static str;
    fn try_from(fields: ContentFields) -> Result<Self, Self::Error> {
        let ContentFields { size, media_type, text, base64, blob, template, truncated, extra } =
            fields;
        let data = match (text, base64, blob, template) {
            (Some(text), None, None, None) => ContentData::Text(text),
            (None, Some(base64), None, None) => ContentData::Base64(base64),
            (None, None, Some(blob), None) => ContentData::Blob(blob),
            (None, None, None, Some(template)) => ContentData::Template(template),
            _ => {
                return Err("content needs exactly one of `text`, `base64`, `blob` and `template`");
            }
        };
        Ok(Self { size, media_type, data, truncated, extra })
    }
}

impl From<Content> for ContentFields {
    fn from(content: Content) -> Self {
        let Content { size, media_type, data, truncated, extra } = content;
        let (mut text, mut base64, mut blob, mut template) = (None, None, None, None);
        match data {
            ContentData::Text(data) => text = Some(data),
            ContentData::Base64(data) => base64 = Some(data),
            ContentData::Blob(id) => blob = Some(id),
            ContentData::Template(data) => template = Some(data),
        }
        Self { size, media_type, text, base64, blob, template, truncated, extra }
    }
}

/// A place in the project's source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file, relative to the project's root.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What went wrong in the test, the page or a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceError {
    /// What happened, without ANSI colours.
    pub message: String,
    /// The error's class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The stack, one frame a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_has_exactly_one_body() {
        let check = |text: &str, fits: bool| {
            assert_eq!(serde_json::from_str::<Content>(text).is_ok(), fits, "{text}");
        };
        check(r#"{"size":1,"media_type":"text/plain","text":"a"}"#, true);
        check(r#"{"size":1,"media_type":"text/plain","text":"a","base64":"YQ=="}"#, false);
        check(r#"{"size":1,"media_type":"text/plain"}"#, false);
        check(r#"{"size":1,"media_type":"text/plain","blob":"sha256:no"}"#, false);
    }

    #[test]
    fn unknown_fields_stay() {
        let text = r#"{"size":3,"media_type":"image/png","base64":"AQID","truncated":4,"new":[1]}"#;
        let content: Content = serde_json::from_str(text).unwrap();
        assert_eq!(content.inline_bytes().unwrap(), [1, 2, 3]);
        assert_eq!(serde_json::to_string(&content).unwrap(), text);
    }
}
