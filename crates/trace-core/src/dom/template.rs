//! A recorded document as template and variables: what every run of a test shares, and the little that differs.
//!
//! Works on the text, so that what comes back is the text byte for byte. What changes from run to run (times, tokens, long
//! numbers, the address of the server) is lifted out; large elements and style sheets become parts of their own, so that a
//! change in one leaves the names of the others alone. Marks are control characters, which JSON text never has.

use std::sync::LazyLock;

use regex::{Match, Regex};
use thiserror::Error;

use crate::blob::BlobId;
use crate::event::TemplateRef;

/// Stands at the head of every part; another version of the rules gives other names.
pub const TEMPLATE_PREFIX: &[u8] = b"molar-dom/1\0";
/// Media type of a part.
pub const TEMPLATE_MEDIA_TYPE: &str = "application/vnd.molar.dom-template";

const VARIABLE: u8 = 1;
const AUTHORITY: u8 = 2;
const PART: u8 = 3;

/// Bytes of an element that are worth a part of their own.
const PART_BYTES: usize = 4096;
/// The same of a style sheet's text.
const CSS_BYTES: usize = 512;
/// Variables beyond which a document is not worth splitting.
const MAX_VARIABLES: usize = 2000;

/// Values that differ between runs wherever they stand; of the first kinds only the value after the name is lifted.
static VOLATILE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names =
        r#""(?:nonce|csrf-token|data-[a-z-]*(?:id|token|key|nonce))":"(?<named>[^"\\]{1,512})""#;
    let shapes = [
        r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        r"\d{4}-\d\d-\d\dT[\d:.]{5,16}Z?",
        r"[\w.+-]{1,64}@[\w.-]{1,64}",
        r"\d{1,2}:\d\d(?::\d\d)?",
        r"[0-9a-fA-F]{16,128}",
        r"\d{6,32}(?:\.\d{1,20})?",
    ];
    Regex::new(&format!("{names}|(?<shape>{})", shapes.join("|"))).ok()
});

/// A document taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Contents of the parts: first the outermost, then each in the order in which it is needed.
    pub parts: Vec<Vec<u8>>,
    /// What was lifted out, in the order of the text.
    pub variables: Vec<String>,
    /// Host and port of the page.
    pub authority: String,
    /// The first 16 hex digits of the SHA-256 of the text.
    pub check: String,
}

/// Why a document could not be put together.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateError {
    /// A part of another version, or none at all.
    #[error("part `{part}` of a recorded document is not of this version of the template rules")]
    Version {
        /// Which part, from 0.
        part: usize,
    },
    /// More marks than variables or parts.
    #[error("a recorded document refers to a {what} that is not there")]
    Missing {
        /// `variable` or `part`.
        what: &'static str,
    },
    /// Not the text that was taken apart.
    #[error(
        "a recorded document does not come back as it was: its check is `{found}`, not `{expected}`"
    )]
    Check {
        /// What the record says.
        expected: String,
        /// What came out.
        found: String,
    },
    /// More text than a reader is ready to hold, or none that is UTF-8.
    #[error("a recorded document comes back with more than `{limit}` bytes or as no text")]
    Text {
        /// The limit in force.
        limit: usize,
    },
}

/// Takes a text apart. None when it would not come back byte for byte, which is tried before anybody relies on it.
pub fn split(text: &str) -> Option<Template> {
    if text.bytes().any(|byte| byte <= PART && byte != 0) {
        return None;
    }
    let authority = authority(text).unwrap_or_default();
    let (lifted, variables) = lift(text, &authority)?;
    let parts = cut(&lifted);
    let template = Template { parts, variables, authority, check: check_of(text) };
    let again = template.rebuild(text.len()).ok();
    (again.as_deref() == Some(text)).then_some(template)
}

