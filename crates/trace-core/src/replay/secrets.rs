//! Originals put back for the placeholders of a record: the inverse of what `redact` did to texts and bodies.
//!
//! A placeholder inside a string of JSON stands for decoded text, so its original is escaped again; anywhere else it stands for the
//! bytes as they were. What has no original stays a placeholder.

use std::borrow::Cow;

/// How every placeholder begins.
pub(crate) const OPEN: &str = "[REDACTED:";

/// Gives the original behind the inside of a placeholder, such as `bearer:3`; none when it cannot be had.
pub type Lookup<'l> = dyn Fn(&str) -> Option<String> + 'l;

/// JSON in a string in JSON in a string: no deeper than redaction looked.
const MAX_NESTING: usize = 4;

/// A header's value, an address or any other text as it was.
pub fn text<'t>(text: &'t str, lookup: &Lookup<'_>) -> Cow<'t, str> {
    if !text.contains(OPEN) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, id, after)) = next(rest) {
        out.push_str(before);
        match lookup(id) {
            Some(original) => out.push_str(&original),
            None => out.extend([OPEN, id, "]"]),
        }
        rest = after;
    }
    Cow::Owned(out + rest)
}

/// A body or a frame as it was. Bytes that are no text are read as one character each, as redaction does.
pub fn body<'b>(media_type: &str, bytes: &'b [u8], lookup: &Lookup<'_>) -> Cow<'b, [u8]> {
    if memchr::memmem::find(bytes, OPEN.as_bytes()).is_none() {
        return Cow::Borrowed(bytes);
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let whole = |text: &str| match essence.as_str() {
        "multipart/form-data" => parts(text, lookup),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "text/event-stream" => lines(text, lookup),
        _ => loose(text, 0, lookup),
    };
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Owned(whole(text).into_bytes());
    }
    let text: String = bytes.iter().copied().map(char::from).collect();
    Cow::Owned(whole(&text).chars().map(|ch| u8::try_from(u32::from(ch)).unwrap_or(b'?')).collect())
}

/// The insides of the placeholders in a text, in order.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, id, after) = next(rest)?;
        rest = after;
        Some(id)
    })
}

/// What stands around the placeholders: one part more than there are placeholders.
pub(crate) fn literals(text: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((before, _, after)) = next(rest) {
        found.push(before);
        rest = after;
    }
    found.push(rest);
    found
}

/// What stands before the first placeholder, its inside, and what stands behind it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    for (at, _) in text.match_indices(OPEN) {
        let inside = &text[at + OPEN.len()..];
        let Some(end) = inside.find([']', '[', '"', '\n']) else { continue };
        let id = &inside[..end];
        let number = id.rsplit_once(':').map(|(_, number)| number);
        let is_id = number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if is_id && inside.as_bytes()[end] == b']' {
            return Some((&text[..at], id, &inside[end + 1..]));
        }
    }
    None
}

/// Text of unknown nature: JSON when it is JSON, text otherwise.
fn loose(whole: &str, nesting: usize, lookup: &Lookup<'_>) -> String {
    let trimmed = whole.trim_ascii();
    let bracketed = (trimmed.starts_with('{') && trimmed.ends_with('}'))
        || (trimmed.starts_with('[') && trimmed.ends_with(']'));
    let is_json =
        bracketed && serde_json::from_str::<&serde_json::value::RawValue>(trimmed).is_ok();
    if is_json && nesting < MAX_NESTING {
        json(whole, nesting + 1, lookup)
    } else {
        text(whole, lookup).into_owned()
    }
}

/// Valid JSON with each of its strings as it was; every other byte stays.
fn json(whole: &str, nesting: usize, lookup: &Lookup<'_>) -> String {
    let bytes = whole.as_bytes();
    let (mut out, mut copied, mut at) = (String::with_capacity(whole.len()), 0, 0);
    while let Some(start) = memchr::memchr(b'"', &bytes[at..]).map(|found| at + found) {
        let end = string_end(bytes, start);
        at = end;
        let literal = &whole[start..end];
        if !literal.contains(OPEN) {
            continue;
        }
        out.push_str(&whole[copied..start]);
        out.push_str(&string(literal, nesting, lookup));
        copied = end;
    }
    out + &whole[copied..]
}

/// Behind the quote that closes the string which opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

fn string(literal: &str, nesting: usize, lookup: &Lookup<'_>) -> String {
    let Ok(decoded) = serde_json::from_str::<String>(literal) else { return literal.to_owned() };
    let number = decoded.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(']'));
    if let Some(id) = number.filter(|id| id.starts_with("number:"))
        && let Some(original) = lookup(id)
        && serde_json::from_str::<serde_json::Number>(&original).is_ok()
    {
        return original;
    }
    serde_json::Value::from(loose(&decoded, nesting, lookup)).to_string()
}

