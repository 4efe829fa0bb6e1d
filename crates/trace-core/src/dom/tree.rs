//! The nodes of one recording, and rrweb's names for them.

use std::collections::HashMap;

use super::node::{Node, Place, Slot};

/// Nodes by slot, and slots by rrweb id. A node may be without a name (a player keeps such leftovers too) or without a parent.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    nodes: Vec<Option<Box<Node>>>,
    names: HashMap<i64, Slot>,
}

impl Tree {
    pub(super) fn get(&self, slot: Slot) -> Option<&Node> {
        self.nodes.get(slot.0 as usize)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Node> {
        self.nodes.get_mut(slot.0 as usize)?.as_deref_mut()
    }

    /// The node of that name.
    pub(super) fn named(&self, id: i64) -> Option<Slot> {
        self.names.get(&id).copied().filter(|slot| self.get(*slot).is_some())
    }

    /// Whether the node still goes by its own name.
    pub(super) fn is_named(&self, slot: Slot) -> bool {
        self.get(slot).is_some_and(|node| self.names.get(&node.id) == Some(&slot))
    }

    /// A new node, nowhere yet; its name is its own from now on. None when there are more nodes than slots.
    pub(super) fn add(&mut self, node: Node) -> Option<Slot> {
        let slot = Slot(u32::try_from(self.nodes.len()).ok()?);
        self.names.insert(node.id, slot);
        self.nodes.push(Some(Box::new(node)));
        Some(slot)
    }

    /// The siblings at a place.
    pub(super) fn list(&self, parent: Slot, place: Place) -> &[Slot] {
        let node = self.get(parent);
        match (place, node) {
            (Place::Light, Some(node)) => &node.children,
            (Place::Shadow, Some(node)) => node.shadow.as_deref().unwrap_or_default(),
            (Place::Framed, Some(node)) => node.framed.as_slice(),
            (_, None) => &[],
        }
    }

    fn list_mut(&mut self, parent: Slot, place: Place) -> Option<&mut Vec<Slot>> {
        let node = self.get_mut(parent)?;
        match place {
            Place::Light => Some(&mut node.children),
            Place::Shadow => Some(node.shadow.get_or_insert_default()),
            Place::Framed => None,
        }
    }

    /// Takes a node from where it stands.
    pub(super) fn detach(&mut self, slot: Slot) {
        let Some(node) = self.get_mut(slot) else { return };
        let (Some(parent), place) = (node.parent.take(), node.place) else { return };
        if let Some(list) = self.list_mut(parent, place) {
            list.retain(|child| *child != slot);
        } else if let Some(parent) = self.get_mut(parent) {
            parent.framed = parent.framed.filter(|framed| *framed != slot);
        }
    }

    /// Puts a node before a sibling, or at the end; `false` when it would stand inside itself.
    pub(super) fn insert(
        &mut self,
        slot: Slot,
        parent: Slot,
        place: Place,
        before: Option<Slot>,
    ) -> bool {
        if self.is_inside(parent, slot) || before == Some(slot) && self.get(slot).is_none() {
            return false;
        }
        if before == Some(slot) {
            return true;
        }
        self.detach(slot);
        let Some(list) = self.list_mut(parent, place) else { return false };
        let at = before.and_then(|next| list.iter().position(|child| *child == next));
        list.insert(at.unwrap_or(list.len()), slot);
        if let Some(node) = self.get_mut(slot) {
            (node.parent, node.place) = (Some(parent), place);
        }
        true
    }

    /// Makes a document the one that a frame shows; the one before is forgotten.
    pub(super) fn frame(&mut self, frame: Slot, document: Slot) {
        let before = self.get(frame).and_then(|node| node.framed);
        if let Some(before) = before.filter(|before| *before != document) {
            self.forget(before);
        }
        self.detach(document);
        if let Some(node) = self.get_mut(frame) {
            node.framed = Some(document);
        }
        if let Some(node) = self.get_mut(document) {
            (node.parent, node.place) = (Some(frame), Place::Framed);
        }
    }

    /// Whether a node stands in another's subtree, or is it.
    pub(super) fn is_inside(&self, node: Slot, top: Slot) -> bool {
        let mut at = Some(node);
        while let Some(slot) = at {
            if slot == top {
                return true;
            }
            at = self.get(slot).and_then(|node| node.parent);
        }
        false
    }

    /// The one behind a node among its siblings.
    pub(super) fn next_sibling(&self, slot: Slot) -> Option<Slot> {
        let node = self.get(slot)?;
        let siblings = self.list(node.parent?, node.place);
        let at = siblings.iter().position(|sibling| *sibling == slot)?;
        siblings.get(at + 1).copied()
    }

    /// Takes the names off a subtree, as a player does before it removes a node.
    pub(super) fn unname(&mut self, top: Slot) {
        for slot in self.below(top) {
            if let Some(id) = self.get(slot).map(|node| node.id) {
                self.names.remove(&id);
            }
        }
    }

    /// Drops a subtree: names, nodes, memory.
    pub(super) fn forget(&mut self, top: Slot) {
        self.detach(top);
        for slot in self.below(top) {
            let Some(node) = self.nodes.get_mut(slot.0 as usize).and_then(Option::take) else {
                continue;
            };
            if self.names.get(&node.id) == Some(&slot) {
                self.names.remove(&node.id);
            }
        }
    }

    /// A subtree in document order: a node, its shadow tree, its children, its framed document.
    pub(super) fn below(&self, top: Slot) -> Vec<Slot> {
        let (mut found, mut waiting) = (Vec::new(), vec![top]);
        while let Some(slot) = waiting.pop() {
            let Some(node) = self.get(slot) else { continue };
            found.push(slot);
            waiting.extend(node.framed);
            waiting.extend(node.children.iter().rev());
            waiting.extend(node.shadow.iter().flatten().rev());
        }
        found
    }
}