impl Template {
    /// The text, proved by its check.
    pub fn rebuild(&self, max_bytes: usize) -> Result<String, TemplateError> {
        let mut out: Vec<u8> = Vec::new();
        let (mut variables, mut next) = (self.variables.iter(), 1);
        let mut open: Vec<&[u8]> = vec![self.part(0)?];
        while let Some(rest) = open.pop() {
            let at = rest.iter().position(|byte| (VARIABLE..=PART).contains(byte));
            let (plain, after) = rest.split_at(at.unwrap_or(rest.len()));
            out.extend_from_slice(plain);
            let Some((mark, after)) = after.split_first() else { continue };
            open.push(after);
            match *mark {
                VARIABLE => {
                    let missing = TemplateError::Missing { what: "variable" };
                    out.extend_from_slice(variables.next().ok_or(missing)?.as_bytes());
                }
                AUTHORITY => out.extend_from_slice(self.authority.as_bytes()),
                _ => {
                    open.push(self.part(next)?);
                    next += 1;
                }
            }
            if out.len() > max_bytes {
                return Err(TemplateError::Text { limit: max_bytes });
            }
        }
        let text = String::from_utf8(out).map_err(|_| TemplateError::Text { limit: max_bytes })?;
        let found = check_of(&text);
        let expected = self.check.clone();
        if found == expected { Ok(text) } else { Err(TemplateError::Check { expected, found }) }
    }

    fn part(&self, n: usize) -> Result<&[u8], TemplateError> {
        let part = self.parts.get(n).ok_or(TemplateError::Missing { what: "part" })?;
        part.strip_prefix(TEMPLATE_PREFIX).ok_or(TemplateError::Version { part: n })
    }
}

impl TemplateRef {
    /// The text, from parts that the caller fetches, proved by its check. `max_bytes` bounds what a hostile record can ask for.
    pub fn rebuild<E: From<TemplateError>>(
        &self,
        max_bytes: usize,
        read: impl FnMut(&BlobId) -> Result<Vec<u8>, E>,
    ) -> Result<String, E> {
        let parts = self.parts.iter().map(|part| &part.blob).map(read);
        let parts = parts.collect::<Result<_, E>>()?;
        let (variables, authority) = (self.variables.clone(), self.authority.clone());
        let template = Template { parts, variables, authority, check: self.check.clone() };
        Ok(template.rebuild(max_bytes)?)
    }
}

fn check_of(text: &str) -> String {
    let mut check = BlobId::of(text.as_bytes()).hex();
    check.truncate(16);
    check
}

/// Host and port of the first address that a Meta event tells.
fn authority(text: &str) -> Option<String> {
    let after = text.split_once(r#""href":"http"#)?.1;
    let after = after.split_once("://")?.1;
    let end = after.find(['/', '"', '?', '#', '\\'])?;
    (end > 3).then(|| after[..end].to_owned())
}

/// Replaces the authority and whatever is volatile by marks.
fn lift(text: &str, authority: &str) -> Option<(String, Vec<String>)> {
    let volatile = VOLATILE.as_ref()?;
    let mut marked = text.to_owned();
    if !authority.is_empty() {
        marked = text.replace(authority, &char::from(AUTHORITY).to_string());
    }
    let (mut out, mut variables, mut end) = (String::with_capacity(marked.len()), Vec::new(), 0);
    for found in volatile.captures_iter(&marked) {
        let span: Option<Match<'_>> = found.name("named").or(found.name("shape"));
        let Some(span) = span.filter(|span| !span.as_str().contains(char::from(AUTHORITY))) else {
            continue;
        };
        out.push_str(&marked[end..span.start()]);
        out.push(char::from(VARIABLE));
        variables.push(span.as_str().to_owned());
        end = span.end();
        if variables.len() > MAX_VARIABLES {
            return None;
        }
    }
    out.push_str(&marked[end..]);
    Some((out, variables))
}

/// A part and those inside it.
struct Part {
    bytes: Vec<u8>,
    inside: Vec<Part>,
}

/// Where an object or a string began, in the text written so far.
struct Open {
    start: usize,
    parts: usize,
}

/// Cuts large elements and style sheets out of the text, from the inside to the outside.
fn cut(text: &str) -> Vec<Vec<u8>> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let (mut parts, mut open): (Vec<Part>, Vec<Open>) = (Vec::new(), Vec::new());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'"' => {
                let len = string_len(rest);
                let (string, after) = rest.split_at(len);
                let is_css = string.len() > CSS_BYTES && is_style(&out);
                out.push(b'"');
                let inside = &string[1..];
                if is_css {
                    parts.push(Part {
                        bytes: inside[..inside.len() - 1].to_vec(),
                        inside: Vec::new(),
                    });
                    out.extend([PART, b'"']);
                } else {
                    out.extend_from_slice(inside);
                }
                rest = after;
                continue;
            }
            b'{' => open.push(Open { start: out.len(), parts: parts.len() }),
            b'}' => {
                let opened = open.pop();
                out.push(b'}');
                let large = opened.filter(|opened| out.len() - opened.start >= PART_BYTES);
                if let Some(opened) = large
                    .filter(|opened| out[opened.start..].starts_with(br#"{"type":2,"tagName""#))
                {
                    let bytes = out.split_off(opened.start);
                    let inside = parts.split_off(opened.parts);
                    parts.push(Part { bytes, inside });
                    out.push(PART);
                }
                rest = after;
                continue;
            }
            _ => {}
        }
        out.push(byte);
        rest = after;
    }
    let mut flat = Vec::new();
    flatten(Part { bytes: out, inside: parts }, &mut flat);
    flat
}

