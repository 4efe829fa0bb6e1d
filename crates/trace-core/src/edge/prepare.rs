//! From a draft to what is written: broken payloads are told, secrets removed, contents placed.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::blob::{BlobId, Placement, inline_or_blob};
use crate::dom;
use crate::event::{PartRef, Payload, PayloadError, StepId, TemplateRef};
use crate::ship::BlobInfo;

use super::blobs::{BlobRef, BlobWriter};
use super::error::{FileError, explain};
use super::lot::Parts;
use super::options::ContentDraft;
use super::pictures::painted;
use super::secrets::{SECRET, Secrets};

/// A draft that can be written as it is.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    pub(super) step_id: Option<&'a str>,
    pub(super) payload: Checked<'a>,
    /// Why the event lost its step.
    pub(super) complaint: Option<String>,
}

/// A payload that is fit for a line; most are taken as they came.
#[derive(Debug)]
pub(super) enum Checked<'a> {
    /// The fields without the braces.
    Fields(&'a str),
    /// Mended, redacted or grown.
    Changed(Payload),
}

impl Checked<'_> {
    pub(super) fn fields_text(&self) -> &str {
        match self {
            Self::Fields(fields) => fields,
            Self::Changed(payload) => payload.fields_text(),
        }
    }
}

/// Why an event is replaced by a notice.
#[derive(Debug)]
pub(super) enum Unfit {
    /// The producer sent something that is no event: its code and what is wrong.
    Invalid(&'static str, String),
    /// The disk refused a blob.
    Disk(FileError),
}

impl From<FileError> for Unfit {
    fn from(error: FileError) -> Self {
        Self::Disk(error)
    }
}

/// Bytes of one event's payload; a longer line would be refused by every reader.
const MAX_PAYLOAD_BYTES: usize = (16 << 20) - 4096;

/// The envelope's keys, which a payload must not repeat.
const ENVELOPE_KEYS: [&str; 4] = ["ts", "seq", "kind", "step_id"];

/// Turns drafts into payloads; holds what lives as long as the trace.
#[derive(Debug)]
pub(super) struct Preparer {
    pub(super) secrets: Secrets,
    pub(super) blobs: BlobWriter,
    pub(super) new_blobs: Vec<BlobInfo>,
    pub(super) blob_bytes: u64,
}

impl Preparer {
    pub(super) fn prepare<'a>(
        &mut self,
        draft: &Parts<'a>,
        compressor: &mut crate::chunk::Compressor,
    ) -> Result<Prepared<'a>, Unfit> {
        let payload = self.redacted(draft.kind, draft.payload)?;
        // A picture whose masked areas cannot be painted over does not exist.
        let contents = match draft.kind {
            "screenshot" => painted(draft.payload, draft.contents)
                .map_err(|error| Unfit::Invalid("screenshot.left_out", explain(&error)))?,
            _ => Cow::Borrowed(draft.contents),
        };
        let payload = match &*contents {
            [] => payload,
            contents => {
                let placed = contents.iter().map(|content| {
                    let is_document = draft.kind == "dom.snapshot" && content.field == "events";
                    Ok((content.field.as_str(), self.place(content, is_document, compressor)?))
                });
                let placed = placed.collect::<Result<Vec<_>, FileError>>()?;
                Checked::Changed(with_fields(payload.fields_text(), placed)?)
            }
        };
        // The braces count as well.
        let size = payload.fields_text().len() + 2;
        if size > MAX_PAYLOAD_BYTES {
            return Err(Unfit::Invalid("event.too_large", format!("payload has `{size}` bytes")));
        }
        let unfit = draft.step_id.filter(|id| !StepId::fits(id));
        let complaint = unfit.and_then(|id| id.parse::<StepId>().err()).map(|e| e.to_string());
        let step_id = draft.step_id.filter(|_| unfit.is_none());
        Ok(Prepared { step_id, payload, complaint })
    }

    /// Checked first, so that redaction only ever meets JSON; checked again only when redaction changed it.
    fn redacted<'a>(&mut self, kind: &str, text: &'a str) -> Result<Checked<'a>, Unfit> {
        if let Ok(fields) = Payload::check(text) {
            return match self.secrets.set_aside(text) {
                Cow::Borrowed(text) => match self.secrets.apply(kind, text) {
                    Cow::Borrowed(_) => Ok(Checked::Fields(fields)),
                    Cow::Owned(text) => parse(text).map(Checked::Changed),
                },
                Cow::Owned(text) => self.clean(kind, &text),
            };
        }
        let payload = parse(text.to_owned())?;
        let text = self.secrets.set_aside(payload.as_str());
        self.clean(kind, &text)
    }

    fn clean(&mut self, kind: &str, text: &str) -> Result<Checked<'static>, Unfit> {
        parse(self.secrets.apply(kind, text).into_owned()).map(Checked::Changed)
    }

    fn place(
        &mut self,
        content: &ContentDraft,
        is_document: bool,
        compressor: &mut crate::chunk::Compressor,
    ) -> Result<Value, FileError> {
        if content.field == SECRET {
            return Ok(self.secrets.set_aside_bytes(&content.data));
        }
        let data = self.secrets.apply_bytes(&content.media_type, &content.data);
        let mut shape = Map::new();
        shape.insert("size".to_owned(), json!(data.len()));
        shape.insert("media_type".to_owned(), json!(content.media_type));
        if content.truncated > 0 {
            shape.insert("truncated".to_owned(), json!(content.truncated));
        }
        let (key, value) = match (inline_or_blob(data.len()), std::str::from_utf8(&data)) {
            (Placement::Inline, Ok(text)) => ("text", json!(text)),
            (Placement::Inline, Err(_)) => ("base64", json!(STANDARD.encode(&data))),
            (Placement::Blob, Ok(text)) if is_document => match dom::split_template(text) {
                Some(template) => ("template", self.put_template(template, compressor)?),
                None => ("blob", json!(self.put(&data, &content.media_type, compressor)?)),
            },
            (Placement::Blob, _) => {
                ("blob", json!(self.put(&data, &content.media_type, compressor)?))
            }
        };
        shape.insert(key.to_owned(), value);
        Ok(Value::Object(shape))
    }

    fn put(
        &mut self,
        data: &[u8],
        media_type: &str,
        compressor: &mut crate::chunk::Compressor,
    ) -> Result<BlobId, FileError> {
        let placed = self.blobs.put(data, media_type, compressor)?;
        self.blob_bytes += placed.added_bytes;
        if placed.is_new {
            let BlobRef { size, media_type, .. } = placed.reference;
            self.new_blobs.push(BlobInfo { id: placed.id, size, media_type });
        }
        Ok(placed.id)
    }

    /// What all runs of a test share goes to blobs, what differs stays in the line, which was redacted before.
    fn put_template(
        &mut self,
        template: dom::Template,
        compressor: &mut crate::chunk::Compressor,
    ) -> Result<Value, FileError> {
        let dom::Template { parts, variables, authority, check } = template;
        let mut placed = Vec::with_capacity(parts.len());
        for part in parts {
            let blob = self.put(&part, dom::TEMPLATE_MEDIA_TYPE, compressor)?;
            let media_type = dom::TEMPLATE_MEDIA_TYPE.to_owned();
            placed.push(PartRef { blob, size: part.len() as u64, media_type });
        }
        Ok(json!(TemplateRef { parts: placed, variables, authority, check }))
    }
}

