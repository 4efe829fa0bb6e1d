//! `key=value` and `key: "value"` in text, and the values of headers and cookies.

use std::ops::Range;

use super::keys::Keys;

/// How loosely a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Logs, URLs, markup: `key=value` anywhere, `key: "value"` too.
    Plain,
    /// A form body: values may hold spaces and quotes.
    Form,
    /// Scripts and style sheets: only secrets with a shape of their own, because `token=e.token` is code.
    Code,
}

/// Where the values of secret keys stand.
pub(super) fn find(text: &str, mode: Mode, keys: &Keys) -> Vec<Range<usize>> {
    if mode == Mode::Code {
        return Vec::new();
    }
    let bytes = text.as_bytes();
    let (mut found, mut done): (Vec<Range<usize>>, usize) = (Vec::new(), 0);
    for at in memchr::memchr2_iter(b'=', b':', bytes) {
        if at < done {
            continue;
        }
        let value = match bytes[at] {
            b'=' => equals_value(text, at, mode),
            _ if mode == Mode::Plain => colon_value(text, at),
            _ => None,
        };
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        let Some(key) = key_before(text, at) else { continue };
        let weak = || keys.is_weak(&key) && looks_random(&text[value.clone()]);
        if keys.is_secret_in_url(&key) || weak() {
            done = value.end;
            found.push(value);
        }
    }
    found
}

/// A random word as servers make them for codes and sessions; words of people and numbers are not.
pub(super) fn looks_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    let in_token = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=' | b'%')
    };
    let mixed = bytes.iter().any(u8::is_ascii_digit) && bytes.iter().any(u8::is_ascii_alphabetic);
    (16..=1024).contains(&bytes.len())
        && bytes.iter().all(in_token)
        && mixed
        && super::cards::entropy_bits(bytes) > 3.0
}

/// The key that ends at the separator, without quotes and percent signs.
fn key_before(text: &str, at: usize) -> Option<String> {
    let before = text[..at].trim_end_matches([' ', '"', '\'', '\\']);
    let in_key =
        |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '.' | '[' | ']' | '%');
    let length: usize =
        before.chars().rev().take(128).take_while(|ch| in_key(*ch)).map(char::len_utf8).sum();
    let key = &before[before.len() - length..];
    (!key.is_empty()).then(|| percent_decoded(key))
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(decoded) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(decoded);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn equals_value(text: &str, at: usize, mode: Mode) -> Option<Range<usize>> {
    let start = at + 1;
    if mode == Mode::Form {
        let end = text[start..].find('&').map_or(text.len(), |length| start + length);
        return Some(start..end);
    }
    if text[start..].starts_with("[REDACTED:") {
        return None;
    }
    quoted_value(text, start).or_else(|| {
        let ends = |ch: char| {
            ch.is_whitespace()
                || matches!(ch, '&' | ';' | '#' | '"' | '\'' | '<' | '>' | ')' | ',' | '`')
        };
        let end = text[start..].find(ends).map_or(text.len(), |length| start + length);
        Some(start..end)
    })
}

/// `key: "value"` and `"key":"value"`; without quotes the value must look like a token, because "Password: required" is prose.
fn colon_value(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at + 1..];
    let start = at + 1 + (rest.len() - rest.trim_start_matches(' ').len());
    quoted_value(text, start).or_else(|| {
        let token = |ch: char| {
            ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '+' | '/' | '=' | '.' | '~')
        };
        let end = text[start..].find(|ch| !token(ch)).map_or(text.len(), |length| start + length);
        let word = &text[start..end];
        let random = word.len() >= 8 && word.bytes().any(|b| b.is_ascii_digit());
        random.then_some(start..end)
    })
}

/// The inside of the quotes that open at `start`, which may themselves be escaped (`\"`).
fn quoted_value(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let escape = rest.len() - rest.trim_start_matches('\\').len();
    let quote = rest[escape..].chars().next().filter(|ch| matches!(ch, '"' | '\''))?;
    let (inside, closing) = (start + escape + 1, &rest[..=escape]);
    let mut from = inside;
    while let Some(found) = text[from..].find(closing) {
        let end = from + found;
        let slashes = text[..end].len() - text[..end].trim_end_matches('\\').len();
        // A quote behind an odd number of further backslashes is part of the value.
        if escape > 0 || slashes.is_multiple_of(2) {
            return Some(inside..end);
        }
        from = end + quote.len_utf8();
    }
    Some(inside..text.len())
}

/// Where the secrets of a header's value stand: the scheme of `authorization` and the names of cookies stay readable.
pub(super) fn header(name: &str, value: &str) -> (&'static str, Vec<Range<usize>>) {
    match name.to_ascii_lowercase().as_str() {
        "cookie" => ("cookie", cookies(value)),
        // Servers that send several cookies appear as one header with line breaks between them.
        "set-cookie" => (
            "cookie",
            lines(value).into_iter().filter_map(|line| first_cookie(value, line)).collect(),
        ),
        name if name.ends_with("authorization") => {
            let scheme = value.split_once(' ').filter(|(scheme, _)| {
                scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            });
            let start = scheme.map_or(0, |(_, rest)| value.len() - rest.trim_start().len());
            let kind = match scheme.map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
                Some("bearer") => "bearer",
                Some("basic") => "basic",
                _ => "header",
            };
            (kind, std::iter::once(start..value.len()).collect())
        }
        _ => ("header", std::iter::once(0..value.len()).collect()),
    }
}

fn lines(value: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in value.split('\n') {
        lines.push(start..start + line.len());
        start += line.len() + 1;
    }
    lines
}

fn first_cookie(value: &str, line: Range<usize>) -> Option<Range<usize>> {
    let text = &value[line.clone()];
    let pair = text.split(';').next().unwrap_or_default();
    let equals = pair.find('=')?;
    Some(line.start + equals + 1..line.start + pair.trim_end().len().max(equals + 1))
}

fn cookies(value: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut found = Vec::new();
    for pair in value.split(';') {
        let trimmed = pair.trim_end().len();
        // A cookie without `=` is a value without a name.
        let from = pair.find('=').map_or(pair.len() - pair.trim_start().len(), |equals| equals + 1);
        if from < trimmed {
            found.push(start + from..start + trimmed);
        }
        start += pair.len() + 1;
    }
    found
}
