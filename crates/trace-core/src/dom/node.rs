//! One node of a recorded document.

use serde_json::{Map, Value};

use super::input::Typed;
use super::styles::StyleLog;

/// rrweb's numbers for node types.
pub(super) mod kind {
    pub(in crate::dom) const DOCUMENT: u64 = 0;
    pub(in crate::dom) const DOCTYPE: u64 = 1;
    pub(in crate::dom) const ELEMENT: u64 = 2;
    pub(in crate::dom) const TEXT: u64 = 3;
}

/// Where a node stands below its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the parent's own children.
    Light,
    /// Below the parent's open shadow root.
    Shadow,
    /// The document that a frame element shows.
    Framed,
}

/// A node's index in its tree; it is never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) u32);

/// A node as rrweb serialized it, with what happened to it since.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// rrweb's id.
    pub(super) id: i64,
    pub(super) kind: u64,
    /// Lower-case tag name; empty for what is no element.
    pub(super) tag: String,
    pub(super) attributes: Map<String, Value>,
    /// All else that stood in the event, so that fields of later versions survive.
    pub(super) fields: Map<String, Value>,
    pub(super) parent: Option<Slot>,
    pub(super) place: Place,
    pub(super) children: Vec<Slot>,
    /// Children of the open shadow root, if there is one.
    pub(super) shadow: Option<Vec<Slot>>,
    pub(super) framed: Option<Slot>,
    /// What the user or a script typed or chose.
    pub(super) typed: Option<Typed>,
    pub(super) scroll: Option<(f64, f64)>,
    /// Changes of single style properties since `style` was last written as a whole; the last touched is last.
    pub(super) style_changes: Map<String, Value>,
    /// Changes of the element's sheet through scripts, which no attribute shows.
    pub(super) sheet: StyleLog,
}

impl Node {
    /// From an event's node; none when it has no type or no id.
    pub(super) fn read(from: &Value) -> Option<Self> {
        let from = from.as_object()?;
        let kind = from.get("type")?.as_u64()?;
        let id = from.get("id")?.as_i64()?;
        let attributes = from.get("attributes").and_then(Value::as_object).cloned();
        let tag = from.get("tagName").and_then(Value::as_str).unwrap_or_default();
        let told = ["type", "id", "attributes", "childNodes"];
        let fields = from.iter().filter(|(key, _)| !told.contains(&key.as_str()));
        let has_shadow = from.get("isShadowHost").and_then(Value::as_bool) == Some(true);
        Some(Self {
            id,
            kind,
            tag: tag.to_ascii_lowercase(),
            attributes: attributes.unwrap_or_default(),
            fields: fields.map(|(key, value)| (key.clone(), value.clone())).collect(),
            parent: None,
            place: Place::Light,
            children: Vec::new(),
            shadow: has_shadow.then(Vec::new),
            framed: None,
            typed: None,
            scroll: None,
            style_changes: Map::new(),
            sheet: StyleLog::default(),
        })
    }

    pub(super) fn text(&self) -> &str {
        self.field("textContent")
    }

    pub(super) fn set_text(&mut self, text: &str) {
        self.fields.insert("textContent".to_owned(), Value::String(text.to_owned()));
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }

    /// A box that stands for content the page's owner hides; rrweb writes these sizes for nothing else.
    pub(super) fn is_blocked(&self) -> bool {
        self.attributes.contains_key("rr_width") && self.attributes.contains_key("rr_height")
    }

    pub(super) fn is_frame(&self) -> bool {
        self.kind == kind::ELEMENT && self.tag == "iframe"
    }

    /// Whether the player would take it for the same node as one it has; see `isNodeMetaEqual`.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        let same = |name: &str| self.fields.get(name) == other.fields.get(name);
        self.kind == other.kind
            && match self.kind {
                kind::DOCUMENT => same("compatMode"),
                kind::DOCTYPE => same("name") && same("publicId") && same("systemId"),
                kind::ELEMENT => {
                    same("tagName")
                        && same("isSVG")
                        && same("needBlock")
                        && self.attributes == other.attributes
                        && self.attributes.keys().eq(other.attributes.keys())
                }
                _ => same("textContent"),
            }
    }
}
