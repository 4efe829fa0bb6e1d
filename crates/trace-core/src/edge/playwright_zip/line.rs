//! One line of an archive's JSONL members.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::options::Masks;
use super::super::secrets::Secrets;
use super::left_out::LeftOut;
use super::{har, snapshot};
use crate::redact::Literals;
use crate::scan;

/// Nested deeper, the redactor would not look at all of it.
const MAX_DEPTH: usize = 120;

const MIN_LEARNT_BYTES: usize = 6;

/// Cleans lines, and remembers between them what one says about the others.
pub(super) struct Lines<'a> {
    pub(super) secrets: &'a mut Secrets,
    pub(super) masks: Masks,
    pub(super) left_out: LeftOut,
    /// The media types of members, as the HAR entries tell them.
    pub(super) media_types: HashMap<String, String>,
    /// What fields hold that are secret by where they stand; it goes wherever it is repeated.
    learnt: Vec<(String, String)>,
    literals: Option<Literals>,
    /// What a call typed into a secret field: its other lines repeat it.
    typed: HashMap<String, Vec<(String, String)>>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(secrets: &'a mut Secrets, masks: Masks) -> Self {
        Self {
            secrets,
            masks,
            left_out: LeftOut::default(),
            media_types: HashMap::new(),
            learnt: Vec::new(),
            literals: None,
            typed: HashMap::new(),
        }
    }

    /// Makes a value go from every line and text. A short one may be a word of the page.
    pub(super) fn learn(&mut self, value: String) {
        if value.len() >= MIN_LEARNT_BYTES && !self.learnt.iter().any(|(known, _)| *known == value)
        {
            let placeholder = self.replace("input", &value);
            self.learnt.extend(placeholder.map(|placeholder| (value, placeholder)));
        }
    }

    /// The first pass is over.
    pub(super) fn learnt(&mut self) {
        // What was counted so far is counted again by the second pass.
        self.left_out = LeftOut::default();
        let values = self.learnt.iter().map(|(value, by)| (value.as_str(), by.as_str()));
        self.literals = Literals::new(values).ok().filter(|_| !self.learnt.is_empty());
    }

    /// A text without what was learnt.
    pub(super) fn without_learnt<'t>(&self, bytes: &'t [u8]) -> Cow<'t, [u8]> {
        self.literals.as_ref().map_or(Cow::Borrowed(bytes), |known| known.replace(bytes).0)
    }

    /// The line without its secrets; none when it has to be left out.
    pub(super) fn clean(&mut self, line: &[u8]) -> Option<String> {
        let Some(text) = json_text(line) else {
            self.left_out.note("lines that are no JSON");
            return None;
        };
        if depth(line) > MAX_DEPTH {
            self.left_out.note("lines that are nested too deep to be checked");
            return None;
        }
        let kind = scan::string_field(line, "type").unwrap_or_default();
        if self.is_hidden(&kind) {
            self.left_out.note(if kind == "frame-snapshot" || kind == "aria-snapshot" {
                "copies of the page, because elements are masked"
            } else {
                "references to pictures"
            });
            return None;
        }
        let mended = match &*kind {
            "before" => self.call(text),
            "log" | "after" => self.repeated(text),
            "frame-snapshot" => snapshot::clean(text, self),
            "resource-snapshot" => har::clean(text, self),
            _ => None,
        };
        let kind = if kind == "before" { "action" } else { "playwright" };
        let clean = self.secrets.apply(kind, mended.as_deref().unwrap_or(text)).into_owned();
        Some(self.unlearnt(clean))
    }

    /// A value may end within an escape; then the line is taken apart instead.
    fn unlearnt(&self, line: String) -> String {
        let Cow::Owned(clean) = self.without_learnt(line.as_bytes()) else { return line };
        if let Some(clean) = json_text(&clean) {
            return clean.to_owned();
        }
        let mut tree: Value = serde_json::from_str(&line).unwrap_or_default();
        for (value, placeholder) in &self.learnt {
            replace_everywhere(&mut tree, value, placeholder);
        }
        tree.to_string()
    }

    fn is_hidden(&self, kind: &str) -> bool {
        match kind {
            "screencast-frame" | "screenshot" => self.masks.hide_pictures(),
            "frame-snapshot" | "aria-snapshot" => self.masks.elements,
            _ => false,
        }
    }

    /// A call that types into a secret field is told without what it typed.
    fn call(&mut self, text: &str) -> Option<String> {
        let typed = self.typed_by(text.as_bytes());
        if typed.is_empty() {
            return None;
        }
        let mut line: Value = serde_json::from_str(text).ok()?;
        let mut replaced = Vec::new();
        for value in typed {
            let Some(placeholder) = self.replace("input", &value) else { continue };
            replace_everywhere(&mut line["params"], &value, &placeholder);
            replace_everywhere(&mut line["title"], &value, &placeholder);
            replaced.push((value, placeholder));
        }
        if let Some(id) = line["callId"].as_str() {
            self.typed.entry(id.to_owned()).or_default().extend(replaced);
        }
        Some(line.to_string())
    }

    /// What a call types into a field that its selector or title calls secret, or into any field when all are masked.
    pub(super) fn typed_by(&self, line: &[u8]) -> Vec<String> {
        let Some(params) = scan::field(line, "params") else { return Vec::new() };
        let field = |json, key| scan::string_field(json, key).unwrap_or_default();
        let method = field(line, "method");
        let types = matches!(&*method, "fill" | "type" | "pressSequentially" | "insertText");
        let described = format!("{} {}", field(line, "title"), field(params.raw, "selector"));
        if !types || !(self.masks.inputs || self.secrets.redactor.calls_secret(&described)) {
            return Vec::new();
        }
        let values = ["value", "text"].map(|key| field(params.raw, key).into_owned());
        values.into_iter().filter(|value| !value.is_empty()).collect()
    }

    /// Whether exactly this was typed into a secret field before, which another field may be the copy of.
    pub(super) fn was_typed(&self, value: &str) -> bool {
        let known = |(typed, _): &(String, String)| typed == value;
        !value.is_empty() && self.typed.values().flatten().any(known)
    }

    fn repeated(&self, text: &str) -> Option<String> {
        let id = scan::string_field(text.as_bytes(), "callId")?;
        let typed = self.typed.get(&*id)?;
        let mut line: Value = serde_json::from_str(text).ok()?;
        for (value, placeholder) in typed {
            replace_everywhere(&mut line["message"], value, placeholder);
            replace_everywhere(&mut line["error"], value, placeholder);
        }
        Some(line.to_string())
    }

    /// The placeholder for a value that is secret by where it stands.
    pub(super) fn replace(&mut self, kind: &str, value: &str) -> Option<String> {
        self.secrets.redactor.replace_value(kind, value)
    }
}

fn json_text(line: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(line).ok()?;
    serde_json::from_str::<&RawValue>(text).is_ok().then_some(text)
}

/// Replaces the value in every text of a small tree.
fn replace_everywhere(tree: &mut Value, value: &str, by: &str) {
    match tree {
        Value::String(text) if text.contains(value) => *text = text.replace(value, by),
        Value::Array(items) => {
            items.iter_mut().for_each(|item| replace_everywhere(item, value, by));
        }
        Value::Object(fields) => {
            fields.values_mut().for_each(|item| replace_everywhere(item, value, by));
        }
        _ => {}
    }
}

/// How many brackets stand around the innermost value.
fn depth(json: &[u8]) -> usize {
    let (mut now, mut most, mut at) = (0_usize, 0, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                at = scan::value_end(json, at).unwrap_or(json.len());
                continue;
            }
            b'[' | b'{' => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    most
}
