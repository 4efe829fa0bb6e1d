//! What a text says in another encoding: percent signs, escapes, entities, Base64 and hexadecimal digits, read as text again.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::spellings::Spelling;

/// A decoded text and where each of its bytes stands in the source.
#[derive(Debug)]
pub(super) struct View {
    pub(super) text: String,
    pub(super) spelling: Spelling,
    places: Places,
}

#[derive(Debug)]
enum Places {
    /// For every decoded byte, and one past the last, the offset of what it was decoded from.
    Each(Vec<u32>),
    /// `bytes` decoded bytes stand in `chars` characters from `start` on.
    Groups { start: usize, end: usize, bytes: usize, chars: usize },
}

impl View {
    /// What of the source has to go so that this part of the decoded text is gone.
    pub(super) fn source(&self, range: &Range<usize>) -> Range<usize> {
        match &self.places {
            Places::Each(places) => places[range.start] as usize..places[range.end] as usize,
            Places::Groups { start, end, bytes, chars } => {
                let from = start + range.start * chars / bytes;
                from..(start + (range.end * chars).div_ceil(*bytes)).min(*end)
            }
        }
    }
}

/// Texts longer than this are only searched as they are.
const MAX_TEXT: usize = 8 << 20;
/// Shorter runs hold nothing that is worth hiding twice.
const MIN_RUN: usize = 16;

/// Every other reading of the text.
pub(super) fn views(text: &str) -> Vec<View> {
    if text.len() > MAX_TEXT {
        return Vec::new();
    }
    let mut found: Vec<View> = Vec::new();
    found.extend(whole(text, Spelling::Percent, b'%', percent));
    found.extend(whole(text, Spelling::Json, b'\\', escape));
    found.extend(whole(text, Spelling::Html, b'&', entity));
    for run in runs(text.as_bytes()) {
        found.extend(base64_view(text, &run));
        found.extend(hex_view(text, &run));
    }
    found
}

/// Whether some run of the text decodes to text, which a search for words cannot see.
pub(super) fn may_hold(text: &[u8]) -> bool {
    let spelt = |mark: u8, decode: Decode| {
        memchr::memchr_iter(mark, text).any(|at| {
            let decoded = decode(&text[at..]).map(|(ch, _)| ch);
            // What has to be escaped is escaped everywhere; letters and digits only by who hides something.
            decoded.is_some_and(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '.'))
        })
    };
    spelt(b'%', percent)
        || spelt(b'\\', unicode_escape)
        || spelt(b'&', entity)
        || has_text_run(text)
}

/// A character and the length of what spells it; none when nothing is spelt here.
type Decode = fn(&[u8]) -> Option<(char, usize)>;

fn whole(text: &str, spelling: Spelling, mark: u8, decode: Decode) -> Option<View> {
    let bytes = text.as_bytes();
    let first = memchr::memchr_iter(mark, bytes).find(|at| decode(&bytes[*at..]).is_some())?;
    let (mut out, mut places) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
    let mut at = 0;
    while let Some(ch) = text[at..].chars().next() {
        let (decoded, length) = if at >= first && bytes[at] == mark {
            decode(&bytes[at..]).unwrap_or((ch, ch.len_utf8()))
        } else {
            (ch, ch.len_utf8())
        };
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        places.resize(places.len() + decoded.len_utf8(), place);
        out.push(decoded);
        at += length;
    }
    places.push(u32::try_from(at).unwrap_or(u32::MAX));
    Some(View { text: out, spelling, places: Places::Each(places) })
}

/// The text without its percent signs; none when it has none.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    whole(text, Spelling::Percent, b'%', percent).map(|view| view.text)
}

fn percent(text: &[u8]) -> Option<(char, usize)> {
    let byte = |at: usize| {
        (text.get(at) == Some(&b'%')).then(|| hex_number(text.get(at + 1..at + 3)?)).flatten()
    };
    let first = byte(0)?;
    if first < 0x80 {
        return Some((char::from_u32(first)?, 3));
    }
    // Two to four escapes spell one letter of UTF-8.
    let bytes: Vec<u8> =
        (0..4).map_while(|n| byte(n * 3)).filter_map(|b| u8::try_from(b).ok()).collect();
    let valid = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let ch = std::str::from_utf8(bytes.get(..valid)?).ok()?.chars().next()?;
    Some((ch, ch.len_utf8() * 3))
}

/// How often a quoted text is quoted again: each time doubles the backslashes.
const MAX_BACKSLASHES: usize = 8;

/// `\u0041` and `\x41`, quoted once or more; what the first pass of a search must not overlook. A report that prints a text
/// as a literal doubles its backslashes, and who reads it undoes that.
fn unicode_escape(text: &[u8]) -> Option<(char, usize)> {
    let backslashes = text.iter().take(MAX_BACKSLASHES).take_while(|byte| **byte == b'\\').count();
    let digits = match text.get(backslashes)? {
        b'u' => 4,
        b'x' => 2,
        _ => return None,
    };
    let end = backslashes + 1 + digits;
    let number = hex_number(text.get(backslashes + 1..end)?)?;
    Some((char::from_u32(number)?, end))
}

fn escape(text: &[u8]) -> Option<(char, usize)> {
    if let Some(found) = unicode_escape(text) {
        return Some(found);
    }
    let plain = match text.get(1)? {
        b'"' => '"',
        b'\'' => '\'',
        b'/' => '/',
        b'\\' => '\\',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    };
    Some((plain, 2))
}

const NAMED: [(&str, char); 8] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("sol", '/'),
    ("equals", '='),
    ("colon", ':'),
];

