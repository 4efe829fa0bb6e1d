//! The inside of JSON strings: from escapes to text and back.

use std::borrow::Cow;

/// The text behind the escapes. A lone surrogate or broken UTF-8 reads as U+FFFD, because recorded pages hold both.
pub(crate) fn unescape(inner: &[u8]) -> Cow<'_, str> {
    match memchr::memchr(b'\\', inner) {
        None => String::from_utf8_lossy(inner),
        Some(first) => Cow::Owned(unescape_from(inner, first)),
    }
}

fn unescape_from(inner: &[u8], first: usize) -> String {
    let mut bytes = Vec::with_capacity(inner.len());
    let (mut copied, mut at) = (0, first);
    loop {
        bytes.extend_from_slice(&inner[copied..at]);
        let (ch, length) = escape(&inner[at..]);
        bytes.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes());
        copied = (at + length).min(inner.len());
        match memchr::memchr(b'\\', &inner[copied..]) {
            Some(next) => at = copied + next,
            None => break,
        }
    }
    bytes.extend_from_slice(&inner[copied..]);
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The character of the escape that begins `text`, and how many bytes it takes.
fn escape(text: &[u8]) -> (char, usize) {
    let simple = |ch| (ch, 2);
    match text.get(1) {
        Some(b'n') => simple('\n'),
        Some(b't') => simple('\t'),
        Some(b'r') => simple('\r'),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'u') => unicode(text),
        Some(other) if other.is_ascii() => simple(char::from(*other)),
        _ => ('\u{fffd}', 1),
    }
}

fn unicode(text: &[u8]) -> (char, usize) {
    let Some(high) = hex4(text, 2) else { return ('\u{fffd}', 2) };
    if !(0xd800..0xdc00).contains(&high) {
        return (char::from_u32(high).unwrap_or('\u{fffd}'), 6);
    }
    let low = if text.get(6..8) == Some(b"\\u") { hex4(text, 8) } else { None };
    match low.filter(|low| (0xdc00..0xe000).contains(low)) {
        Some(low) => {
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(code).unwrap_or('\u{fffd}'), 12)
        }
        None => ('\u{fffd}', 6),
    }
}

fn hex4(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
}

/// `text` as a JSON string, quotes included.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_escape_and_survives_broken_ones() {
        for (escaped, text) in [
            (r"plain ä", "plain ä"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e4\ud83d\ude00", "Aä😀"),
            (r"\ud83d!", "\u{fffd}!"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\u12", "\u{fffd}12"),
            ("\\", "\u{fffd}"),
        ] {
            assert_eq!(unescape(escaped.as_bytes()), text, "{escaped}");
        }
    }

    proptest::proptest! {
        #[test]
        fn quoting_round_trips(text in ".*") {
            let quoted = quote(&text);
            let inner = &quoted.as_bytes()[1..quoted.len() - 1];
            assert_eq!(unescape(inner), text);
        }

        #[test]
        fn any_bytes_unescape(bytes: Vec<u8>) {
            let _ = unescape(&bytes);
        }
    }
}
