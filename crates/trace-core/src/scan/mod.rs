//! JSON text walked in place: no tree is built and nothing is copied, so that a reader can ask a million lines.
//!
//! The walkers check only what they need. On text that is no JSON they stop early; they never panic and never recurse.

mod text;

pub(crate) use text::{quote, unescape};

/// The first byte at or after `at` that is no white space.
pub(crate) fn skip_space(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len())
}

/// One past the closing quote of the string that opens at `at`.
fn string_end(json: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let found = from + memchr::memchr2(b'"', b'\\', json.get(from..)?)?;
        if json[found] == b'"' {
            return Some(found + 1);
        }
        from = found + 2;
    }
}

/// One past the bracket that closes the one at `at`; strings inside are skipped.
fn bracket_end(json: &[u8], at: usize) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, at);
    loop {
        match json.get(at)? {
            b'"' => {
                at = string_end(json, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(at + 1),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

/// One past the value that begins at `at`.
pub(crate) fn value_end(json: &[u8], at: usize) -> Option<usize> {
    match json.get(at)? {
        b'"' => string_end(json, at),
        b'{' | b'[' => bracket_end(json, at),
        _ => {
            let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b':') || b.is_ascii_whitespace();
            let length = json[at..].iter().position(ends).unwrap_or(json.len() - at);
            (length > 0).then_some(at + length)
        }
    }
}

/// A value inside a text and where it begins there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    /// The value's text, quotes and brackets included.
    pub(crate) raw: &'a [u8],
    /// Offset of its first byte in the text that was walked.
    pub(crate) start: usize,
}

/// Walks the elements of the array that begins the text.
#[derive(Debug, Clone)]
pub(crate) struct Items<'a> {
    json: &'a [u8],
    at: usize,
}

/// The elements of `json` when it is an array; nothing otherwise.
pub(crate) fn items(json: &[u8]) -> Items<'_> {
    Items { json, at: opening(json, b'[') }
}

impl<'a> Iterator for Items<'a> {
    type Item = Found<'a>;
    fn next(&mut self) -> Option<Found<'a>> {
        let start = next_member(self.json, self.at)?;
        let end = value_end(self.json, start)?;
        self.at = end;
        Some(Found { raw: &self.json[start..end], start })
    }
}

/// Walks the members of the object that begins the text.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    json: &'a [u8],
    at: usize,
}

/// The members of `json` when it is an object, as (key between its quotes, still escaped; value).
pub(crate) fn fields(json: &[u8]) -> Fields<'_> {
    Fields { json, at: opening(json, b'{') }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], Found<'a>);
    fn next(&mut self) -> Option<Self::Item> {
        let key_start = next_member(self.json, self.at)?;
        if self.json[key_start] != b'"' {
            return None;
        }
        let key_end = string_end(self.json, key_start)?;
        let colon = skip_space(self.json, key_end);
        if self.json.get(colon) != Some(&b':') {
            return None;
        }
        let start = skip_space(self.json, colon + 1);
        let end = value_end(self.json, start)?;
        self.at = end;
        let value = Found { raw: &self.json[start..end], start };
        Some((&self.json[key_start + 1..key_end - 1], value))
    }
}

/// One past the opening bracket, or the end when the text begins with something else.
fn opening(json: &[u8], bracket: u8) -> usize {
    let at = skip_space(json, 0);
    if json.get(at) == Some(&bracket) { at + 1 } else { json.len() }
}

/// Where the next member begins, behind white space and a comma; none at the closing bracket.
fn next_member(json: &[u8], at: usize) -> Option<usize> {
    let mut at = skip_space(json, at);
    if json.get(at) == Some(&b',') {
        at = skip_space(json, at + 1);
    }
    match json.get(at)? {
        b'}' | b']' | b',' | b':' => None,
        _ => Some(at),
    }
}

/// True when the key, still escaped, spells `name`.
pub(crate) fn key_is(key: &[u8], name: &str) -> bool {
    key == name.as_bytes() || (memchr::memchr(b'\\', key).is_some() && unescape(key) == name)
}

/// The value of the first member called `name`.
pub(crate) fn field<'a>(json: &'a [u8], name: &str) -> Option<Found<'a>> {
    fields(json).find(|(key, _)| key_is(key, name)).map(|(_, value)| value)
}

/// The text of a string value, unescaped; none for any other value.
pub(crate) fn string(raw: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some(unescape(inner))
}

/// The text of the string member called `name`.
pub(crate) fn string_field<'a>(json: &'a [u8], name: &str) -> Option<std::borrow::Cow<'a, str>> {
    field(json, name).and_then(|found| string(found.raw))
}

/// The number a value holds.
pub(crate) fn number(raw: &[u8]) -> Option<f64> {
    std::str::from_utf8(raw).ok()?.parse().ok().filter(|n: &f64| n.is_finite())
}

/// The number member called `name`.
pub(crate) fn number_field(json: &[u8], name: &str) -> Option<f64> {
    field(json, name).and_then(|found| number(found.raw))
}

/// Hands every scalar inside `raw` (keys left out) to `visit` until it says true; false when none did.
pub(crate) fn any_leaf(raw: &[u8], visit: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        if matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':') || byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let Some(end) = value_end(raw, at) else { return false };
        let is_key = *byte == b'"' && raw.get(skip_space(raw, end)) == Some(&b':');
        if !is_key && visit(&raw[at..end]) {
            return true;
        }
        at = end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_members_with_any_spacing_and_nesting() {
        let json = br#" { "a" : [1, {"x":"}]"} , "\"" ], "b\u0063":"t\n","n":-1.5e3} "#;
        let seen: Vec<_> = fields(json)
            .map(|(key, value)| (unescape(key).into_owned(), String::from_utf8_lossy(value.raw)))
            .collect();
        assert_eq!(seen[0], ("a".into(), r#"[1, {"x":"}]"} , "\"" ]"#.into()));
        assert_eq!(string_field(json, "bc").as_deref(), Some("t\n"));
        assert_eq!(number_field(json, "n"), Some(-1500.0));
        let array = field(json, "a").map(|found| items(found.raw).count());
        assert_eq!(array, Some(3));
    }

    #[test]
    fn broken_text_ends_the_walk() {
        for bad in
            ["", "{", "{\"", "{\"a\"", "{\"a\":", "{\"a\":\"\\", "{,}", "[[[", "{\"a\":[}", "]"]
        {
            let _ = (fields(bad.as_bytes()).count(), items(bad.as_bytes()).count());
            any_leaf(bad.as_bytes(), &mut |_| false);
        }
    }

    #[test]
    fn leaves_are_values_without_keys() {
        let mut seen = Vec::new();
        any_leaf(br#"{"a":["x",{"b":null}],"c":1}"#, &mut |leaf| {
            seen.push(String::from_utf8_lossy(leaf).into_owned());
            false
        });
        assert_eq!(seen, ["\"x\"", "null", "1"]);
    }
}
