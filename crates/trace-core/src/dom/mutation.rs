//! One mutation event, in the player's order: removals, additions with their retries, texts, attributes.

use std::collections::BTreeMap;
use std::collections::HashSet;

use serde_json::{Map, Value};

use super::apply::VirtualDom;
use super::build::{build, unfold_style};
use super::fault::Fault;
use super::node::{Node, Place, Slot, kind};
use super::resolve;

/// Additions that wait for a sibling the recorder had not named, by the id of the one that waits.
pub(super) type Missing = BTreeMap<i64, (Slot, Value)>;

/// Rounds of retries after which a recording that goes in circles is left alone.
const MAX_ROUNDS: usize = 1000;

/// The player throws here and gives up the rest of the event.
struct Abandon(Fault);

fn entries<'v>(data: &'v Map<String, Value>, name: &str) -> &'v [Value] {
    data.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn number(of: &Value, name: &str) -> Option<i64> {
    of.get(name).and_then(Value::as_i64)
}

impl VirtualDom {
    pub(super) fn mutate(&mut self, data: &Map<String, Value>) {
        if let Err(Abandon(fault)) = self.try_mutate(data) {
            self.fault(fault);
        }
    }

    fn try_mutate(&mut self, data: &Map<String, Value>) -> Result<(), Abandon> {
        let removes = entries(data, "removes");
        self.remove_all(removes);
        self.add_all(entries(data, "adds"))?;
        let gone: HashSet<i64> = removes.iter().filter_map(|r| number(r, "id")).collect();
        self.set_texts(entries(data, "texts"), &gone);
        for change in entries(data, "attributes") {
            self.set_attributes(change, &gone);
        }
        Ok(())
    }

    fn remove_all(&mut self, removes: &[Value]) {
        let known = |remove: &&Value| number(remove, "id").and_then(|id| self.tree.named(id));
        let (there, gone): (Vec<&Value>, Vec<&Value>) =
            removes.iter().partition(|remove| known(remove).is_some());
        gone.into_iter().for_each(|remove| self.unknown(number(remove, "id")));
        there.into_iter().for_each(|remove| self.remove(remove));
    }

    fn remove(&mut self, remove: &Value) {
        // A node inside one that was removed just now went with it.
        let Some(slot) = number(remove, "id").and_then(|id| self.tree.named(id)) else { return };
        let Some(parent) = number(remove, "parentId").and_then(|id| self.tree.named(id)) else {
            return self.unknown(number(remove, "parentId"));
        };
        let has_shadow = self.tree.get(parent).is_some_and(|node| node.shadow.is_some());
        let in_shadow = remove.get("isShadow").and_then(Value::as_bool) == Some(true) && has_shadow;
        let place = if in_shadow { Place::Shadow } else { Place::Light };
        if self.tree.list(parent, place).contains(&slot) {
            self.unfold_around(slot);
            self.tree.forget(slot);
        } else {
            // The player loses the name and keeps the node.
            self.tree.unname(slot);
            self.fault(Fault::of("remove.elsewhere", number(remove, "id").unwrap_or(-1)));
        }
    }

    fn unfold_around(&mut self, slot: Slot) {
        let node = self.tree.get(slot);
        let text = node.filter(|node| node.kind == kind::TEXT).and_then(|node| node.parent);
        if let Some(parent) = text {
            unfold_style(&mut self.tree, parent);
        }
    }

    fn add_all(&mut self, adds: &[Value]) -> Result<(), Abandon> {
        let mut missing = self.missing.clone();
        let mut queue = Vec::new();
        for add in adds {
            self.append(add, &mut queue, &mut missing)?;
        }
        let mut rounds = 0;
        while !queue.is_empty() {
            let before = std::mem::take(&mut queue);
            for group in resolve::groups(&before) {
                let parent = group.first().and_then(|root| number(&before[*root], "parentId"));
                if parent.and_then(|id| self.tree.named(id)).is_none() {
                    self.fault(Fault::of("add.dropped", parent.unwrap_or(-1)));
                    continue;
                }
                for n in group {
                    self.append(&before[n], &mut queue, &mut missing)?;
                }
            }
            rounds += 1;
            // Nothing moved, so nothing will: the player turns here until its clock stops it.
            if queue.len() == before.len() || rounds == MAX_ROUNDS {
                self.fault(Fault::plain("add.unresolved"));
                break;
            }
        }
        self.missing.append(&mut missing);
        Ok(())
    }

