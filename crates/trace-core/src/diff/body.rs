//! What became of a body: the same bytes, the same shape with other values, or another shape.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Side;
use crate::blob::BlobId;
use crate::event::Content;
use crate::trace::normalise::cut;

/// Two bodies that are not the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodyChange {
    /// Bytes in A; none when A has no body.
    pub a_size: Option<u64>,
    /// Bytes in B; none when B has no body.
    pub b_size: Option<u64>,
    /// Both are JSON with the same keys and types, so that only values differ.
    pub same_shape: bool,
    /// The first values that differ, for JSON.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueChange>,
    /// How many further values differ.
    pub more: u64,
}

/// One value of a JSON body that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueChange {
    /// Where, as in `.items[0].price`.
    pub path: String,
    /// A's value as JSON, cut when long; none when A has nothing there.
    pub a: Option<String>,
    /// B's value.
    pub b: Option<String>,
}

impl BodyChange {
    pub(super) fn swap(&mut self) {
        std::mem::swap(&mut self.a_size, &mut self.b_size);
        self.values.iter_mut().for_each(|value| std::mem::swap(&mut value.a, &mut value.b));
    }
}

/// More changed values than this are noise; they are counted.
const MOST_VALUES: usize = 6;
/// A body beyond this is compared by its digest alone.
const MOST_BYTES: u64 = 1 << 20;
/// A value longer than this is cut.
const LONGEST_VALUE: usize = 80;

/// None when both are the same bytes.
pub(super) fn change(
    (left, a): (&Side<'_>, Option<&Content>),
    (right, b): (&Side<'_>, Option<&Content>),
) -> Option<BodyChange> {
    if a.and_then(digest) == b.and_then(digest) && a.is_some() == b.is_some() {
        return None;
    }
    let (a_size, b_size) = (a.map(|content| content.size), b.map(|content| content.size));
    let plain = BodyChange { a_size, b_size, same_shape: false, values: Vec::new(), more: 0 };
    let json = a.and_then(|a| json(left, a)).zip(b.and_then(|b| json(right, b)));
    let Some((a, b)) = json else { return Some(plain) };
    let (a_leaves, b_leaves) = (leaves(&a), leaves(&b));
    let same_shape = shape(&a_leaves) == shape(&b_leaves);
    let paths: std::collections::BTreeSet<&String> =
        a_leaves.keys().chain(b_leaves.keys()).collect();
    let mut values: Vec<ValueChange> = paths
        .into_iter()
        .filter(|path| a_leaves.get(*path) != b_leaves.get(*path))
        .map(|path| ValueChange {
            path: path.clone(),
            a: a_leaves.get(path).copied().map(shown),
            b: b_leaves.get(path).copied().map(shown),
        })
        .collect();
    // Spelling and the order of keys are no difference.
    if values.is_empty() {
        return None;
    }
    let more = values.len().saturating_sub(MOST_VALUES) as u64;
    values.truncate(MOST_VALUES);
    Some(BodyChange { same_shape, values, more, ..plain })
}

fn shown(value: &Value) -> String {
    cut(&value.to_string(), LONGEST_VALUE)
}

fn digest(content: &Content) -> Option<BlobId> {
    content.blob_id().or_else(|| content.inline_bytes().map(|bytes| BlobId::of(&bytes)))
}

fn json(side: &Side<'_>, content: &Content) -> Option<Value> {
    if !content.media_type.contains("json") || content.size > MOST_BYTES {
        return None;
    }
    let bytes = match content.blob_id() {
        Some(id) => (side.blob)(&id)?,
        None => content.inline_bytes()?,
    };
    serde_json::from_slice(&bytes).ok()
}

/// Every leaf with its path; an empty list or object is a leaf.
fn leaves(value: &Value) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect<'v>(value: &'v Value, path: String, found: &mut BTreeMap<String, &'v Value>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, value)| collect(value, format!("{path}.{key}"), found));
        }
        Value::Array(items) if !items.is_empty() => {
            items
                .iter()
                .enumerate()
                .for_each(|(n, value)| collect(value, format!("{path}[{n}]"), found));
        }
        leaf => drop(found.insert(if path.is_empty() { ".".to_owned() } else { path }, leaf)),
    }
}

/// Keys and types; how long a list is does not count.
fn shape(leaves: &BTreeMap<String, &Value>) -> std::collections::BTreeSet<(String, u8)> {
    leaves.iter().map(|(path, value)| (without_indices(path), type_of(value))).collect()
}

fn without_indices(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|c| {
            inside = match c {
                '[' => true,
                ']' => false,
                _ => inside,
            };
            !inside || *c == '['
        })
        .collect()
}

fn type_of(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}
