//! Lists laid beside each other by the identity of their items.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::blob::BlobId;
use crate::diff::align::{self, Pair};

/// The rows of two lists. Items that say who they are stay themselves whatever else changes in them; others are the same only
/// when they are equal, and what is left between two such pairs is laid beside each other in order.
pub(super) fn align(a: &[Value], b: &[Value], identity: &[String]) -> Vec<Pair> {
    if let Some((a, b)) = identities(a, identity).zip(identities(b, identity)) {
        return align::align(&a, &b);
    }
    let digests = |list: &[Value]| {
        list.iter().map(|item| BlobId::of(item.to_string().as_bytes()).hex()).collect::<Vec<_>>()
    };
    let mut rows = align::align(&digests(a), &digests(b));
    pair_up(&mut rows);
    rows
}

/// One identity for each item; none when some item has none or two have the same.
fn identities(list: &[Value], own: &[String]) -> Option<Vec<String>> {
    let found: Vec<String> = list.iter().map(|item| identity(item, own)).collect::<Option<_>>()?;
    let distinct: BTreeSet<&String> = found.iter().collect();
    (distinct.len() == found.len()).then_some(found)
}

fn identity(item: &Value, own: &[String]) -> Option<String> {
    let text = |key: &str| match item.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    if let Some(found) = own.iter().find_map(|key| text(key)) {
        return Some(found);
    }
    match text("id") {
        Some(id) => Some(format!("{}\u{1f}{id}", text("object").unwrap_or_default())),
        None => text("name"),
    }
}

/// A removed item directly followed by an added one is one item that changed.
fn pair_up(rows: &mut Vec<Pair>) {
    let mut out: Vec<Pair> = Vec::with_capacity(rows.len());
    let (mut left, mut right): (Vec<Pair>, Vec<Pair>) = (Vec::new(), Vec::new());
    let flush = |left: &mut Vec<Pair>, right: &mut Vec<Pair>, out: &mut Vec<Pair>| {
        let both = left.len().min(right.len());
        let pairs = left.iter().zip(right.iter()).map(|(one, other)| Pair { b: other.b, ..*one });
        out.extend(pairs);
        out.extend(left.drain(..).skip(both));
        out.extend(right.drain(..).skip(both));
    };
    for row in rows.drain(..) {
        match (row.a, row.b) {
            (Some(_), None) => left.push(row),
            (None, Some(_)) => right.push(row),
            _ => {
                flush(&mut left, &mut right, &mut out);
                out.push(row);
            }
        }
    }
    flush(&mut left, &mut right, &mut out);
    *rows = out;
}