    fn append(
        &mut self,
        add: &Value,
        queue: &mut Vec<Value>,
        missing: &mut Missing,
    ) -> Result<(), Abandon> {
        let (node, named) = (&add["node"], |name| number(add, name).filter(|id| *id != 0));
        let type_of = node.get("type").and_then(Value::as_u64);
        let Some(parent) = named("parentId").and_then(|id| self.tree.named(id)) else {
            let waits = if type_of == Some(kind::DOCUMENT) { &mut self.documents } else { queue };
            waits.push(add.clone());
            return Ok(());
        };
        let is_shadow = node.get("isShadow").and_then(Value::as_bool) == Some(true);
        let place = if is_shadow { Place::Shadow } else { Place::Light };
        if is_shadow && let Some(host) = self.tree.get_mut(parent) {
            host.shadow.get_or_insert_default();
        }
        let (previous_id, next_id) = (named("previousId"), named("nextId"));
        let previous = previous_id.and_then(|id| self.tree.named(id));
        let next = next_id.and_then(|id| self.tree.named(id));
        if next_id.is_some_and(|id| id != -1) && next.is_none() {
            queue.push(add.clone());
            return Ok(());
        }
        let root = number(node, "rootId").filter(|id| *id != 0);
        if root.is_some_and(|root| self.tree.named(root).is_none()) {
            return Ok(());
        }
        if self.tree.get(parent).is_some_and(Node::is_frame) {
            self.attach(add, parent);
            return Ok(());
        }
        if type_of == Some(kind::DOCUMENT) {
            return Err(Abandon(Fault::of("document.misplaced", number(node, "id").unwrap_or(-1))));
        }
        let Some(target) = build(&mut self.tree, node, false) else {
            return Err(Abandon(Fault::plain("node.malformed")));
        };
        if previous_id == Some(-1) || next_id == Some(-1) {
            missing.insert(number(node, "id").unwrap_or(-1), (target, add.clone()));
            return Ok(());
        }
        self.make_room(target, parent);
        let behind = previous.and_then(|slot| self.tree.next_sibling(slot));
        let stands = |slot: &Slot| self.tree.get(*slot).is_some_and(|node| node.parent.is_some());
        let before = match (behind, next.filter(stands)) {
            (Some(behind), _) if !self.tree.list(parent, place).contains(&behind) => {
                return Err(Abandon(Fault::of("add.elsewhere", number(node, "id").unwrap_or(-1))));
            }
            (Some(behind), _) => Some(behind),
            (None, Some(next)) if self.tree.list(parent, place).contains(&next) => Some(next),
            (None, Some(next)) if self.tree.is_inside(next, parent) => {
                return Err(Abandon(Fault::of("add.elsewhere", number(node, "id").unwrap_or(-1))));
            }
            (None, _) => None,
        };
        if !self.tree.insert(target, parent, place, before) {
            return Err(Abandon(Fault::of("add.inside_itself", number(node, "id").unwrap_or(-1))));
        }
        self.attach_waiting(target);
        if previous_id.is_some() || next_id.is_some() {
            self.resolve_missing(missing, parent, place, target, add);
        }
        Ok(())
    }

    /// What a player takes away because a new child stands for it.
    fn make_room(&mut self, target: Slot, parent: Slot) {
        let (Some(node), Some(above)) = (self.tree.get(target), self.tree.get(parent)) else {
            return;
        };
        let children = above.children.clone();
        let kind_of = |slot: &Slot| self.tree.get(*slot).map(|node| node.kind);
        match (above.kind, above.tag.as_str(), node.kind) {
            (kind::ELEMENT, "textarea", kind::TEXT) => {
                let texts = children.into_iter().filter(|slot| kind_of(slot) == Some(kind::TEXT));
                for text in texts.collect::<Vec<_>>() {
                    if text != target {
                        self.tree.detach(text);
                    }
                }
                if let Some(area) = self.tree.get_mut(parent) {
                    area.attributes.shift_remove("value");
                }
            }
            (kind::ELEMENT, "style", kind::TEXT) if children.is_empty() => {
                let style = self.tree.get_mut(parent);
                let css = style.and_then(|style| style.attributes.shift_remove("_cssText"));
                if let (Some(Value::String(css)), Some(text)) = (css, self.tree.get_mut(target)) {
                    text.set_text(&css);
                }
            }
            (kind::ELEMENT, "style", kind::TEXT) => unfold_style(&mut self.tree, parent),
            (kind::DOCUMENT, _, kind::DOCTYPE) => {
                let first = children.first().copied();
                if let Some(first) = first.filter(|slot| kind_of(slot) == Some(kind::DOCTYPE)) {
                    self.tree.detach(first);
                }
            }
            (kind::DOCUMENT, _, kind::ELEMENT) if node.tag == "html" => {
                let elements = children.iter().find(|slot| kind_of(slot) == Some(kind::ELEMENT));
                if let Some(root) = elements.copied().filter(|root| *root != target) {
                    self.tree.detach(root);
                }
            }
            _ => {}
        }
    }

