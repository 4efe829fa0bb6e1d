//! Known values, found in bytes of any kind and in every usual spelling, and replaced.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::RedactError;

/// A spelling that is shorter is met by chance.
const MIN_FORM_BYTES: usize = 4;

/// Values and what stands instead of each.
///
/// A replacement must be plain enough for every text, as `[REDACTED:kind:n]` is: it stands in JSON, in URLs and in markup.
pub struct Literals {
    forms: AhoCorasick,
    /// The replacement of each form.
    by: Vec<String>,
}

impl std::fmt::Debug for Literals {
    /// The values are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Literals").field("forms", &self.by.len()).finish_non_exhaustive()
    }
}

impl Literals {
    /// Values with their replacements; fails when they are too many for one automaton.
    pub fn new<'a>(
        values: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RedactError> {
        let (mut forms, mut by): (Vec<Vec<u8>>, Vec<String>) = (Vec::new(), Vec::new());
        for (value, replacement) in values.into_iter().filter(|(value, _)| !value.is_empty()) {
            for form in spellings(value) {
                forms.push(form);
                by.push(replacement.to_owned());
            }
        }
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        Ok(Self { forms: built.map_err(RedactError::Literals)?, by })
    }

    /// The bytes without the values, and how many places were replaced.
    pub fn replace<'a>(&self, bytes: &'a [u8]) -> (Cow<'a, [u8]>, u64) {
        let (mut out, mut copied, mut count) = (Vec::new(), 0, 0);
        for found in self.forms.find_iter(bytes) {
            out.extend_from_slice(&bytes[copied..found.start()]);
            out.extend_from_slice(self.by[found.pattern().as_usize()].as_bytes());
            copied = found.end();
            count += 1;
        }
        if count == 0 {
            return (Cow::Borrowed(bytes), 0);
        }
        out.extend_from_slice(&bytes[copied..]);
        (Cow::Owned(out), count)
    }
}

/// The value plain, with percent signs, JSON escapes, entities, as hexadecimal digits and as Base64 wherever it begins in
/// a group of three.
fn spellings(value: &str) -> Vec<Vec<u8>> {
    let bytes = value.as_bytes();
    let escaped = json(value);
    let component = percent(bytes, b"-_.!~*'()");
    let html = entities(value);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        escaped.replace('/', "\\/"),
        json(&json(&escaped)),
        json(&escaped),
        unicode_escapes(value, |ch| !ch.is_ascii()),
        unicode_escapes(value, |_| true),
        percent(bytes, b"-_.*").replace("%20", "+"),
        percent(bytes, b""),
        lower_escapes(&component),
        component,
        html.replace('\'', "&#39;"),
        html.replace('\'', "&#x27;"),
        html,
        hex.to_ascii_uppercase(),
        hex,
        escaped,
    ];
    for offset in 0..3 {
        forms.push(base64_at(bytes, offset, &STANDARD_NO_PAD));
        forms.push(base64_at(bytes, offset, &URL_SAFE_NO_PAD));
    }
    forms.retain(|form| form.len() >= MIN_FORM_BYTES);
    forms.push(value.to_owned());
    forms.sort_unstable();
    forms.dedup();
    forms.into_iter().map(String::into_bytes).collect()
}

fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn unicode_escapes(text: &str, is_escaped: fn(char) -> bool) -> String {
    let unit = |unit: u16| format!("\\u{unit:04x}");
    text.chars()
        .map(|ch| match ch {
            ch if is_escaped(ch) => {
                ch.encode_utf16(&mut [0; 2]).iter().copied().map(unit).collect::<String>()
            }
            ch => json(ch.encode_utf8(&mut [0; 4])),
        })
        .collect()
}

fn percent(bytes: &[u8], kept: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b if b.is_ascii_alphanumeric() || kept.contains(b) => char::from(*b).to_string(),
        b => format!("%{b:02X}"),
    };
    bytes.iter().map(one).collect()
}

fn lower_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let (digits, rest) = part.split_at(part.len().min(2));
        out + "%" + &digits.to_ascii_lowercase() + rest
    })
}

fn entities(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

/// The characters of Base64 that depend on nothing but the bytes, when they begin at this offset of a group of three.
fn base64_at(bytes: &[u8], offset: usize, engine: &impl base64::Engine) -> String {
    let mut shifted = vec![0; offset];
    shifted.extend_from_slice(bytes);
    let text = engine.encode(&shifted);
    let (first, last) = ((offset * 8).div_ceil(6), shifted.len() * 8 / 6);
    text.get(first..last).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    const SECRET: &str = "pä/ss w&rd\"7'z";

    fn check(name: &str, text: &str) {
        let literals = Literals::new([(SECRET, "[GONE]")]).unwrap();
        let (clean, count) = literals.replace(text.as_bytes());
        assert_eq!(count, 1, "{name}: {text}");
        assert!(String::from_utf8_lossy(&clean).contains("[GONE]"), "{name}");
    }

    #[test]
    fn every_spelling_is_found() {
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        check("plain", &format!("x{SECRET}y"));
        check("json", &serde_json::json!({ "a": SECRET }).to_string());
        check("json in json", &serde_json::json!({ "a": json(SECRET) }).to_string());
        check("ascii json", "\"p\\u00e4/ss w&rd\\\"7'z\"");
        check("percent", "?q=p%C3%A4%2Fss%20w%26rd%227'z");
        check("form", "q=p%C3%A4%2Fss+w%26rd%227%27z");
        check("lower percent", "?q=p%c3%a4%2fss%20w%26rd%227'z");
        check("html", "pä/ss w&amp;rd&quot;7&#39;z");
        check("hex", &hex);
        for (offset, front) in ["", "x", "xy"].into_iter().enumerate() {
            let text = STANDARD_NO_PAD.encode(format!("{front}{SECRET}!"));
            check(&format!("base64 at {offset}"), &text);
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        let literals = Literals::new([("abcdefgh", "x"), ("", "y")]).unwrap();
        let (clean, count) = literals.replace(b"abcdefg \xff abcdefg");
        assert_eq!((&*clean, count), (&b"abcdefg \xff abcdefg"[..], 0));
        assert!(!format!("{literals:?}").contains("abc"));
    }
}
