//! Two documents side by side: how alike they are, and where they differ.
//!
//! Names of nodes mean nothing beyond one recording, so children are laid beside each other by what they are: first those whose
//! whole subtrees are equal, then by id, test id, name or role with label, then by tag and classes, then by tag. The work is
//! bounded by the number of nodes, and nothing recurses.

use std::collections::HashMap;

use serde::Serialize;

use super::lay::{Row, Tokens, lay};
use super::same::{Node, may_be, nodes};
use super::{Document, outline};
use crate::replay::secrets::OPEN;
use crate::trace::normalise::cut;

/// Differences that are shown; the rest is counted.
const MAX_ROWS: usize = 200;
/// Characters of a value that are shown.
const LONGEST: usize = 120;
/// Words of a text that are compared.
const MAX_WORDS: usize = 2000;
/// Elements that name a place.
const MAX_STEPS: usize = 6;

/// How two documents compare.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// From 0 to 1: the share of nodes that both have, each with its attributes and words. 1 when nothing differs that counts.
    pub likeness: f64,
    /// Not even what is drawn anew in every run differs.
    pub identical: bool,
    /// Nodes of A that count.
    pub a_nodes: usize,
    /// Nodes of B that count.
    pub b_nodes: usize,
    /// What differs, in document order.
    pub changes: Vec<DomChange>,
    /// How many further changes there are.
    pub more: usize,
}

/// One place in which they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomChange {
    /// What happened.
    pub op: DomOp,
    /// Where: the elements around it, from the outside in.
    pub place: String,
    /// What, in words.
    pub what: String,
}

/// What happened to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DomOp {
    /// Only B has it.
    Added,
    /// Only A has it.
    Removed,
    /// Both have it, with other words or attributes.
    Changed,
}

/// Lays B beside A. The likeness is the same from either side.
pub fn compare(a: &Document, b: &Document) -> Comparison {
    let (a, b) = (nodes(a), nodes(b));
    // The search for common children prefers a side; it always sees the same one first.
    let is_swapped = (a[0].hash, a[0].exact) > (b[0].hash, b[0].exact);
    let mut walk = Walk {
        one: if is_swapped { &b } else { &a },
        other: if is_swapped { &a } else { &b },
        is_swapped,
        alike: 0.0,
        changes: Vec::new(),
        n_changes: 0,
    };
    walk.walk();
    let (a_nodes, b_nodes) = (a[0].size - 1, b[0].size - 1);
    // Without the two documents themselves, which are always alike.
    let alike = walk.alike - 2.0;
    let all = a_nodes + b_nodes;
    Comparison {
        likeness: if all == 0 { 1.0 } else { (alike / all as f64).clamp(0.0, 1.0) },
        identical: a[0].exact == b[0].exact,
        a_nodes,
        b_nodes,
        more: walk.n_changes - walk.changes.len(),
        changes: walk.changes,
    }
}

/// What makes two children the same one, the surest first; none where a node does not say it.
type Token = fn(&Node<'_>) -> Option<u64>;
const TOKENS: [Token; 4] =
    [|node| Some(node.hash), |node| node.anchor, |node| Some(node.look), |node| Some(node.kind)];

/// One comparison under way.
struct Walk<'w, 'd> {
    one: &'w [Node<'d>],
    other: &'w [Node<'d>],
    /// `one` is B.
    is_swapped: bool,
    /// Nodes of both that found their like, in parts where they are only nearly so.
    alike: f64,
    changes: Vec<DomChange>,
    n_changes: usize,
}

impl Walk<'_, '_> {
    fn walk(&mut self) {
        let mut waiting: Vec<Row> = vec![(Some(0), Some(0))];
        while let Some(row) = waiting.pop() {
            match row {
                (Some(one), Some(other)) => {
                    let rows = self.pair(one, other);
                    waiting.extend(rows.into_iter().rev());
                }
                (Some(at), None) => self.tell_only(at, true),
                (None, Some(at)) => self.tell_only(at, false),
                (None, None) => {}
            }
        }
    }

    /// Compares two nodes that are the same one; gives the rows of their children.
    fn pair(&mut self, one: usize, other: usize) -> Vec<Row> {
        let (a, b) = (&self.one[one], &self.other[other]);
        if a.hash == b.hash || a.part.is_blocked || b.part.is_blocked {
            self.alike += (a.size + b.size) as f64;
            return Vec::new();
        }
        let (share, what) = differences(a, b, self.is_swapped);
        self.alike += 2.0 * share;
        if let Some(what) = what {
            let (at, of_one) = if self.is_swapped { (other, false) } else { (one, true) };
            self.change(DomOp::Changed, at, of_one, what);
        }
        let (of_a, of_b) = (&a.children, &b.children);
        let (left, right) = (self.one, self.other);
        let of = TOKENS.map(|token| {
            (move |at: usize| token(&left[of_a[at]]), move |at: usize| token(&right[of_b[at]]))
        });
        let tokens: Vec<Tokens<'_>> =
            of.iter().map(|(a, b)| (a as &dyn Fn(usize) -> _, b as &dyn Fn(usize) -> _)).collect();
        let place = |(a, b): Row| (a.map(|at| of_a[at]), b.map(|at| of_b[at]));
        lay(of_a.len(), of_b.len(), &tokens).into_iter().map(place).collect()
    }

