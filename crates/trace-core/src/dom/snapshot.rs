//! Keyframes: the events that put a fresh player into a document's present state.

use serde_json::{Map, Value, json};

use super::apply::VirtualDom;
use super::json::MAX_DEPTH;
use super::node::{Node, Slot, kind};

/// Names for nodes that lost theirs; far above what a recorder counts up to.
const FIRST_SPARE_ID: i64 = 1 << 40;

/// Each node nests by two, and the events stand in something too.
const DEEPEST: usize = (MAX_DEPTH - 20) / 2;

impl VirtualDom {
    /// Meta, `FullSnapshot` and what a snapshot has no place for, all at one time. Nothing while there is no root element: a player
    /// throws on an empty document.
    pub fn keyframe(&self, timestamp: &Value) -> Vec<Value> {
        let Some(root) = self.root.filter(|_| self.has_document()) else { return Vec::new() };
        let mut writer = Writer { dom: self, spare: FIRST_SPARE_ID, depth: 0 };
        let (left, top) = self.tree.get(root).and_then(|node| node.scroll).unwrap_or_default();
        let meta = &self.meta;
        let meta =
            json!({"href": meta.href, "width": whole(meta.width), "height": whole(meta.height)});
        let offset = json!({"left": whole(left), "top": whole(top)});
        let snapshot = json!({"node": writer.node(root), "initialOffset": offset});
        let mut events = vec![(4, meta), (2, snapshot)];
        let mut shown = self.tree.below(root);
        for slot in &shown {
            events.extend(self.framed(*slot, &mut writer).map(|data| (3, data)));
        }
        shown.retain(|slot| self.tree.is_named(*slot));
        events.extend(self.style_changes(&shown).map(|data| (3, data)));
        let sheets = shown.iter().filter_map(|slot| self.tree.get(*slot)).flat_map(|n| &n.sheet);
        events.extend(sheets.map(|data| (3, Value::Object(data.clone()))));
        let known = |id: i64| self.tree.named(id).is_some();
        events.extend(self.adopted.events(known).into_iter().map(|data| (3, data)));
        events.extend(shown.iter().filter_map(|slot| self.frame_scroll(*slot, root)));
        let stamp = |(kind, data): (u64, Value)| json!({"type": kind, "data": data, "timestamp": timestamp});
        events.into_iter().map(stamp).collect()
    }

    /// The document of a frame, as the recorder tells it.
    fn framed(&self, frame: Slot, writer: &mut Writer<'_>) -> Option<Value> {
        let node = self.tree.get(frame)?;
        let document = node.framed.filter(|_| self.tree.is_named(frame))?;
        let add = json!({"parentId": node.id, "nextId": null, "node": writer.node(document)});
        Some(
            json!({"source": 0, "texts": [], "attributes": [], "removes": [], "adds": [add], "isAttachIframe": true}),
        )
    }

    /// Single properties on top of the `style` attributes, in one event.
    fn style_changes(&self, shown: &[Slot]) -> Option<Value> {
        let nodes = shown.iter().filter_map(|slot| self.tree.get(*slot));
        let changes: Vec<Value> = nodes
            .filter(|node| !node.style_changes.is_empty())
            .map(|node| json!({"id": node.id, "attributes": {"style": node.style_changes}}))
            .collect();
        let told = !changes.is_empty();
        told.then(
            || json!({"source": 0, "texts": [], "attributes": changes, "removes": [], "adds": []}),
        )
    }

    fn frame_scroll(&self, slot: Slot, root: Slot) -> Option<(u64, Value)> {
        let node =
            self.tree.get(slot).filter(|node| node.kind == kind::DOCUMENT && slot != root)?;
        let (x, y) = node.scroll?;
        Some((3, json!({"source": 3, "id": node.id, "x": whole(x), "y": whole(y)})))
    }
}

/// Whole numbers are written as such, as browsers do.
fn whole(number: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only numbers without a fraction, far below the limit"
    )]
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

struct Writer<'d> {
    dom: &'d VirtualDom,
    spare: i64,
    depth: usize,
}

impl Writer<'_> {
    /// A node and all below it, framed documents excepted. What is nested deeper than can be read again is left out: additions one
    /// below the other nest without a limit, and writing recurses.
    fn node(&mut self, slot: Slot) -> Value {
        let Some(node) = self.dom.tree.get(slot) else { return Value::Null };
        let id = if self.dom.tree.is_named(slot) { node.id } else { self.spare() };
        let mut written = Map::new();
        written.insert("type".to_owned(), json!(node.kind));
        for (name, value) in node.fields.iter().filter(|(name, _)| !is_derived(name)) {
            written.insert(name.clone(), value.clone());
        }
        if node.kind == kind::ELEMENT {
            written.insert("attributes".to_owned(), Value::Object(attributes(node)));
        }
        if node.shadow.is_some() {
            written.insert("isShadowHost".to_owned(), Value::Bool(true));
        }
        let parent = node.parent.and_then(|parent| self.dom.tree.get(parent));
        if parent.is_some() && node.place == super::node::Place::Shadow {
            written.insert("isShadow".to_owned(), Value::Bool(true));
        }
        if matches!(node.kind, kind::DOCUMENT | kind::ELEMENT) && self.depth < DEEPEST {
            self.depth += 1;
            let light = node.children.iter();
            let all = light.chain(node.shadow.iter().flatten());
            let children: Vec<Value> = all.map(|child| self.node(*child)).collect();
            written.insert("childNodes".to_owned(), Value::Array(children));
            self.depth -= 1;
        }
        written.insert("id".to_owned(), json!(id));
        Value::Object(written)
    }

    fn spare(&mut self) -> i64 {
        self.spare += 1;
        self.spare
    }
}

fn is_derived(name: &str) -> bool {
    matches!(name, "isShadow" | "isShadowHost")
}

/// As a fresh snapshot would have them.
pub(super) fn attributes(node: &Node) -> Map<String, Value> {
    let mut attributes = node.attributes.clone();
    if let Some(typed) = &node.typed {
        typed.show(node, &mut attributes);
    }
    if let Some((left, top)) = node.scroll {
        attributes.insert("rr_scrollLeft".to_owned(), whole(left));
        attributes.insert("rr_scrollTop".to_owned(), whole(top));
    }
    attributes
}
