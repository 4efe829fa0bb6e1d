//! Where a text holds secrets, by every rule and in every encoding.

use std::borrow::Cow;
use std::ops::Range;

use super::ledger::OPEN;
use super::pairs::{self, Mode};
use super::patterns::{is_whole_jwt, jwt_kind};
use super::redactor::Redactor;
use super::spellings::Spelling;
use super::{cards, encoded, markup};

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) range: Range<usize>,
    pub(super) kind: Cow<'static, str>,
    /// What it spells, when it stands there in an encoding.
    pub(super) decoded: Option<String>,
}

/// Encodings within encodings, such as a percent sign in Base64 in a JSON string: fewer for long texts, since each layer reads the text
/// once for every encoding in it.
fn layers_of(text: &str) -> usize {
    match text.len() {
        0..0x1_0000 => 3,
        0x1_0000..0x10_0000 => 2,
        _ => 1,
    }
}

/// A placeholder's kind and number are shorter.
const MAX_KIND: usize = 80;

impl Redactor {
    /// Every secret of the text, from left to right and apart from each other; none touches a placeholder.
    pub(super) fn hits(&self, text: &str, mode: Mode, layer: usize) -> Vec<Hit> {
        let mut hits = Vec::new();
        // Of a line that may hold a secret most strings cannot.
        if self.typed.is_empty() && !self.may_hold(text.as_bytes()) {
            return hits;
        }
        self.named(text, mode, &mut hits);
        for pattern in &self.patterns {
            pattern.find(text, &mut |kind, range| hits.push(hit(kind.to_owned(), range)));
        }
        if mode != Mode::Code {
            if self.rules.card_numbers {
                hits.extend(cards::find(text).into_iter().map(|range| hit("card", range)));
            }
            if self.rules.high_entropy {
                hits.extend(
                    cards::find_entropy(text).into_iter().map(|range| hit("entropy", range)),
                );
            }
        }
        self.learnt_in(text, &mut hits);
        if layer < layers_of(text) {
            self.encoded(text, mode, layer, &mut hits);
        }
        apart(text, hits)
    }

    /// Values that the name before them makes secret.
    fn named(&self, text: &str, mode: Mode, hits: &mut Vec<Hit>) {
        let found = pairs::find(text, mode, &self.keys).into_iter();
        let fields = if mode == Mode::Plain { markup::find(text, &self.keys) } else { Vec::new() };
        hits.extend(found.chain(fields).map(|range| {
            let value = &text[range.clone()];
            if is_whole_jwt(value) { hit(jwt_kind(value), range) } else { hit("value", range) }
        }));
    }

    fn learnt_in(&self, text: &str, hits: &mut Vec<Hit>) {
        for sighting in self.learnt.sightings(text.as_bytes()) {
            let kind = sighting.spelling.kind(self.learnt.kind(sighting.value)).into_owned();
            // A spelling ends where a letter ends, except that a foreign text may be cut anywhere.
            let whole = text.is_char_boundary(sighting.range.start)
                && text.is_char_boundary(sighting.range.end);
            if whole {
                hits.push(hit(kind, sighting.range));
            }
        }
        for (typed, _) in &self.typed {
            hits.extend(
                text.match_indices(typed.as_str())
                    .map(|(at, _)| hit("input", at..at + typed.len())),
            );
        }
    }

    fn encoded(&self, text: &str, mode: Mode, layer: usize, hits: &mut Vec<Hit>) {
        let inner_mode = if mode == Mode::Form { Mode::Plain } else { mode };
        for view in encoded::views(text) {
            for inner in self.hits(&view.text, inner_mode, layer + 1) {
                let range = view.source(&inner.range);
                let decoded = inner.decoded.unwrap_or_else(|| view.text[inner.range].to_owned());
                if text[range.clone()] == decoded {
                    // Nothing in it is spelt differently, but its surroundings were: `%204242…` begins with `20` for a plain reader.
                    hits.push(Hit { range, kind: inner.kind, decoded: None });
                } else {
                    let kind = spelt(&inner.kind, view.spelling);
                    hits.push(Hit { range, kind: kind.into(), decoded: Some(decoded) });
                }
            }
        }
    }
}

fn hit(kind: impl Into<Cow<'static, str>>, range: Range<usize>) -> Hit {
    Hit { range, kind: kind.into(), decoded: None }
}

/// Of several encodings the outermost is told.
fn spelt(kind: &str, spelling: Spelling) -> String {
    let inner =
        [Spelling::Percent, Spelling::Json, Spelling::Base64, Spelling::Hex, Spelling::Html];
    let bare = inner.iter().find_map(|known| kind.strip_suffix(&*known.kind("")));
    spelling.kind(bare.unwrap_or(kind)).into_owned()
}

/// Sorted, with overlaps joined under the name of whoever begins first and is longest.
fn apart(text: &str, mut hits: Vec<Hit>) -> Vec<Hit> {
    let kept = placeholders(text);
    hits.retain(|hit| {
        !hit.range.is_empty()
            && !kept.iter().any(|kept| kept.start < hit.range.end && hit.range.start < kept.end)
    });
    hits.sort_by(|a, b| a.range.start.cmp(&b.range.start).then(b.range.end.cmp(&a.range.end)));
    let mut joined: Vec<Hit> = Vec::with_capacity(hits.len());
    for next in hits {
        match joined.last_mut() {
            Some(last) if next.range.start < last.range.end => {
                if next.range.end > last.range.end {
                    last.range.end = next.range.end;
                    last.decoded = None;
                }
            }
            _ => joined.push(next),
        }
    }
    joined
}

/// Where placeholders stand already; the beginning of one alone protects nothing behind it.
fn placeholders(text: &str) -> Vec<Range<usize>> {
    let in_kind = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | ':');
    let whole = |(at, _): (usize, &str)| {
        let inside = &text[at + OPEN.len()..];
        let length = inside.find(|ch| !in_kind(ch))?;
        let end = at + OPEN.len() + length + 1;
        (inside[length..].starts_with(']') && length <= MAX_KIND).then_some(at..end)
    };
    text.match_indices(OPEN).filter_map(whole).collect()
}
