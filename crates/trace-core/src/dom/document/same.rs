//! What of a node counts when two documents are compared, and what makes two nodes the same one.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use regex::Regex;

use super::super::digest::{CHILDLESS, SKIPPED, is_ignored};
use super::{Document, Part};
use crate::replay::secrets::{OPEN, literals};

/// Values that are drawn anew in every run: ids, digests, times of day and long numbers. Short numbers are what a page tells.
static DRAWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let shapes = [
        r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
        r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?",
        r"\b\d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp]\.?[Mm]\b)?",
        r"\b[0-9a-fA-F]{16,128}\b",
        r"\b\d{10,32}(?:\.\d{1,20})?\b",
        // What frameworks draw for `useId`.
        r":[rR][0-9a-z]+:|«r[0-9a-z]+»",
    ];
    Regex::new(&shapes.join("|")).ok()
});
/// Names of classes that end in a digest of their rules, such as `css-1xow64h` or `Cart_row__x3fd2`.
static HASHED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[-_])[A-Za-z]*\d[A-Za-z0-9]{3,}$").ok());

/// A node as it is compared. Only what counts is in the list, in document order; the first is the document itself.
#[derive(Debug)]
pub(super) struct Node<'d> {
    pub(super) part: &'d Part,
    pub(super) parent: usize,
    pub(super) children: Vec<usize>,
    pub(super) attributes: Vec<(&'d str, Cow<'d, str>)>,
    pub(super) text: Cow<'d, str>,
    /// Nodes from here down, this one included.
    pub(super) size: usize,
    /// Of the subtree: as it counts, and to the letter.
    pub(super) hash: u64,
    pub(super) exact: u64,
    /// What the node says it is: its id, test id, name, or role with its label.
    pub(super) anchor: Option<u64>,
    /// Tag and classes.
    pub(super) look: u64,
    /// The tag alone.
    pub(super) kind: u64,
}

/// The nodes that count, with the digests of what is below them.
pub(super) fn nodes(document: &Document) -> Vec<Node<'_>> {
    let mut found: Vec<Node<'_>> = Vec::with_capacity(document.nodes.len());
    // Where each part went; a child stands behind its parent, so its parent's place is known.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(document.nodes.len());
    for (n, part) in document.nodes.iter().enumerate() {
        let above = places.get(part.parent).copied().flatten();
        let takes_children = above.is_some_and(|above| {
            let around = found[above].part;
            !around.is_blocked && !CHILDLESS.contains(&around.tag.as_str())
        });
        if n > 0 && (!takes_children || SKIPPED.contains(&part.tag.as_str())) {
            places.push(None);
            continue;
        }
        let parent = above.unwrap_or_default();
        places.push(Some(found.len()));
        if n > 0 {
            let at = found.len();
            found[parent].children.push(at);
        }
        found.push(node(part, parent));
    }
    for n in (0..found.len()).rev() {
        let (size, hash, exact) = digest(&found, n);
        (found[n].size, found[n].hash, found[n].exact) = (size, hash, exact);
    }
    found
}

fn node(part: &Part, parent: usize) -> Node<'_> {
    let mut attributes: Vec<(&str, Cow<'_, str>)> = Vec::new();
    if !part.is_blocked {
        let counts = |name: &str, value: &str| {
            // An empty field has a value in one recording and none in another.
            !is_ignored(&name.to_lowercase()) && (name != "value" || !value.is_empty())
        };
        // Ignored by the page's own score, which says nothing of values.
        let told = |name: &str| matches!(name, "value" | "checked" | "selected" | "open" | "href");
        let all = part.attributes.iter();
        let all = all.filter(|(name, value)| {
            counts(name, value) || told(name) && (name != "value" || !value.is_empty())
        });
        attributes.extend(all.map(|(name, value)| (name.as_str(), said(name, value))));
    }
    let of = |name: &str| attributes.iter().find(|(known, _)| *known == name).map(|(_, v)| v);
    let strong = ["id", "data-testid", "data-test", "name"];
    let named = strong.iter().find_map(|name| of(name)).map(|value| hash_of(&(&part.tag, value)));
    let label = of("role").zip(of("aria-label"));
    let anchor = named.or_else(|| label.map(|label| hash_of(&(&part.tag, label))));
    let look = hash_of(&(&part.tag, of("class"), of("role")));
    let kind = hash_of(&part.tag);
    let text = drawn(&part.text);
    Node {
        part,
        parent,
        children: Vec::new(),
        attributes,
        text,
        size: 1,
        hash: 0,
        exact: 0,
        anchor,
        look,
        kind,
    }
}

/// An attribute's value as it counts.
fn said<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    match name {
        "class" => Cow::Owned(classes(value)),
        // Written in either way.
        "checked" | "selected" | "open" | "disabled" | "hidden" | "readonly" | "required"
        | "multiple" => Cow::Borrowed(""),
        _ => drawn(value),
    }
}

/// Classes as a set, without digests.
fn classes(value: &str) -> String {
    let plain = |class: &str| match HASHED.as_ref() {
        Some(hashed) => hashed.replace(class, "-…").into_owned(),
        None => class.to_owned(),
    };
    let set: BTreeSet<String> = value.split_whitespace().map(plain).collect();
    set.into_iter().collect::<Vec<_>>().join(" ")
}

/// Text without what is drawn anew in every run.
fn drawn(text: &str) -> Cow<'_, str> {
    let may_hold = text.bytes().any(|byte| byte.is_ascii_digit()) || text.contains([':', '«']);
    match DRAWN.as_ref().filter(|_| may_hold) {
        Some(drawn) => drawn.replace_all(text, "…"),
        None => Cow::Borrowed(text),
    }
}

fn digest(nodes: &[Node<'_>], n: usize) -> (usize, u64, u64) {
    let node = &nodes[n];
    let (mut hash, mut exact) = (DefaultHasher::new(), DefaultHasher::new());
    (&node.part.tag, &node.text, &node.attributes).hash(&mut hash);
    (&node.part.tag, &node.part.text).hash(&mut exact);
    for (name, _) in &node.attributes {
        node.part.attributes.iter().find(|(known, _)| known == name).hash(&mut exact);
    }
    let mut size = 1;
    for child in &node.children {
        let child = &nodes[*child];
        size += child.size;
        child.hash.hash(&mut hash);
        child.exact.hash(&mut exact);
    }
    (size, hash.finish(), exact.finish())
}

pub(super) fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Whether a value may be the other one, as far as is known: what is redacted or masked on one side may be anything.
pub(super) fn may_be(a: &str, b: &str) -> bool {
    a == b || stands_for(a, b) || stands_for(b, a)
}

fn stands_for(pattern: &str, text: &str) -> bool {
    let is_masked = !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*');
    if is_masked {
        return pattern.len() == text.chars().count();
    }
    let pieces = if pattern.contains(OPEN) { literals(pattern) } else { Vec::new() };
    let [head, between @ .., tail] = pieces.as_slice() else { return false };
    let inside = text.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
    let Some(mut rest) = inside else { return false };
    between.iter().all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}