fn entity(text: &[u8]) -> Option<(char, usize)> {
    let end = text.iter().take(10).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(text.get(1..end)?).ok()?;
    let ch = match name.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']);
            let number =
                hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
            char::from_u32(number?)?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((ch, end + 1))
}

fn hex_number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

fn in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Words that may be Base64 or hexadecimal.
fn runs(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), MIN_RUN - 1);
    while at < bytes.len() {
        let run = run_around(bytes, at);
        at = run.end.max(at) + MIN_RUN;
        if run.len() >= MIN_RUN {
            found.push(run);
        }
    }
    found
}

fn run_around(bytes: &[u8], at: usize) -> Range<usize> {
    if !in_run(bytes[at]) {
        return at..at;
    }
    let before = bytes[..at].iter().rev().take_while(|byte| in_run(**byte)).count();
    let after = bytes[at..].iter().take_while(|byte| in_run(**byte)).count();
    at - before..at + after
}

/// A run of 16 spans every sixteenth byte; its first twelve decoded bytes are text by chance once in 10⁵ times.
fn has_text_run(text: &[u8]) -> bool {
    let mut at = MIN_RUN - 1;
    while at < text.len() {
        let run = run_around(text, at);
        if run.len() >= MIN_RUN && starts_as_text(&text[run.clone()]) {
            return true;
        }
        at = run.end.max(at) + MIN_RUN;
    }
    false
}

fn starts_as_text(run: &[u8]) -> bool {
    let head = &run[..MIN_RUN];
    if head.iter().all(u8::is_ascii_hexdigit) {
        return head.chunks(2).all(|pair| hex_number(pair).is_some_and(is_printable));
    }
    head.chunks(4).all(|group| {
        let bits = group.iter().fold(0, |bits, byte| bits << 6 | sextet(*byte));
        is_printable(bits >> 16) && is_printable(bits >> 8 & 0xff) && is_printable(bits & 0xff)
    })
}

fn sextet(byte: u8) -> u32 {
    u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    })
}

fn is_printable(byte: u32) -> bool {
    (0x20..0x7f).contains(&byte) || matches!(byte, 9 | 10 | 13)
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

fn base64_view(text: &str, run: &Range<usize>) -> Option<View> {
    let word = &text[run.clone()];
    if !starts_as_text(word.as_bytes()) && !word.starts_with("LS0tLS1CRUdJTi") {
        return None;
    }
    // A cut run ends within a group; one character of a group says nothing.
    let whole = if word.len() % 4 == 1 { &word[..word.len() - 1] } else { word };
    let decoded = STANDARD.decode(whole).or_else(|_| URL_SAFE.decode(whole)).ok()?;
    let valid = std::str::from_utf8(&decoded).map_or_else(|error| error.valid_up_to(), str::len);
    let text = String::from_utf8(decoded[..valid].to_vec()).ok()?;
    let places = Places::Groups { start: run.start, end: run.end, bytes: 3, chars: 4 };
    (valid >= 8).then_some(View { text, spelling: Spelling::Base64, places })
}

fn hex_view(text: &str, run: &Range<usize>) -> Option<View> {
    let word = &text.as_bytes()[run.clone()];
    if !word.iter().all(u8::is_ascii_hexdigit) || !starts_as_text(word) {
        return None;
    }
    let decoded = word.chunks_exact(2).filter_map(|pair| u8::try_from(hex_number(pair)?).ok());
    let text = String::from_utf8(decoded.collect()).ok()?;
    let places = Places::Groups { start: run.start, end: run.end, bytes: 1, chars: 2 };
    Some(View { text, spelling: Spelling::Hex, places })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, spelling: Spelling, decoded: &str, part: &str, source: &str) {
        let view = views(text).into_iter().find(|view| view.spelling == spelling).unwrap();
        assert_eq!(view.text, decoded);
        let at = decoded.find(part).unwrap();
        assert_eq!(&text[view.source(&(at..at + part.len()))], source);
    }

    #[test]
    fn each_encoding_is_read_and_points_back() {
        check("a%20%62é%C3%A9", Spelling::Percent, "a béé", "b", "%62");
        check("a%20%62é%C3%A9", Spelling::Percent, "a béé", "éé", "é%C3%A9");
        check(r#"x\"y\u0041\\"#, Spelling::Json, "x\"yA\\", "A", r"\u0041");
        check(r"x\\u0041\\\\x42C\\", Spelling::Json, r"xABC\", "AB", r"\\u0041\\\\x42");
        check("a&amp;b&#65;&#x42;c", Spelling::Html, "a&bABc", "AB", "&#65;&#x42;");
        check(
            "data:,bG9naW46c2VjcmV0IQ== x",
            Spelling::Base64,
            "login:secret!",
            "secret",
            "c2VjcmV0",
        );
        check(
            "0x 6c6f67696e3a736563726574",
            Spelling::Hex,
            "login:secret",
            "secret",
            "736563726574",
        );
    }

    #[test]
    fn ordinary_text_has_no_other_reading() {
        for text in [
            "50% of them",
            "C:\\dir",
            "a & b; c",
            "550e8400-e29b-41d4-a716-446655440000",
            "/api/checkout/upgrade/now",
        ] {
            assert!(!may_hold(text.as_bytes()), "{text}");
        }
        for text in ["%41%42", "\\u0041", "&#65;", "c2stbGl2ZS0xMjM0NTY3OA"] {
            assert!(may_hold(text.as_bytes()), "{text}");
        }
    }
}
