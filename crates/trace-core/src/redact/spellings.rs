//! How a value may be spelt in text.

use std::borrow::Cow;

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// An encoding in which a secret stands. Its name ends the placeholder's kind, as in `cookie-base64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Plain,
    Percent,
    Json,
    Base64,
    Hex,
    Html,
}

impl Spelling {
    /// The kind of what stands there.
    pub(super) fn kind(self, kind: &str) -> Cow<'_, str> {
        match self {
            Self::Plain => Cow::Borrowed(kind),
            Self::Percent => Cow::Owned(format!("{kind}-percent")),
            Self::Json => Cow::Owned(format!("{kind}-json")),
            Self::Base64 => Cow::Owned(format!("{kind}-base64")),
            Self::Hex => Cow::Owned(format!("{kind}-hex")),
            Self::Html => Cow::Owned(format!("{kind}-html")),
        }
    }
}

/// Every usual spelling of the value, the plain one first, each once.
pub(super) fn of(value: &str) -> Vec<(Spelling, Vec<u8>)> {
    let mut forms = vec![(Spelling::Plain, value.as_bytes().to_vec())];
    let mut add = |spelling, bytes: Vec<u8>| {
        if !forms.iter().any(|(_, known)| *known == bytes) {
            forms.push((spelling, bytes));
        }
    };
    let escaped = json(value);
    let twice = json(&escaped);
    // A line that holds text with JSON in it escapes once more.
    add(Spelling::Json, json(&twice).into_bytes());
    add(Spelling::Json, twice.into_bytes());
    add(Spelling::Json, escaped.replace('/', "\\/").into_bytes());
    add(Spelling::Json, escaped.into_bytes());
    // `encodeURIComponent`, then what a form does.
    let component = percent(value, b"-_.!~*'()");
    add(Spelling::Percent, lowercase_escapes(&component).into_bytes());
    add(Spelling::Percent, component.into_bytes());
    add(Spelling::Percent, percent(value, b"-_.*").replace("%20", "+").into_bytes());
    let html = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    add(Spelling::Html, html.replace('\'', "&#39;").into_bytes());
    add(Spelling::Html, html.into_bytes());
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    add(Spelling::Hex, hex.to_ascii_uppercase().into_bytes());
    add(Spelling::Hex, hex.into_bytes());
    for offset in 0..3 {
        add(Spelling::Base64, base64_at(value.as_bytes(), offset, &STANDARD_NO_PAD));
        add(Spelling::Base64, base64_at(value.as_bytes(), offset, &URL_SAFE_NO_PAD));
    }
    forms
}

/// The characters of Base64 that depend on nothing but the bytes, when they begin at this offset of a group of three.
pub(super) fn base64_at(bytes: &[u8], offset: usize, engine: &impl base64::Engine) -> Vec<u8> {
    let mut shifted = vec![0; offset];
    shifted.extend_from_slice(bytes);
    let text = engine.encode(&shifted).into_bytes();
    let (first, last) = ((offset * 8).div_ceil(6), shifted.len() * 8 / 6);
    text.get(first..last).map_or_else(Vec::new, <[u8]>::to_vec)
}

fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn percent(value: &str, kept: &[u8]) -> String {
    let one = |byte: u8| match byte {
        _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(one).collect()
}

/// `%2F` as `%2f`.
fn lowercase_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let (digits, rest) = part.split_at(part.len().min(2));
        out + "%" + &digits.to_ascii_lowercase() + rest
    })
}
