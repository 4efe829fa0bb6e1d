//! Serialized nodes become nodes of the tree, as the player's `buildNodeWithSN` makes them.

use serde_json::Value;

use super::node::{Node, Place, Slot, kind};
use super::styles::split_css;
use super::tree::Tree;

/// Builds a node; with its children unless they come as additions of their own.
pub(super) fn build(tree: &mut Tree, from: &Value, with_children: bool) -> Option<Slot> {
    let mut node = Node::read(from)?;
    if let Some(known) = tree.named(node.id)
        && tree.get(known).is_some_and(|known| known.looks_like(&node))
    {
        return Some(known);
    }
    // A text area's text stands in its value; the player drops what children it was told.
    let is_filled = node.tag == "textarea" && node.attribute("value").is_some();
    node.attributes.retain(|_, value| !value.is_null());
    let is_parent = matches!(node.kind, kind::DOCUMENT | kind::ELEMENT) && !is_filled;
    let slot = tree.add(node)?;
    if with_children && is_parent {
        for child in from.get("childNodes").and_then(Value::as_array).into_iter().flatten() {
            let Some(built) = build(tree, child, true) else { continue };
            let is_shadow = child.get("isShadow").and_then(Value::as_bool) == Some(true);
            let has_shadow = tree.get(slot).is_some_and(|node| node.shadow.is_some());
            let place = if is_shadow && has_shadow { Place::Shadow } else { Place::Light };
            tree.insert(built, slot, place, None);
        }
    }
    Some(slot)
}

/// Moves the rules of a `style` element from its attribute into its text nodes, before one of them changes.
pub(super) fn unfold_style(tree: &mut Tree, style: Slot) {
    let texts: Vec<Slot> = tree
        .list(style, Place::Light)
        .iter()
        .copied()
        .filter(|slot| tree.get(*slot).is_some_and(|node| node.kind == kind::TEXT))
        .collect();
    let Some(node) = tree.get_mut(style).filter(|node| node.tag == "style") else { return };
    // Without text nodes the player holds the rules in one that has no name; the first one that is added takes them over.
    if texts.is_empty() {
        return;
    }
    let Some(Value::String(css)) = node.attributes.shift_remove("_cssText") else { return };
    for (slot, piece) in texts.iter().zip(split_css(&css, texts.len())) {
        if let Some(text) = tree.get_mut(*slot) {
            text.set_text(&piece);
        }
    }
}
