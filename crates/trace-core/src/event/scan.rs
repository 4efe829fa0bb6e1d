//! One pass over JSON text without allocation: is it valid, is it too deep, and where does each top-level field lie.
//!
//! A general parser builds values that a line's journey never needs; this pass is what makes decoding and single-field
//! access cheap. It accepts exactly what RFC 8259 accepts.

use std::ops::Range;

/// Objects and arrays inside one another that a line may have, the line's own object included.
pub const MAX_DEPTH: usize = 128;

/// Why a text is not the JSON we take; the number is the byte at which it stopped being so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not JSON.
    Syntax(usize),
    /// JSON, but no object.
    NotAnObject(usize),
    /// Deeper than [`MAX_DEPTH`].
    TooDeep(usize),
}

/// One top-level field: the bytes of its key between the quotes (escapes untouched) and where its parts lie.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    /// The key as it is spelled.
    pub(crate) key: &'a [u8],
    /// Where the key's opening quote stands.
    pub(crate) start: usize,
    /// Where the value lies, without white space around it.
    pub(crate) value: Range<usize>,
}

impl Field<'_> {
    /// The place of the key in `names`, however it is spelled.
    pub(crate) fn place_in(&self, names: &[&str]) -> Option<usize> {
        let plain = names.iter().position(|name| name.as_bytes() == self.key);
        // Six bytes are the shortest escape of one character.
        if plain.is_some() || self.key.len() < 6 || memchr::memchr(b'\\', self.key).is_none() {
            return plain;
        }
        names.iter().position(|name| self.is(name))
    }

    /// Whether the key reads `name`, however it is spelled.
    pub(crate) fn is(&self, name: &str) -> bool {
        // No escape makes a text shorter, so most keys are told apart by their length alone.
        if self.key.len() <= name.len() {
            return self.key == name.as_bytes();
        }
        self.key.contains(&b'\\') && unescape(self.key).is_some_and(|key| key == name)
    }
}

/// The text of a JSON string's inside.
pub(crate) fn unescape(inside: &[u8]) -> Option<String> {
    let inside = std::str::from_utf8(inside).ok()?;
    serde_json::from_str(&format!("\"{inside}\"")).ok()
}

