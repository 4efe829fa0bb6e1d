//! Frames of other origins: recordings of their own, shown inside the frame element of their parent's.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::apply::VirtualDom;
use super::pages::Batch;

/// Ids of the n-th frame recording begin above n times this; a recorder counts far less.
const RANGE: i64 = 1_000_000_000;

/// One recording of a frame.
#[derive(Debug)]
struct Child {
    base: i64,
    dom: VirtualDom,
    url: String,
    /// Recorder instance and snapshot of the parent, and the element's id there.
    holder: Option<((String, u64), i64)>,
}

/// The frame recordings of one page.
#[derive(Debug, Default)]
pub(super) struct Frames {
    known: HashMap<(String, u64), Child>,
    order: Vec<(String, u64)>,
}

impl Frames {
    /// A frame's event as one of the page's; nothing for what a frame inside another does not tell.
    pub(super) fn translate(
        &mut self,
        batch: &Batch,
        event: &Value,
        main: &(String, u64),
        page: &VirtualDom,
    ) -> Option<Value> {
        let n = i64::try_from(self.order.len()).unwrap_or(0) + 1;
        if !self.known.contains_key(&batch.stream) {
            self.order.push(batch.stream.clone());
        }
        let child = self.known.entry(batch.stream.clone()).or_insert_with(|| Child {
            base: n * RANGE,
            dom: VirtualDom::new(),
            url: batch.frame_url.clone(),
            holder: None,
        });
        if let Some(holder) = &batch.holder {
            let stream = (holder.stream.clone(), holder.generation);
            child.holder = Some((stream, i64::try_from(holder.node).unwrap_or(-1)));
        }
        child.dom.apply(event);
        let base = child.base;
        match event.get("type").and_then(Value::as_u64) {
            Some(2) => {
                let parent = self.parent(&batch.stream, main, page)?;
                Some(attach(parent, base, event.get("data")?.get("node")?))
            }
            Some(3) => {
                let mut event = event.clone();
                shift(event.get_mut("data")?, base);
                let root = self.known.get(&batch.stream).and_then(|child| child.dom.document_id());
                root_additions(&mut event, root.unwrap_or(1) + base);
                Some(event)
            }
            _ => None,
        }
    }

    /// The rebuilt document of a frame, by itself.
    pub(super) fn dom(&self, stream: &(String, u64)) -> Option<&VirtualDom> {
        self.known.get(stream).map(|child| &child.dom)
    }

    /// The page began anew: what its frames show must be told again.
    pub(super) fn again(&mut self, main: &(String, u64), page: &VirtualDom) -> Vec<Value> {
        let mut events = Vec::new();
        for stream in &self.order {
            let Some(child) = self.known.get(stream).filter(|child| child.dom.has_document())
            else {
                continue;
            };
            let same_page = child.holder.as_ref().is_some_and(|(parent, _)| parent.0 == main.0);
            let Some(parent) = page.frame_of(&child.url).filter(|_| same_page) else { continue };
            let mut keyframe = child.dom.keyframe(&Value::Null).into_iter().skip(1);
            let node = keyframe.next();
            let node = node.as_ref().and_then(|event| event.get("data")?.get("node"));
            events.extend(node.map(|node| attach(parent, child.base, node)));
            events.extend(keyframe.filter_map(|mut event| {
                shift(event.get_mut("data")?, child.base);
                Some(event)
            }));
        }
        events
    }

    /// The id of the element that holds a frame, as the page's stream names it.
    fn parent(&self, of: &(String, u64), main: &(String, u64), page: &VirtualDom) -> Option<i64> {
        let child = self.known.get(of)?;
        match &child.holder {
            Some((stream, node)) if stream == main => Some(*node),
            Some((stream, node)) if self.known.contains_key(stream) => {
                self.known.get(stream).map(|parent| parent.base + node)
            }
            // Its parent was recorded anew since: found by the address it was given.
            _ => page.frame_of(&child.url),
        }
    }
}

fn attach(parent: i64, base: i64, node: &Value) -> Value {
    let mut node = node.clone();
    let root = node.get("id").and_then(Value::as_i64).unwrap_or(1) + base;
    shift(&mut node, base);
    name_root(&mut node, root);
    let add = json!({"parentId": parent, "nextId": null, "node": node});
    json!({"type": 3, "data": {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": [add], "isAttachIframe": true}})
}

/// Nodes that are added below a top document name no root either.
fn root_additions(event: &mut Value, root: i64) {
    let adds = event.get_mut("data").and_then(|data| data.get_mut("adds"));
    for add in adds.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(node) = add.get_mut("node") {
            name_root(node, root);
        }
    }
}

/// Moves every id into the frame's range.
fn shift(value: &mut Value, base: i64) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, base)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &mut *value) {
                    (
                        "id" | "parentId" | "nextId" | "previousId" | "rootId" | "start" | "end"
                        | "styleId",
                        Value::Number(id),
                    ) => {
                        if let Some(id) = id.as_i64().filter(|id| *id > 0 && *id < RANGE) {
                            *value = json!(id + base);
                        }
                    }
                    ("styleIds", Value::Array(ids)) => {
                        for id in ids {
                            *id = json!(id.as_i64().unwrap_or(0) + base);
                        }
                    }
                    // The page's own words.
                    ("attributes", Value::Object(_)) => {}
                    _ => shift(value, base),
                }
            }
        }
        _ => {}
    }
}

/// Nodes of a top document do not name their root; inside a frame they must.
fn name_root(node: &mut Value, root: i64) {
    let Value::Object(fields) = node else { return };
    let is_document = fields.get("type").and_then(Value::as_u64) == Some(0);
    if !is_document && !fields.contains_key("rootId") {
        fields.insert("rootId".to_owned(), json!(root));
    }
    if let Some(Value::Array(children)) = fields.get_mut("childNodes") {
        children.iter_mut().for_each(|child| name_root(child, root));
    }
}

impl VirtualDom {
    fn document_id(&self) -> Option<i64> {
        self.root.and_then(|root| self.tree.get(root)).map(|node| node.id)
    }

    /// The first frame element without a document that was given this address.
    fn frame_of(&self, url: &str) -> Option<i64> {
        let all = self.root.map(|root| self.tree.below(root)).unwrap_or_default();
        let nodes = all.into_iter().filter_map(|slot| self.tree.get(slot));
        let mut free = nodes.filter(|node| node.is_frame() && node.framed.is_none());
        free.find(|node| node.attribute("rr_src").or(node.attribute("src")) == Some(url))
            .map(|node| node.id)
    }
}