/// The bytes of the string that begins here, with its quotes; of a broken one all that is left.
fn string_len(from: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = from.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if from[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    from.len()
}

/// Whether the string that follows holds rules of a style sheet.
fn is_style(before: &[u8]) -> bool {
    before.ends_with(br#""_cssText":"#) || before.ends_with(br#""isStyle":true,"textContent":"#)
}

fn flatten(part: Part, flat: &mut Vec<Vec<u8>>) {
    flat.push([TEMPLATE_PREFIX, &part.bytes].concat());
    part.inside.into_iter().for_each(|inside| flatten(inside, flat));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, n_parts: usize, variables: &[&str]) {
        let template = split(text).unwrap();
        assert_eq!(template.rebuild(text.len()).unwrap(), text);
        assert_eq!(template.variables, variables, "{text}");
        assert_eq!(template.parts.len(), n_parts, "{text}");
    }

    fn page(port: u16, nonce: &str, time: u64, body: &str) -> String {
        format!(
            r#"[{{"type":4,"data":{{"href":"http://127.0.0.1:{port}/a","width":1}},"timestamp":{time}.25}},{{"type":2,"data":{{"node":{{"type":2,"tagName":"b","attributes":{{"nonce":"{nonce}","src":"http://127.0.0.1:{port}/x.png"}},"childNodes":[{body}],"id":7}}}},"timestamp":{time}.5}}]"#
        )
    }

    #[test]
    fn two_runs_of_a_page_share_all_their_parts() {
        let css = format!(
            r#"{{"type":2,"tagName":"style","attributes":{{"_cssText":"{}"}},"childNodes":[],"id":8}}"#,
            "a{color:red}".repeat(60)
        );
        let large = format!(
            r#"{{"type":2,"tagName":"p","attributes":{{}},"childNodes":[{{"type":3,"textContent":"{}","id":10}}],"id":9}}"#,
            "word ".repeat(1000)
        );
        let body = format!("{css},{large}");
        let one = split(&page(4000, "abc", 1_763_730_000_123, &body)).unwrap();
        let two = split(&page(51_234, "xyz9", 1_763_730_999_456, &body)).unwrap();
        assert_eq!(one.parts, two.parts);
        assert_eq!(one.parts.len(), 3, "the page, its sheet, its large element");
        assert_eq!(two.variables, ["1763730999456.25", "xyz9", "1763730999456.5"]);
    }

    #[test]
    fn lifts_what_differs_and_nothing_else() {
        check(
            r#"["ordered at 12:30 by a.b@example.com, 12 left"]"#,
            1,
            &["12:30", "a.b@example.com"],
        );
        check(
            r#"["550e8400-e29b-41d4-a716-446655440000","2026-01-01T10:00:00.000Z"]"#,
            1,
            &["550e8400-e29b-41d4-a716-446655440000", "2026-01-01T10:00:00.000Z"],
        );
        check(r#"["\"{","é","}"]"#, 1, &[]);
        check("", 1, &[]);
        assert_eq!(split("\u{1}"), None);
    }

    #[test]
    fn what_was_tampered_with_does_not_come_back() {
        let mut template = split(&page(1234, "abc", 1_763_730_000_123, "")).unwrap();
        template.variables[0].push('0');
        assert!(matches!(template.rebuild(1 << 20), Err(TemplateError::Check { .. })));
        template.variables.clear();
        assert_eq!(template.rebuild(1 << 20), Err(TemplateError::Missing { what: "variable" }));
        template.parts[0][0] = b'x';
        assert_eq!(template.rebuild(1 << 20), Err(TemplateError::Version { part: 0 }));
    }
}
