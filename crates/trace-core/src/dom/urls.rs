//! Which addresses a recording refers to, and how two spellings of one address are told to be the same.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use super::css;

/// Attributes whose value is one address of something that a player shows.
const SHOWN: [&str; 6] = ["src", "poster", "data", "background", "xlink:href", "rr_src"];

/// Every address that the events refer to, absolute; what needs no network is left out.
pub(super) fn of_events(events: &[Value]) -> BTreeSet<String> {
    let mut found = Found { base: None, urls: BTreeSet::new() };
    for event in events {
        let Some(data) = event.get("data") else { continue };
        match event.get("type").and_then(Value::as_u64) {
            Some(4) => {
                found.base = data["href"].as_str().and_then(|href| Url::parse(href).ok());
            }
            Some(2) => found.node(&data["node"]),
            Some(3) => found.change(data),
            _ => {}
        }
    }
    found.urls
}

struct Found {
    base: Option<Url>,
    urls: BTreeSet<String>,
}

impl Found {
    fn change(&mut self, data: &Value) {
        for add in data["adds"].as_array().into_iter().flatten() {
            self.node(&add["node"]);
            self.css(&add["rule"]);
        }
        for change in data["attributes"].as_array().into_iter().flatten() {
            self.attributes("", &change["attributes"]);
        }
        for style in data["styles"].as_array().into_iter().flatten() {
            for rule in style["rules"].as_array().into_iter().flatten() {
                self.css(&rule["rule"]);
            }
        }
        for text in ["replace", "replaceSync"] {
            self.css(&data[text]);
        }
    }

    fn node(&mut self, node: &Value) {
        let tag = node["tagName"].as_str().unwrap_or_default();
        self.attributes(tag, &node["attributes"]);
        let is_style = tag == "style";
        for child in node["childNodes"].as_array().into_iter().flatten() {
            if is_style || child["isStyle"] == Value::Bool(true) {
                self.css(&child["textContent"]);
            }
            self.node(child);
        }
    }

    fn attributes(&mut self, tag: &str, attributes: &Value) {
        let Some(attributes) = attributes.as_object() else { return };
        let rel = attributes.get("rel").and_then(Value::as_str).unwrap_or_default();
        for (name, value) in attributes {
            match (name.as_str(), value) {
                ("style" | "_cssText", Value::String(_)) => self.css(value),
                ("style", Value::Object(changes)) => {
                    changes.values().for_each(|value| self.css(value));
                }
                ("srcset" | "imagesrcset", Value::String(set)) => {
                    for candidate in set.split(", ") {
                        self.one(candidate.trim().split(' ').next().unwrap_or_default());
                    }
                }
                // Links lead to other pages, except those that dress this one; an iframe's address is a document.
                ("href", Value::String(url)) if tag == "link" && dresses(rel) => self.one(url),
                ("href", Value::String(url)) if matches!(tag, "image" | "use" | "feimage") => {
                    self.one(url);
                }
                (name, Value::String(url))
                    if SHOWN.contains(&name) && !matches!(tag, "iframe" | "script" | "frame") =>
                {
                    self.one(url);
                }
                _ => {}
            }
        }
    }

    fn css(&mut self, text: &Value) {
        let text = match text {
            Value::String(text) => text,
            Value::Array(parts) => return parts.iter().for_each(|part| self.css(part)),
            _ => return,
        };
        for url in css::references(text) {
            self.one(&url);
        }
    }

    fn one(&mut self, url: &str) {
        self.urls.extend(absolute(url, self.base.as_ref()));
    }
}

fn dresses(rel: &str) -> bool {
    rel.split_ascii_whitespace().any(|word| {
        ["stylesheet", "icon", "apple-touch-icon", "mask-icon"]
            .iter()
            .any(|w| word.eq_ignore_ascii_case(w))
    })
}

/// The address as a browser would ask for it; none for what needs no network.
pub(super) fn absolute(url: &str, base: Option<&Url>) -> Option<String> {
    let url = url.trim();
    if url.is_empty() || url.starts_with('#') {
        return None;
    }
    let parsed = match base {
        Some(base) => base.join(url).ok()?,
        None => Url::parse(url).ok()?,
    };
    matches!(parsed.scheme(), "http" | "https").then(|| parsed.to_string())
}

/// One spelling for all that name the same answer: no fragment, and no value that either side redacted.
pub(super) fn normalise(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    parsed.set_fragment(None);
    if parsed.query().is_some_and(|query| query.contains("REDACTED")) {
        let pairs: Vec<(String, String)> = parsed
            .query_pairs()
            .map(|(name, value)| {
                let redacted = value.contains("REDACTED");
                (
                    name.into_owned(),
                    if redacted { "REDACTED".to_owned() } else { value.into_owned() },
                )
            })
            .collect();
        parsed.query_pairs_mut().clear().extend_pairs(pairs);
    }
    parsed.to_string()
}
