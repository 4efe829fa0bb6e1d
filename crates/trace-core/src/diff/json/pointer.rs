//! JSON Pointers: written, ordered, and matched by patterns.

use std::cmp::Ordering;

/// A place, or several: a JSON Pointer in which `*` stands for any one part and a last `**` for everything below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<String>,
    below: bool,
}

impl Pattern {
    /// `/customers/*/created`, or `updated` alone for that key anywhere.
    pub fn new(text: &str) -> Self {
        let Some(rest) = text.strip_prefix('/') else {
            return Self { parts: vec![unescaped(text)], below: true };
        };
        let mut parts: Vec<String> = rest.split('/').map(unescaped).collect();
        let below = parts.last().is_some_and(|last| last == "**");
        if below {
            parts.pop();
        }
        // A first empty part marks a pattern that begins at the root.
        parts.insert(0, String::new());
        Self { parts, below }
    }

    /// The place that these steps lead to, `*` for any.
    pub(in crate::diff) fn at(mut parts: Vec<String>) -> Self {
        parts.insert(0, String::new());
        Self { parts, below: false }
    }

    /// Whether a place is meant. A place below an ignored one is never reached, so only the place itself is looked at.
    pub(super) fn fits(&self, path: &[String]) -> bool {
        let is = |pattern: &String, part: &String| pattern == "*" || pattern == part;
        match self.parts.split_first() {
            Some((first, rest)) if first.is_empty() => {
                let enough =
                    if self.below { path.len() > rest.len() } else { path.len() == rest.len() };
                enough && rest.iter().zip(path).all(|(pattern, part)| is(pattern, part))
            }
            Some((key, _)) => path.last() == Some(key),
            None => false,
        }
    }
}

/// The pointer of a path.
pub(super) fn of(path: &[String]) -> String {
    path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Part by part, numbers by their value, so that `/2` stands before `/10`.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    let number = |part: &str| part.parse::<u64>().ok();
    let (mut left, mut right) = (a.split('/'), b.split('/'));
    loop {
        let found = match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (one, other) => match (one.and_then(number), other.and_then(number)) {
                (Some(one), Some(other)) => one.cmp(&other),
                _ => one.cmp(&other),
            },
        };
        if found != Ordering::Equal {
            return found;
        }
    }
}