/// Each line by itself; JSON stands behind `data:` in streams of events.
fn lines(whole: &str, lookup: &Lookup<'_>) -> String {
    let one = |line: &str| {
        let (field, value) = match line.strip_prefix("data:") {
            Some(value) => line.split_at(line.len() - value.trim_start().len()),
            None => ("", line),
        };
        format!("{field}{}", loose(value, 0, lookup))
    };
    let lines: String = whole.split_inclusive('\n').map(one).collect();
    // A secret may have gone over several lines.
    text(&lines, lookup).into_owned()
}

fn parts(whole: &str, lookup: &Lookup<'_>) -> String {
    let first = whole.split("\r\n").next().unwrap_or_default();
    if !first.starts_with("--") || first.len() < 3 {
        return loose(whole, 0, lookup);
    }
    let one = |part: &str| match part.split_once("\r\n\r\n") {
        None => part.to_owned(),
        Some((head, tail)) => {
            let value = tail.strip_suffix("\r\n").unwrap_or(tail);
            let end = &tail[value.len()..];
            format!("{}\r\n\r\n{}{end}", text(head, lookup), loose(value, 0, lookup))
        }
    };
    whole.split(first).map(one).collect::<Vec<_>>().join(first)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::redact::{Redactor, Rules};

    /// What redaction takes out comes back byte for byte.
    fn check(media_type: &str, original: &[u8]) {
        let mut redactor =
            Redactor::new(Rules { keep_originals: true, ..Rules::default() }).unwrap();
        let clean = redactor.apply_bytes(media_type, original).into_owned();
        let vault: HashMap<String, String> = redactor
            .drain_vault_entries()
            .into_iter()
            .map(|entry| (entry.id().to_owned(), entry.original.expose().to_owned()))
            .collect();
        assert_ne!(clean, original, "{media_type}: nothing was redacted");
        let back = body(media_type, &clean, &|id| vault.get(id).cloned());
        assert_eq!(String::from_utf8_lossy(&back), String::from_utf8_lossy(original));
        assert_eq!(back, original);
        assert_eq!(body(media_type, &clean, &|_| None), clean, "without a key it stays");
    }

    #[test]
    fn bodies_come_back_byte_for_byte() {
        check("application/json", br#"{"user":"ada","password":"a\"b\\c d"}"#);
        check("application/json", br#"{"pin_code":1,"cvc":1234, "password": "hunter2hunter2"}"#);
        check("application/json", br#"{"body":"{\"password\":\"q\\\"x\\\"\"}"}"#);
        check("application/x-www-form-urlencoded", b"user=ada&password=a%20b%26c");
        check("text/plain", b"password=hunter2 and more");
        check("text/event-stream", b"event: a\ndata: {\"token\":\"abc\\\"def\"}\n\n");
        check("application/x-ndjson", b"{\"password\":\"one\\n\"}\n{\"password\":\"two\"}\n");
        let form: &[u8] =
            b"--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhun\"ter2\r\n--x--\r\n";
        check("multipart/form-data; boundary=x", form);
        check("text/plain; charset=latin1", b"caf\xe9 password=hunter2");
    }

    #[test]
    fn texts_come_back_and_what_is_no_placeholder_stays() {
        let lookup = |id: &str| (id == "bearer:1").then(|| "tok".to_owned());
        for (given, expect) in [
            ("Bearer [REDACTED:bearer:1]", "Bearer tok"),
            ("[REDACTED:bearer:1][REDACTED:bearer:1]", "toktok"),
            ("[REDACTED:bearer:2]", "[REDACTED:bearer:2]"),
            ("[REDACTED:", "[REDACTED:"),
            ("[REDACTED:bearer:x] [REDACTED:bearer:1]", "[REDACTED:bearer:x] tok"),
            ("[REDACTED:a[REDACTED:bearer:1]", "[REDACTED:atok"),
        ] {
            assert_eq!(text(given, &lookup), expect);
        }
        assert_eq!(
            placeholders("a[REDACTED:cookie:2]b[REDACTED:x:11]").collect::<Vec<_>>(),
            ["cookie:2", "x:11"]
        );
        assert_eq!(literals("a[REDACTED:cookie:2]b"), ["a", "b"]);
    }

    proptest! {
        // A redactor compiles its rules anew for each case.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_password_comes_back(password in "\\PC{1,24}") {
            prop_assume!(!password.contains("[REDACTED:") && !password.trim().is_empty());
            // Text that is itself JSON is taken apart instead of hidden whole; names of blobs are never secret.
            prop_assume!(!password.starts_with("sha256:"));
            let json = serde_json::json!({"user": "ada", "password": password}).to_string();
            check("application/json", json.as_bytes());
        }

        #[test]
        fn garbage_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0..5_usize) {
            let kinds = ["application/json", "multipart/form-data", "text/event-stream", "text/html", ""];
            let mut all = b"[REDACTED:value:1]\"{\\".to_vec();
            all.extend(bytes);
            drop(body(kinds[kind], &all, &|_| Some("x".to_owned())));
        }
    }
}