    fn tell_only(&mut self, at: usize, of_one: bool) {
        let node = if of_one { &self.one[at] } else { &self.other[at] };
        let op = if of_one == self.is_swapped { DomOp::Added } else { DomOp::Removed };
        let below = match node.size - 1 {
            0 => String::new(),
            1 => ", and 1 node in it".to_owned(),
            n => format!(", and {n} nodes in it"),
        };
        let what = format!("{}{below}", cut(&outline::line(node.part), LONGEST));
        let around = node.parent;
        self.change(op, around, of_one, what);
    }

    fn change(&mut self, op: DomOp, at: usize, of_one: bool, what: String) {
        self.n_changes += 1;
        if self.changes.len() < MAX_ROWS {
            let nodes = if of_one { self.one } else { self.other };
            self.changes.push(DomChange { op, place: place(nodes, at), what });
        }
    }
}

/// The share in which two nodes of one kind are the same, and what differs in words; nothing when only what may differ does.
fn differences(one: &Node<'_>, other: &Node<'_>, is_swapped: bool) -> (f64, Option<String>) {
    let (a, b) = if is_swapped { (other, one) } else { (one, other) };
    let shown = |text: &str| format!("«{}»", cut(text, LONGEST));
    // What stands where the record has a placeholder may be the secret itself.
    let hides = |one: &str, other: &str| one.contains(OPEN) || other.contains(OPEN);
    if a.part.tag.is_empty() {
        if may_be(&a.text, &b.text) {
            return (1.0, None);
        }
        let what = if hides(&a.part.text, &b.part.text) {
            "other words around a redacted value".to_owned()
        } else {
            format!("{} → {}", shown(&a.part.text), shown(&b.part.text))
        };
        return (words_alike(&a.text, &b.text), Some(what));
    }
    let of = |node: &Node<'_>, name: &str| {
        let mut known = node.attributes.iter();
        known.find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
    };
    let mut names: Vec<&str> =
        a.attributes.iter().chain(&b.attributes).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let mut told = Vec::new();
    for name in &names {
        let (left, right) = (of(a, name), of(b, name));
        let is_same = left.as_ref().zip(right.as_ref()).is_some_and(|(a, b)| may_be(a, b));
        let hidden = [&left, &right].into_iter().flatten().any(|value| value.contains(OPEN));
        if !is_same && hidden {
            told.push(format!("{name}: another one than the redacted"));
        } else if !is_same {
            let say =
                |value: Option<String>| value.map_or_else(|| "none".to_owned(), |v| shown(&v));
            told.push(format!("{name}: {} → {}", say(left), say(right)));
        }
    }
    let share = match names.len() {
        0 => 1.0,
        all => 0.5 + 0.5 * (all - told.len()) as f64 / all as f64,
    };
    (share, (!told.is_empty()).then(|| cut(&told.join(", "), 3 * LONGEST)))
}

/// Twice the words that both have among all words.
fn words_alike(a: &str, b: &str) -> f64 {
    let (mut n, mut both) = (0_usize, 0_usize);
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in a.split_whitespace().take(MAX_WORDS) {
        n += 1;
        *left.entry(word).or_default() += 1;
    }
    for word in b.split_whitespace().take(MAX_WORDS) {
        n += 1;
        if let Some(left) = left.get_mut(word).filter(|left| **left > 0) {
            *left -= 1;
            both += 1;
        }
    }
    // Texts that differ only behind what is looked at are not the same.
    if n == 0 { 0.0 } else { (2.0 * both as f64 / n as f64).min(0.99) }
}

/// The elements around a node and itself, up to one that has an id: `main#cart > ul > li[2]`.
fn place(nodes: &[Node<'_>], at: usize) -> String {
    let (mut names, mut at) = (Vec::new(), at);
    if nodes[at].part.tag.is_empty() {
        at = nodes[at].parent;
    }
    while at != 0 && names.len() < MAX_STEPS {
        let node = &nodes[at];
        let of = |name: &str| node.attributes.iter().find(|(known, _)| *known == name);
        let tag = &node.part.tag;
        if let Some((_, id)) = of("id").filter(|(_, id)| !id.contains('…')) {
            names.push(format!("{tag}#{}", cut(id, LONGEST)));
            break;
        }
        let siblings = &nodes[node.parent].children;
        let same = siblings.iter().filter(|sibling| nodes[**sibling].part.tag == *tag);
        let n = same.clone().take_while(|sibling| **sibling <= at).count();
        names.push(match of("data-testid") {
            Some((_, test_id)) => format!("{tag}[data-testid={}]", cut(test_id, LONGEST)),
            None if same.count() > 1 => format!("{tag}[{n}]"),
            None => tag.clone(),
        });
        at = node.parent;
    }
    names.reverse();
    if names.is_empty() { "the document".to_owned() } else { names.join(" > ") }
}
