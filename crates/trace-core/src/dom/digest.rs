//! The score by which a page and its rebuilt recording are compared, version 1.
//!
//! The rules are those of the recorder in the page (`injected/digest.ts`), which can only use what a recording keeps: no
//! script, comment or template; no children of `style`, `noscript`, `textarea`, blocked elements or frames; names of attributes
//! but not their values; text by its length in UTF-16, since masking keeps lengths. FNV-1a over UTF-16 units.

use super::apply::VirtualDom;
use super::node::{Node, Slot, kind};

/// Which rules [`VirtualDom::digest`] follows.
pub const DIGEST_VERSION: u32 = 1;

const OFFSET: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;
pub(super) const SKIPPED: [&str; 6] = ["script", "template", "link", "meta", "title", "base"];
pub(super) const CHILDLESS: [&str; 6] =
    ["style", "noscript", "textarea", "iframe", "object", "embed"];
const IGNORED: [&str; 24] = [
    "src",
    "srcset",
    "srcdoc",
    "nonce",
    "href",
    "xlink:href",
    "value",
    "checked",
    "selected",
    "open",
    "style",
    "autocomplete",
    "autoplay",
    "integrity",
    "_csstext",
    "action",
    "formaction",
    "poster",
    "data",
    "cite",
    "imagesrcset",
    "background",
    "ping",
    "longdesc",
];

/// A document's score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestValue {
    /// Eight hex digits.
    pub value: String,
    /// How many nodes it covers.
    pub nodes: u64,
}

impl VirtualDom {
    /// The score of the top document's body.
    pub fn digest(&self) -> DigestValue {
        let mut state = State { dom: self, hash: OFFSET, nodes: 0 };
        let root = self.root.and_then(|root| self.element_below(root, &["html"]));
        let body = root.and_then(|html| self.element_below(html, &["body", "frameset"]));
        if let Some(body) = body {
            state.element(body);
        }
        DigestValue { value: format!("{:08x}", state.hash), nodes: state.nodes }
    }

    fn element_below(&self, parent: Slot, tags: &[&str]) -> Option<Slot> {
        let children = &self.tree.get(parent)?.children;
        let fits = |slot: &Slot| {
            self.tree.get(*slot).is_some_and(|node| tags.contains(&node.tag.as_str()))
        };
        children.iter().copied().find(fits)
    }
}

struct State<'d> {
    dom: &'d VirtualDom,
    hash: u32,
    nodes: u64,
}

impl State<'_> {
    fn add(&mut self, text: &str) {
        for unit in text.encode_utf16() {
            self.hash = (self.hash ^ u32::from(unit)).wrapping_mul(PRIME);
        }
        self.hash = (self.hash ^ 0xff).wrapping_mul(PRIME);
    }

    fn element(&mut self, slot: Slot) {
        let Some(node) = self.dom.tree.get(slot) else { return };
        if SKIPPED.contains(&node.tag.as_str()) {
            return;
        }
        self.nodes += 1;
        self.add(&format!("<{}", node.tag));
        if !node.is_blocked() {
            self.names(node);
            if let Some(shadow) = &node.shadow {
                self.add("#shadow");
                self.children(shadow);
            }
            if !CHILDLESS.contains(&node.tag.as_str()) {
                self.children(&node.children);
            }
        }
        self.add(">");
    }

    fn children(&mut self, children: &[Slot]) {
        for slot in children {
            match self.dom.tree.get(*slot) {
                Some(node) if node.kind == kind::ELEMENT => self.element(*slot),
                Some(node) if node.kind == kind::TEXT && !node.text().is_empty() => {
                    self.nodes += 1;
                    self.add(&format!("#{}", node.text().encode_utf16().count()));
                }
                _ => {}
            }
        }
    }

    fn names(&mut self, node: &Node) {
        let mut names: Vec<String> = node
            .attributes
            .keys()
            .map(|name| name.to_lowercase())
            .filter(|name| !is_ignored(name))
            .collect();
        names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
        names.iter().for_each(|name| self.add(name));
    }
}

pub(super) fn is_ignored(name: &str) -> bool {
    ["rr_", "on", "data-rr-"].iter().any(|start| name.starts_with(start)) || IGNORED.contains(&name)
}
