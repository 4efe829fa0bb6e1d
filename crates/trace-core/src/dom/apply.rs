//! A recorded document, event by event.

use serde_json::{Map, Value};

use super::build::build;
use super::fault::Fault;
use super::input::{self, Typed};
use super::mutation::Missing;
use super::node::{Slot, kind};
use super::styles::Adopted;
use super::tree::Tree;

/// Faults that are kept of one document; the rest is counted.
const MAX_FAULTS: usize = 100;

/// Where a document is and how large its window, as its last Meta and resize events say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Meta {
    pub(super) href: String,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The document that a stream of rrweb events has led to so far.
///
/// Broken streams leave faults and whatever could be applied; nothing in them makes it fail.
#[derive(Debug, Clone, Default)]
pub struct VirtualDom {
    pub(super) tree: Tree,
    pub(super) root: Option<Slot>,
    pub(super) meta: Meta,
    pub(super) adopted: Adopted,
    /// Documents of frames that have not come yet.
    pub(super) documents: Vec<Value>,
    pub(super) missing: Missing,
    /// Sheets may be adopted before the first snapshot; they are held until it is there.
    early: Vec<Map<String, Value>>,
    faults: Vec<Fault>,
    n_faults: u64,
}

impl VirtualDom {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies one event. Events of unknown type or source are left alone.
    pub fn apply(&mut self, event: &Value) {
        let Some(data) = event.get("data").and_then(Value::as_object) else { return };
        match event.get("type").and_then(Value::as_u64) {
            Some(2) => self.rebuild(data),
            Some(3) if self.root.is_none() => self.early(data),
            Some(3) => self.change(data),
            Some(4) => self.describe(data),
            _ => {}
        }
    }

    /// Whether there is a document to show: one that has a root element.
    pub fn has_document(&self) -> bool {
        let node = self.root.and_then(|root| self.tree.get(root));
        let mut children = node.into_iter().flat_map(|node| &node.children);
        children.any(|child| self.tree.get(*child).is_some_and(|node| node.kind == kind::ELEMENT))
    }

    /// What could not be applied since this was asked last; of very many the first ones, with how many there were.
    pub fn take_faults(&mut self) -> (Vec<Fault>, u64) {
        (std::mem::take(&mut self.faults), std::mem::take(&mut self.n_faults))
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.n_faults += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    pub(super) fn unknown(&mut self, id: Option<i64>) {
        self.fault(Fault { code: "node.unknown".to_owned(), node: id });
    }

    fn describe(&mut self, data: &Map<String, Value>) {
        let href = data.get("href").and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| data.get(name).and_then(Value::as_f64).unwrap_or_default();
        self.meta = Meta { href, width: number("width"), height: number("height") };
    }

    fn rebuild(&mut self, data: &Map<String, Value>) {
        self.tree = Tree::default();
        self.adopted = Adopted::default();
        self.missing.clear();
        self.documents.clear();
        self.root = data.get("node").and_then(|node| build(&mut self.tree, node, true));
        let Some(root) = self.root else { return self.fault(Fault::plain("snapshot.malformed")) };
        let offset = |name: &str| data.get("initialOffset").and_then(|at| at.get(name)?.as_f64());
        if let (Some(left), Some(top), Some(node)) =
            (offset("left"), offset("top"), self.tree.get_mut(root))
        {
            node.scroll = Some((left, top));
        }
        for change in std::mem::take(&mut self.early) {
            self.change(&change);
        }
    }

    fn early(&mut self, data: &Map<String, Value>) {
        if data.get("source").and_then(Value::as_u64) == Some(15) {
            self.early.push(data.clone());
        } else {
            self.fault(Fault::plain("event.before_snapshot"));
        }
    }

    fn change(&mut self, data: &Map<String, Value>) {
        let id = data.get("id").and_then(Value::as_i64);
        let slot = id.and_then(|id| self.tree.named(id));
        match data.get("source").and_then(Value::as_u64) {
            Some(0) => self.mutate(data),
            Some(3) => self.with(id, slot, |dom, slot| dom.scroll(slot, data)),
            Some(4) => self.resize(data),
            Some(5) => self.with(id, slot, |dom, slot| dom.type_into(slot, data)),
            Some(7) => self.with(id, slot, |dom, slot| {
                if let Some(node) = dom.tree.get_mut(slot) {
                    input::media(node, data);
                }
            }),
            Some(8 | 13) => match data.get("styleId").and_then(Value::as_i64) {
                Some(sheet) => self.adopted.change(sheet, data),
                None => self.with(id, slot, |dom, slot| {
                    if let Some(node) = dom.tree.get_mut(slot) {
                        node.sheet.push(data.clone());
                    }
                }),
            },
            Some(15) => self.with(id, slot, |dom, slot| {
                let host = dom.tree.get(slot).map_or(-1, |node| node.id);
                dom.adopted.adopt(host, data);
            }),
            _ => {}
        }
    }

    /// An event without a node says that the recorder had no name for it, which is no fault of the recording.
    fn with(&mut self, id: Option<i64>, slot: Option<Slot>, deed: impl FnOnce(&mut Self, Slot)) {
        match (id, slot) {
            (Some(-1), _) => {}
            (_, Some(slot)) => deed(self, slot),
            _ => self.unknown(id),
        }
    }

    fn scroll(&mut self, slot: Slot, data: &Map<String, Value>) {
        let number = |name: &str| data.get(name).and_then(Value::as_f64).unwrap_or_default();
        if let Some(node) = self.tree.get_mut(slot) {
            node.scroll = Some((number("x"), number("y")));
        }
    }

    fn resize(&mut self, data: &Map<String, Value>) {
        let number = |name: &str| data.get(name).and_then(Value::as_f64).unwrap_or_default();
        (self.meta.width, self.meta.height) = (number("width"), number("height"));
    }

    fn type_into(&mut self, slot: Slot, data: &Map<String, Value>) {
        let typed = Typed::read(data);
        let Some(node) = self.tree.get_mut(slot) else { return };
        if node.tag == "select" {
            input::choose(&mut self.tree, slot, &typed.text);
        }
        if let Some(node) = self.tree.get_mut(slot) {
            node.typed = Some(typed);
        }
    }
}