/// Checks a producer's payload and mends what can be mended without guessing.
pub(super) fn parse(text: String) -> Result<Payload, Unfit> {
    let text = if text.is_empty() { "{}".to_owned() } else { text };
    let parsed = match Payload::parse(text.as_str()) {
        // Outside strings a line break is only layout, and inside them JSON does not allow one.
        Err(PayloadError::LineBreak(_)) => Payload::parse(text.replace(['\n', '\r'], " ")),
        parsed => parsed,
    };
    let parsed = match parsed {
        Err(PayloadError::EnvelopeKey(_)) => without_envelope_keys(&text),
        parsed => parsed,
    };
    parsed.map_err(|error| Unfit::Invalid("event.invalid", explain(&error)))
}

/// A payload key that the envelope has too would make the line say two things; it goes on under another name.
fn without_envelope_keys(text: &str) -> Result<Payload, PayloadError> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(PayloadError::Json)?;
    for key in ENVELOPE_KEYS {
        if let Some(value) = fields.shift_remove(key) {
            fields.insert(format!("payload_{key}"), value);
        }
    }
    Payload::of(&fields)
}

fn of(value: &Value) -> Result<Payload, Unfit> {
    Payload::of(value).map_err(|error| Unfit::Invalid("event.invalid", explain(&error)))
}

/// The payload with further fields. Plain names are added to the text, which spares parsing a large payload again.
fn with_fields(known: &str, fields: Vec<(&str, Value)>) -> Result<Payload, Unfit> {
    let fresh = |name: &str| !name.contains('.') && !known.contains(&format!("\"{name}\""));
    if fields.iter().all(|(name, _)| fresh(name)) {
        let mut text = format!("{{{known}");
        for (name, value) in fields {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&Value::String(name.to_owned()).to_string());
            text.push(':');
            text.push_str(&value.to_string());
        }
        text.push('}');
        return parse(text);
    }
    let mut whole = Value::Object(parse(format!("{{{known}}}"))?.fields());
    for (name, value) in fields {
        set(&mut whole, name, value);
    }
    of(&whole)
}

/// Sets a field by its dotted path; whatever is no object on the way is replaced by one.
fn set(whole: &mut Value, path: &str, value: Value) {
    let mut place = whole;
    for part in path.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[part];
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: &str, fields: &[(&str, Value)], want: &str) {
        let payload = Payload::parse(payload).unwrap();
        let got = with_fields(payload.fields_text(), fields.to_vec()).unwrap();
        assert_eq!(got.as_str(), want);
    }

    #[test]
    fn contents_become_fields_by_name_and_by_path() {
        let content = json!({"size":1});
        check("{}", &[("body", content.clone())], r#"{"body":{"size":1}}"#);
        check(r#"{"a":1.0}"#, &[("body", content.clone())], r#"{"a":1.0,"body":{"size":1}}"#);
        check(
            r#"{"data":{"x":1}}"#,
            &[("data.c", content.clone())],
            r#"{"data":{"x":1,"c":{"size":1}}}"#,
        );
        check(r#"{"body":null}"#, &[("body", content.clone())], r#"{"body":{"size":1}}"#);
        check(r#"{"data":3}"#, &[("data.c.d", content)], r#"{"data":{"c":{"d":{"size":1}}}}"#);
    }

    #[test]
    fn mends_layout_and_names_but_not_nonsense() {
        assert_eq!(parse("{\n\"a\":\r\n1}".to_owned()).unwrap().as_str(), "{\"a\":  1}");
        assert_eq!(parse(String::new()).unwrap().as_str(), "{}");
        let renamed = parse(r#"{"seq":5,"a":{"seq":6}}"#.to_owned()).unwrap();
        assert_eq!(renamed.as_str(), r#"{"a":{"seq":6},"payload_seq":5}"#);
        for bad in ["[]", "{", "{\"a\":\"\n\"}x", "nul"] {
            assert!(
                matches!(parse(bad.to_owned()), Err(Unfit::Invalid("event.invalid", _))),
                "{bad}"
            );
        }
    }
}
