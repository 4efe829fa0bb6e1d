//! All rules for one decoded text.

use std::ops::Range;

use super::find::Hit;
use super::learnt;
use super::pairs::{self, Mode};
use super::patterns::{is_whole_jwt, jwt_kind};
use super::redactor::Redactor;

/// Kinds that only tell where a value stood; what stands there may be an ordinary word.
const BY_PLACE: [&str; 10] = [
    "value", "cookie", "header", "number", "input", "bearer", "basic", "userinfo", "entropy",
    "card",
];

impl Redactor {
    /// The text without its secrets; none when it holds none.
    pub(super) fn text(&mut self, text: &str, mode: Mode) -> Option<String> {
        if is_digest(text) {
            return None;
        }
        let hits = self.hits(text, mode, 0);
        self.replaced(text, &hits)
    }

    fn replaced(&mut self, text: &str, hits: &[Hit]) -> Option<String> {
        let (mut out, mut copied, mut changed) = (String::new(), 0, false);
        for Hit { range, kind, decoded } in hits {
            let original = &text[range.clone()];
            let Some(placeholder) = self.ledger.replace(kind, original) else { continue };
            self.note(kind, decoded.as_deref().unwrap_or(original));
            out.push_str(&text[copied..range.start]);
            out.push_str(&placeholder);
            copied = range.end;
            changed = true;
        }
        changed.then(|| out + &text[copied..])
    }

    /// A header's value without its secrets.
    pub(super) fn header_value(&mut self, name: &str, value: &str) -> Option<String> {
        let (kind, ranges) = pairs::header(name, value);
        let hits: Vec<Hit> = ranges.into_iter().map(|range| of_place(kind, value, range)).collect();
        self.replaced(value, &hits)
    }

    /// The placeholder of a whole value.
    pub(super) fn whole(&mut self, kind: &str, value: &str) -> Option<String> {
        let jwt = is_whole_jwt(value).then(|| jwt_kind(value));
        let kind = jwt.as_deref().unwrap_or(kind);
        let placeholder = self.ledger.replace(kind, value)?;
        self.note(kind, value);
        Some(placeholder)
    }

    /// Learns a replaced value, unless it is a word that may stand anywhere.
    fn note(&mut self, kind: &str, value: &str) {
        if !BY_PLACE.contains(&kind) || learnt::is_particular(value) {
            self.learnt.add(kind, value);
        }
        // Cookies and links carry their value with percent signs; pages and logs show it without.
        if let Some(decoded) =
            super::encoded::percent_decoded(value).filter(|text| learnt::is_particular(text))
        {
            self.learnt.add(kind, &decoded);
        }
        if let Some(password) =
            super::patterns::basic_password(kind, value).filter(|text| learnt::is_particular(text))
        {
            self.learnt.add("password", &password);
        }
    }
}

fn of_place(kind: &'static str, text: &str, range: Range<usize>) -> Hit {
    let value = &text[range.clone()];
    let kind = if is_whole_jwt(value) { jwt_kind(value).into() } else { kind.into() };
    Hit { range, kind, decoded: None }
}

/// `sha256:` and 64 hexadecimal digits: the name of a blob, never a secret.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
