//! Secrets that markup names: hidden fields, password fields, meta tags and elements.

use std::ops::Range;

use super::keys::Keys;

/// A tag longer than this is no tag.
const MAX_TAG: usize = 4096;

/// Where the values of fields and elements with secret names stand.
pub(super) fn find(text: &str, keys: &Keys) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for open in memchr::memchr_iter(b'<', text.as_bytes()) {
        let Some(tag) = tag_at(text, open) else { continue };
        found.extend(field_value(text, &tag, keys));
        found.extend(element_text(text, &tag, keys));
    }
    found
}

/// The inside of the tag that opens here.
fn tag_at(text: &str, open: usize) -> Option<Range<usize>> {
    let first = *text.as_bytes().get(open + 1)?;
    let (mut quote, bytes) = (None, text.as_bytes());
    if !first.is_ascii_alphabetic() {
        return None;
    }
    for (at, &byte) in bytes.iter().enumerate().skip(open + 1).take(MAX_TAG) {
        match quote {
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None if byte == b'>' => return Some(open + 1..at),
            _ => {}
        }
    }
    // A tag that was cut off still holds its value.
    Some(open + 1..bytes.len()).filter(|tag| tag.len() < MAX_TAG)
}

/// The value of `<input name="csrf_token" value="…">`, `<meta name="csrf-token" content="…">` and `<input type="password" value="…">`.
fn field_value(text: &str, tag: &Range<usize>, keys: &Keys) -> Option<Range<usize>> {
    let attributes = attributes(text, tag);
    let of = |names: &[&str]| {
        attributes
            .iter()
            .filter(move |(name, _)| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
            .collect::<Vec<_>>()
    };
    let named = of(&["name", "id", "property", "itemprop"])
        .iter()
        .any(|(_, value)| keys.is_secret_in_url(&text[value.clone()]));
    let password =
        of(&["type"]).iter().any(|(_, value)| text[value.clone()].eq_ignore_ascii_case("password"));
    let value = of(&["value", "content"]).first().map(|(_, value)| value.clone())?;
    ((named || password) && !value.is_empty()).then_some(value)
}

fn attributes<'t>(text: &'t str, tag: &Range<usize>) -> Vec<(&'t str, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = tag.start;
    while let Some(equals) =
        text.get(at..tag.end).and_then(|rest| rest.find('=')).map(|found| at + found)
    {
        let before = text[tag.start..equals].trim_end();
        let name = before
            .rsplit(|ch: char| ch.is_ascii_whitespace() || matches!(ch, '"' | '\'' | '/'))
            .next()
            .unwrap_or_default();
        let start = equals
            + 1
            + (text[equals + 1..tag.end].len() - text[equals + 1..tag.end].trim_start().len());
        let quote = text[start..tag.end].chars().next().filter(|ch| matches!(ch, '"' | '\''));
        let inside = start + quote.map_or(0, char::len_utf8);
        let ends = |ch: char| quote.map_or(ch.is_ascii_whitespace(), |quote| ch == quote);
        let end = text[inside..tag.end].find(ends).map_or(tag.end, |length| inside + length);
        found.push((name, inside..end));
        at = (end + 1).min(tag.end);
    }
    found
}

/// The text of `<password>…</password>`.
fn element_text(text: &str, tag: &Range<usize>, keys: &Keys) -> Option<Range<usize>> {
    let name = text[tag.clone()].split(|ch: char| ch.is_ascii_whitespace() || ch == '/').next()?;
    let local = name.rsplit(':').next().unwrap_or(name);
    let start = tag.end + 1;
    let length = text.get(start..)?.find('<')?;
    let ends = text[start + length..].starts_with("</");
    (ends && length > 0 && keys.is_secret_in_url(local)).then_some(start..start + length)
}
