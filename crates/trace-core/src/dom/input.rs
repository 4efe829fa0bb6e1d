//! What was typed, chosen and scrolled: state of a node that no attribute shows.

use serde_json::{Map, Value};

use super::node::{Node, Slot, kind};
use super::tree::Tree;

/// The last input event of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) text: String,
    pub(super) checked: bool,
}

impl Typed {
    pub(super) fn read(data: &Map<String, Value>) -> Self {
        let text = data.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
        let checked = data.get("isChecked").and_then(Value::as_bool).unwrap_or_default();
        Self { text, checked }
    }

    /// The field's attributes as a fresh snapshot would have them.
    pub(super) fn show(&self, node: &Node, attributes: &mut Map<String, Value>) {
        let tells_state = matches!(node.attribute("type"), Some("checkbox" | "radio"));
        if node.tag == "input" && tells_state {
            attributes.shift_remove("checked");
            if self.checked {
                attributes.insert("checked".to_owned(), Value::Bool(true));
            }
        } else {
            attributes.insert("value".to_owned(), Value::String(self.text.clone()));
        }
    }
}

/// Chooses the option of a `select` that has this value, as setting the element's value does.
pub(super) fn choose(tree: &mut Tree, select: Slot, value: &str) {
    let options: Vec<Slot> = tree
        .below(select)
        .into_iter()
        .filter(|slot| tree.get(*slot).is_some_and(|node| node.tag == "option"))
        .collect();
    let chosen = options.iter().position(|slot| value_of(tree, *slot) == value);
    for (n, slot) in options.into_iter().enumerate() {
        let Some(option) = tree.get_mut(slot) else { continue };
        option.attributes.shift_remove("selected");
        if Some(n) == chosen {
            option.attributes.insert("selected".to_owned(), Value::Bool(true));
        }
    }
}

/// An option's value is its attribute, else its text with white space collapsed.
fn value_of(tree: &Tree, option: Slot) -> String {
    let Some(node) = tree.get(option) else { return String::new() };
    if let Some(value) = node.attribute("value") {
        return value.to_owned();
    }
    let texts = tree.below(option).into_iter().filter_map(|slot| tree.get(slot));
    let text: String = texts.filter(|node| node.kind == kind::TEXT).map(Node::text).collect();
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// A media element's state, as rrweb writes it into a snapshot.
pub(super) fn media(node: &mut Node, data: &Map<String, Value>) {
    let state = match data.get("type").and_then(Value::as_u64) {
        Some(0) => Some("played"),
        Some(1) => Some("paused"),
        _ => None,
    };
    if let Some(state) = state {
        node.attributes.insert("rr_mediaState".to_owned(), Value::String(state.to_owned()));
    }
    let told = [
        ("currentTime", "rr_mediaCurrentTime"),
        ("volume", "rr_mediaVolume"),
        ("muted", "rr_mediaMuted"),
        ("loop", "rr_mediaLoop"),
        ("playbackRate", "rr_mediaPlaybackRate"),
    ];
    for (from, to) in told {
        if let Some(value) = data.get(from) {
            node.attributes.insert(to.to_owned(), value.clone());
        }
    }
}