    /// Gives a frame its document, and the frames in it those that waited.
    pub(super) fn attach(&mut self, add: &Value, frame: Slot) {
        let Some(document) = build(&mut self.tree, &add["node"], true) else {
            return self.fault(Fault::plain("node.malformed"));
        };
        self.tree.frame(frame, document);
        for slot in self.tree.below(document) {
            self.attach_waiting(slot);
        }
    }

    fn attach_waiting(&mut self, target: Slot) {
        let Some(node) = self.tree.get(target).filter(|node| node.is_frame()) else { return };
        let id = node.id;
        let found = self.documents.iter().position(|add| number(add, "parentId") == Some(id));
        if let Some(found) = found {
            let add = self.documents.remove(found);
            self.attach(&add, target);
        }
    }

    /// Puts those in place that waited for the one that has come; see `legacy_resolveMissingNode`.
    fn resolve_missing(
        &mut self,
        missing: &mut Missing,
        parent: Slot,
        place: Place,
        target: Slot,
        add: &Value,
    ) {
        let mut waiting = vec![(target, add.clone())];
        while let Some((target, add)) = waiting.pop() {
            for (name, goes_before) in [("previousId", true), ("nextId", false)] {
                let found = number(&add, name).filter(|id| *id != 0);
                let Some((slot, told)) = found.and_then(|id| missing.remove(&id)) else { continue };
                self.missing.remove(&number(&told["node"], "id").unwrap_or(-1));
                let before =
                    if goes_before { Some(target) } else { self.tree.next_sibling(target) };
                self.tree.insert(slot, parent, place, before);
                waiting.push((slot, told));
            }
        }
    }

    fn set_texts(&mut self, texts: &[Value], gone: &HashSet<i64>) {
        let mut seen = HashSet::new();
        for text in texts.iter().rev() {
            let Some(id) = number(text, "id").filter(|id| seen.insert(*id)) else { continue };
            let Some(slot) = self.tree.named(id) else {
                if !gone.contains(&id) {
                    self.unknown(Some(id));
                }
                continue;
            };
            self.unfold_around(slot);
            let value = text.get("value").and_then(Value::as_str).unwrap_or_default();
            match self.tree.get_mut(slot) {
                Some(node) if node.kind > kind::ELEMENT => node.set_text(value),
                _ => self.fault(Fault::of("text.of_no_text", id)),
            }
        }
    }

    fn set_attributes(&mut self, change: &Value, gone: &HashSet<i64>) {
        let Some(id) = number(change, "id") else { return };
        let Some(slot) = self.tree.named(id) else {
            if !gone.contains(&id) {
                self.unknown(Some(id));
            }
            return;
        };
        let values = change.get("attributes").and_then(Value::as_object);
        for (name, value) in values.into_iter().flatten() {
            self.set_attribute(slot, name, value);
        }
    }

    fn set_attribute(&mut self, slot: Slot, name: &str, value: &Value) {
        let Some(node) = self.tree.get_mut(slot) else { return };
        match value {
            Value::Null => {
                node.attributes.shift_remove(name);
            }
            Value::String(_) => {
                node.attributes.insert(name.to_owned(), value.clone());
            }
            Value::Object(changes) if name == "style" => {
                for (property, value) in changes {
                    node.style_changes.shift_remove(property);
                    node.style_changes.insert(property.clone(), value.clone());
                }
                return;
            }
            _ => return,
        }
        if name == "style" {
            node.style_changes.clear();
        }
        if name == "value" && node.tag == "textarea" {
            for child in node.children.clone() {
                self.tree.forget(child);
            }
        }
    }
}