/// Checks that `text` is one JSON object and nothing else, and shows each top-level field until `each` says `false`.
pub(crate) fn object<'a>(
    text: &'a [u8],
    mut each: impl FnMut(Field<'a>) -> bool,
) -> Result<(), Fault> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_space();
    if scanner.peek() != Some(b'{') {
        scanner.value(0)?;
        return Err(Fault::NotAnObject(0));
    }
    scanner.at += 1;
    scanner.skip_space();
    if scanner.take(b'}') {
        return scanner.end();
    }
    loop {
        let start = scanner.at;
        let key = scanner.key()?;
        scanner.skip_space();
        let value_start = scanner.at;
        scanner.value(1)?;
        let value = value_start..scanner.at;
        if !each(Field { key: &text[key], start, value }) {
            return Ok(());
        }
        scanner.skip_space();
        if scanner.take(b'}') {
            return scanner.end();
        }
        scanner.need(b',')?;
        scanner.skip_space();
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

/// What is open around the current place: one bit a level, set for an object.
struct Open {
    bits: u128,
    depth: usize,
    outer: usize,
}

impl Open {
    fn push(&mut self, is_object: bool, at: usize) -> Result<(), Fault> {
        if self.outer + self.depth >= MAX_DEPTH {
            return Err(Fault::TooDeep(at));
        }
        self.bits = (self.bits << 1) | u128::from(is_object);
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
    }

    fn in_object(&self) -> bool {
        self.bits & 1 == 1
    }
}

impl Scanner<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    #[inline]
    fn need(&mut self, byte: u8) -> Result<(), Fault> {
        if self.take(byte) { Ok(()) } else { Err(Fault::Syntax(self.at)) }
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(Fault::Syntax(self.at)) }
    }

    /// A key and its colon.
    #[inline]
    fn key(&mut self) -> Result<Range<usize>, Fault> {
        let key = self.string()?;
        self.skip_space();
        self.need(b':')?;
        Ok(key)
    }

    /// One value; `outer` levels are open around it. A loop and not a recursion, so that depth costs no stack.
    fn value(&mut self, outer: usize) -> Result<(), Fault> {
        let mut open = Open { bits: 0, depth: 0, outer };
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'{') => {
                    open.push(true, self.at)?;
                    self.at += 1;
                    self.skip_space();
                    if self.peek() != Some(b'}') {
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    open.push(false, self.at)?;
                    self.at += 1;
                    self.skip_space();
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                _ => return Err(Fault::Syntax(self.at)),
            }
            if self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    /// Behind a value: closes what ends here and says whether nothing is open any more.
    #[inline]
    fn close(&mut self, open: &mut Open) -> Result<bool, Fault> {
        while open.depth > 0 {
            self.skip_space();
            match (self.peek(), open.in_object()) {
                (Some(b','), in_object) => {
                    self.at += 1;
                    if in_object {
                        self.skip_space();
                        self.key()?;
                    }
                    return Ok(false);
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    open.pop();
                }
                _ => return Err(Fault::Syntax(self.at)),
            }
        }
        Ok(true)
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Fault> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(Fault::Syntax(self.at))
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Fault::Syntax(self.at)) }
    }

    #[inline]
    fn number(&mut self) -> Result<(), Fault> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    /// A string from its opening quote; gives where its inside lies.
    #[inline]
    fn string(&mut self) -> Result<Range<usize>, Fault> {
        self.need(b'"')?;
        let start = self.at;
        loop {
            self.at = plain_end(self.text, self.at);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..self.at - 1);
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(Fault::Syntax(self.at)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let hex = self.text.get(self.at + 2..self.at + 6);
                if !hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(Fault::Syntax(self.at));
                }
                self.at += 6;
            }
            _ => return Err(Fault::Syntax(self.at)),
        }
        Ok(())
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The first byte from `at` on that a JSON string cannot hold as it is (quote, backslash, control), eight bytes at a time.
#[inline]
pub(crate) fn plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(eight) = text.get(at..at + 8) {
        let mut word = [0; 8];
        word.copy_from_slice(eight);
        let word = u64::from_le_bytes(word);
        let has = |byte: u8| {
            let hit = word ^ (ONES * u64::from(byte));
            hit.wrapping_sub(ONES) & !hit
        };
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        // A borrow may mark bytes above a true hit, never below it, so the lowest mark is right.
        let marks = (has(b'"') | has(b'\\') | control) & HIGH;
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while text.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut fields = Vec::new();
        object(text.as_bytes(), |field| {
            let key = String::from_utf8_lossy(field.key).into_owned();
            fields.push((key, text[field.value].to_owned()));
            true
        })
        .map(|()| fields)
    }

    #[test]
    fn shows_the_top_level_and_no_more() {
        let fields = check(r#" {"a": 1.50 ,"b\n":{"a":[{},[],"x\"]"]},"c":""} "#).unwrap();
        let want = [("a", "1.50"), (r"b\n", r#"{"a":[{},[],"x\"]"]}"#), ("c", "\"\"")];
        assert_eq!(fields, want.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn agrees_with_serde_json_on_what_is_json() {
        for text in [
            "{}",
            "{\"a\":}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":-0.0e+9}",
            "{\"a\":tru}",
            "{,}",
            "{\"a\":1,}",
            "{\"a\":[1,]}",
            "{\"a\":[1}]",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\\x\"}",
            "{a:1}",
            "{\"a\":\"\\u12G4\"}",
            "{\"a\":\"\\ud83d\\ude00\"}",
            "{\"a\" : null , \"b\" : false}",
            "{\"a\":-}",
            "{} {}",
            "{\"a\":1}}",
            "{\"a\" 1}",
            "{\"long string with more than eight bytes\":\"é…\"}",
            "",
            "{",
        ] {
            let ours = check(text).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(ours, theirs, "{text}");
        }
    }

    #[test]
    fn depth_ends_at_the_limit() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(check(&nested(MAX_DEPTH - 1)).is_ok());
        assert!(matches!(check(&nested(MAX_DEPTH)), Err(Fault::TooDeep(_))));
        assert!(matches!(check(&nested(1_000_000)), Err(Fault::TooDeep(_))));
        assert!(matches!(check("[1]"), Err(Fault::NotAnObject(0))));
    }

    #[test]
    fn keys_are_known_in_any_spelling() {
        let mut hits = 0;
        object(br#"{"\u0074s":1,"ts":2,"tS":3}"#, |field| {
            hits += usize::from(field.is("ts"));
            true
        })
        .unwrap();
        assert_eq!(hits, 2);
    }
}
