//! Documents out of rebuilt recordings, and out of nodes as rrweb's snapshots name them.

use serde_json::{Map, Value};

use super::super::VirtualDom;
use super::super::node::{Place, Slot, kind};
use super::super::snapshot::attributes;
use super::{Document, Part, origin};

/// Made anew for every answer, so they say nothing.
const VOLATILE: [&str; 2] = ["nonce", "integrity"];
/// A script never runs in a rebuilt document, and the text of a style is long and says little.
const SILENT: [&str; 3] = ["script", "noscript", "style"];
/// CDATA is text.
const CDATA: u64 = 4;

impl Document {
    /// The document that a recording has come to; none when there is nothing to show yet.
    pub fn of(dom: &VirtualDom) -> Option<Self> {
        let root = dom.root.filter(|_| dom.has_document())?;
        let mut reader = Reader::new(&dom.meta.href);
        // A node and its parent; what is pushed last is read first, so children go in from the last to the first.
        let mut waiting: Vec<(Slot, usize)> = vec![(root, 0)];
        while let Some((slot, parent)) = waiting.pop() {
            let Some(node) = dom.tree.get(slot) else { continue };
            let below = match node.kind {
                kind::DOCUMENT => Some(parent),
                kind::ELEMENT => reader.element(parent, &node.tag, &attributes(node)),
                kind::TEXT | CDATA => reader.text(parent, node.text()),
                _ => None,
            };
            let Some(below) = below else { continue };
            waiting.extend(node.framed.map(|framed| (framed, below)));
            let shadow = dom.tree.list(slot, Place::Shadow).iter();
            let all = node.children.iter().chain(shadow).rev();
            waiting.extend(all.map(|child| (*child, below)));
        }
        Some(reader.document)
    }

    /// The document of nodes `{type, tagName, attributes, childNodes, textContent}`. Broken nodes are left out.
    pub fn read(node: &Value, href: &str) -> Self {
        let mut reader = Reader::new(href);
        let mut waiting = vec![(node, 0)];
        while let Some((node, parent)) = waiting.pop() {
            let text = |name: &str| node.get(name).and_then(Value::as_str).unwrap_or_default();
            let below = match node.get("type").and_then(Value::as_u64) {
                Some(kind::DOCUMENT) => Some(parent),
                Some(kind::ELEMENT) => {
                    let attributes = node.get("attributes").and_then(Value::as_object);
                    let tag = text("tagName").to_ascii_lowercase();
                    reader.element(parent, &tag, attributes.unwrap_or(&Map::new()))
                }
                Some(kind::TEXT | CDATA) => reader.text(parent, text("textContent")),
                _ => None,
            };
            let children = node.get("childNodes").and_then(Value::as_array);
            if let (Some(below), Some(children)) = (below, children) {
                waiting.extend(children.iter().rev().map(|child| (child, below)));
            }
        }
        reader.document
    }
}

struct Reader {
    origin: String,
    document: Document,
}

impl Reader {
    fn new(href: &str) -> Self {
        Self { origin: origin(href).to_owned(), document: Document::empty(href) }
    }

    fn plain(&self, text: &str) -> String {
        if self.origin.is_empty() {
            text.to_owned()
        } else {
            text.replace(&self.origin, "{origin}")
        }
    }

    /// Where its children belong; none for an element that has none to tell.
    fn element(&mut self, parent: usize, tag: &str, from: &Map<String, Value>) -> Option<usize> {
        let is_told = |name: &str| {
            !VOLATILE.contains(&name) && !name.starts_with("rr_") && !name.starts_with('_')
        };
        let told = from.iter().filter(|(name, _)| is_told(name));
        let mut attributes: Vec<(String, String)> = told
            .map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), self.plain(&text))
            })
            .collect();
        attributes.sort();
        let is_blocked = from.contains_key("rr_width") && from.contains_key("rr_height");
        let tag = tag.to_owned();
        let is_silent = SILENT.contains(&tag.as_str());
        let part = Part { tag, attributes, is_blocked, ..Part::default() };
        self.document.add(parent, part).filter(|_| !is_silent)
    }

    /// Never a place for children.
    fn text(&mut self, parent: usize, text: &str) -> Option<usize> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if !words.is_empty() {
            let text = self.plain(&words.join(" "));
            self.document.add(parent, Part { text, ..Part::default() });
        }
        None
    }
}
