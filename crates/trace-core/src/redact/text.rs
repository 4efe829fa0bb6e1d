//! All rules for one decoded text.

use std::ops::Range;

use super::cards;
use super::pairs::{self, Mode};
use super::patterns::{is_whole_jwt, jwt_kind};
use super::redactor::Redactor;

impl Redactor {
    /// The text without its secrets; none when it holds none.
    pub(super) fn text(&mut self, text: &str, mode: Mode) -> Option<String> {
        if is_digest(text) {
            return None;
        }
        let mut current: Option<String> = None;
        // Keys come first, so that a value is replaced whole, not only the part that has a known shape.
        let ranges = pairs::find(text, mode, &self.keys);
        keep(&mut current, self.replace_ranges("value", text, &ranges));
        for at in 0..self.patterns.len() {
            let (pattern, ledger) = (&self.patterns[at], &mut self.ledger);
            let replaced = pattern
                .apply(current.as_deref().unwrap_or(text), &mut |kind, original| {
                    ledger.replace(kind, original)
                });
            keep(&mut current, replaced);
        }
        if self.rules.card_numbers && mode != Mode::Code {
            let ranges = cards::find(current.as_deref().unwrap_or(text));
            let replaced = self.replace_ranges("card", current.as_deref().unwrap_or(text), &ranges);
            keep(&mut current, replaced);
        }
        if self.rules.high_entropy && mode != Mode::Code {
            let ranges = cards::find_entropy(current.as_deref().unwrap_or(text));
            let replaced =
                self.replace_ranges("entropy", current.as_deref().unwrap_or(text), &ranges);
            keep(&mut current, replaced);
        }
        for (original, placeholder) in &self.typed {
            if current.as_deref().unwrap_or(text).contains(original.as_str()) {
                let replaced =
                    current.as_deref().unwrap_or(text).replace(original.as_str(), placeholder);
                current = Some(replaced);
            }
        }
        current
    }

    /// A header's value without its secrets.
    pub(super) fn header_value(&mut self, name: &str, value: &str) -> Option<String> {
        let (kind, ranges) = pairs::header(name, value);
        self.replace_ranges(kind, value, &ranges)
    }

    /// The placeholder of a whole value.
    pub(super) fn whole(&mut self, kind: &str, value: &str) -> Option<String> {
        if is_whole_jwt(value) {
            return self.ledger.replace(&jwt_kind(value), value);
        }
        self.ledger.replace(kind, value)
    }

    fn replace_ranges(
        &mut self,
        kind: &str,
        text: &str,
        ranges: &[Range<usize>],
    ) -> Option<String> {
        let (mut out, mut copied, mut changed) = (String::new(), 0, false);
        for range in ranges {
            if let Some(placeholder) = self.whole(kind, &text[range.clone()]) {
                out.push_str(&text[copied..range.start]);
                out.push_str(&placeholder);
                copied = range.end;
                changed = true;
            }
        }
        changed.then(|| out + &text[copied..])
    }
}

fn keep(current: &mut Option<String>, replaced: Option<String>) {
    if replaced.is_some() {
        *current = replaced;
    }
}

/// `sha256:` and 64 hexadecimal digits: the name of a blob, never a secret.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
