//! What is looked for, and how it is replaced in a text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ScrubError;
use crate::redact::{Literals, Redactor, Rules};

/// A shorter value stands in every trace by chance.
const MIN_BYTES: usize = 4;
/// What replaced values are called in placeholders.
const KIND: &str = "scrubbed";

/// What is looked for. It never prints.
pub struct Wanted {
    values: Vec<String>,
    pattern: Option<Regex>,
    /// Numbers the placeholders of the trace at hand.
    redactor: Redactor,
    known: Vec<(String, String)>,
    literals: Option<Literals>,
    /// Places found in the trace at hand.
    pub(super) places: u64,
    /// Lines in which it still stands.
    pub(super) left: u64,
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wanted(…)")
    }
}

impl Wanted {
    /// Looks for values in every usual spelling.
    pub fn values(values: Vec<String>) -> Result<Self, ScrubError> {
        if values.is_empty() || values.iter().any(|value| value.len() < MIN_BYTES) {
            return Err(ScrubError::TooShort);
        }
        Self::new(values, None)
    }

    /// Looks for whatever a regular expression matches in a text as people read it.
    pub fn pattern(pattern: &str) -> Result<Self, ScrubError> {
        let regex = Regex::new(pattern).map_err(|error| ScrubError::Pattern(error.to_string()))?;
        if regex.is_match("") {
            return Err(ScrubError::Pattern("it matches the empty text".to_owned()));
        }
        Self::new(Vec::new(), Some(regex))
    }

    fn new(values: Vec<String>, pattern: Option<Regex>) -> Result<Self, ScrubError> {
        let (redactor, known) = (redactor()?, Vec::new());
        Ok(Self { values, pattern, redactor, known, literals: None, places: 0, left: 0 })
    }

    /// Begins a trace: new placeholders are numbered behind those that its lines hold already.
    pub(super) fn begin(&mut self, lines: impl Iterator<Item = String>) -> Result<(), ScrubError> {
        (self.redactor, self.places, self.left) = (redactor()?, 0, 0);
        lines.for_each(|line| self.redactor.continue_behind(&line));
        let placeholders = self.values.iter().map(|value| {
            let by = self.redactor.replace_value(KIND, value);
            (value.clone(), by.unwrap_or_else(|| format!("[REDACTED:{KIND}:0]")))
        });
        self.known = placeholders.collect();
        let known = self.known.iter().map(|(value, by)| (value.as_str(), by.as_str()));
        self.literals = Some(Literals::new(known)?).filter(|_| !self.values.is_empty());
        Ok(())
    }

    /// Bytes of any kind without what is looked for.
    pub(super) fn clean<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if let Some(literals) = &self.literals {
            let (clean, count) = literals.replace(bytes);
            self.places += count;
            return clean;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => match self.matched(text) {
                Some(clean) => Cow::Owned(clean.into_bytes()),
                None => Cow::Borrowed(bytes),
            },
            Err(_) => Cow::Borrowed(bytes),
        }
    }

    /// A line of JSON without what is looked for, still JSON; none when it stays as it is.
    pub(super) fn clean_line(&mut self, line: &str) -> Option<String> {
        let by_content = self.contents(line);
        let text = by_content.as_deref().unwrap_or(line);
        let before = self.places;
        if self.pattern.is_some() {
            return self.each_text(text).or(by_content);
        }
        let clean = match self.clean(text.as_bytes()) {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => String::from_utf8(clean).ok(),
        };
        match clean {
            Some(clean) if serde_json::from_str::<&RawValue>(&clean).is_ok() => Some(clean),
            // A value that ends within an escape: the line is taken apart instead.
            Some(_) => {
                self.places = before;
                let clean = self.each_text(text).or(by_content);
                let left = clean.as_deref().unwrap_or(line).as_bytes();
                let stands = |literals: &Literals| literals.replace(left).1 > 0;
                self.left += u64::from(self.literals.as_ref().is_some_and(stands));
                clean
            }
            None => by_content,
        }
    }

    /// Inline bytes are decoded, so that what is replaced in them leaves them readable.
    fn contents(&mut self, line: &str) -> Option<String> {
        memchr::memmem::find(line.as_bytes(), b"\"base64\"")?;
        let mut tree: Value = serde_json::from_str(line).ok()?;
        let mut changed = false;
        objects(&mut tree, &mut |fields| {
            let Some(text) = fields.get("base64").and_then(Value::as_str) else { return };
            let Ok(bytes) = STANDARD.decode(text) else { return };
            if let Cow::Owned(clean) = self.clean(&bytes) {
                fields.insert("base64".to_owned(), STANDARD.encode(&clean).into());
                fields.insert("size".to_owned(), clean.len().into());
                changed = true;
            }
        });
        changed.then(|| tree.to_string())
    }

    fn each_text(&mut self, line: &str) -> Option<String> {
        let mut tree: Value = serde_json::from_str(line).ok()?;
        let before = self.places;
        texts(&mut tree, &mut |text| {
            if let Cow::Owned(clean) = self.clean(text.as_bytes()) {
                *text = String::from_utf8_lossy(&clean).into_owned();
            }
        });
        (self.places > before).then(|| tree.to_string())
    }

    fn matched(&mut self, text: &str) -> Option<String> {
        let regex = self.pattern.as_ref()?;
        let (mut out, mut copied) = (String::new(), 0);
        for found in regex.find_iter(text) {
            // Redacted already, by an earlier run or by the recorder.
            let Some(by) = self.redactor.replace_value(KIND, found.as_str()) else { continue };
            out.push_str(&text[copied..found.start()]);
            out.push_str(&by);
            copied = found.end();
            self.places += 1;
        }
        (copied > 0).then(|| out + &text[copied..])
    }
}

fn redactor() -> Result<Redactor, ScrubError> {
    Ok(Redactor::new(Rules { keep_originals: false, ..Rules::default() })?)
}

/// Calls `each` with every object of a tree.
pub(super) fn objects(tree: &mut Value, each: &mut dyn FnMut(&mut serde_json::Map<String, Value>)) {
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|item| objects(item, each)),
        Value::Object(fields) => {
            each(fields);
            fields.values_mut().for_each(|item| objects(item, each));
        }
        _ => {}
    }
}

fn texts(tree: &mut Value, each: &mut dyn FnMut(&mut String)) {
    match tree {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, each)),
        Value::Object(fields) => fields.values_mut().for_each(|item| texts(item, each)),
        _ => {}
    }
}
