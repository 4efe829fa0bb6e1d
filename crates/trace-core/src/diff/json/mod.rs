//! Two JSON values side by side, as people think of them: objects by their keys, lists by the identity of what is in them.
//!
//! - An item of a list is the same one when it has the same `id` (of the same `object`, where it says so) or the same `name`;
//!   lists without identities are laid beside each other by their longest common subsequence.
//! - The result is in the order of pointers, so equal inputs give equal bytes.

mod lists;
mod pointer;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

pub use pointer::Pattern;

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JsonChange {
    /// Where, as a JSON Pointer (RFC 6901): in the first value, for what was added in the second.
    pub pointer: String,
    /// What happened.
    pub op: JsonOp,
    /// The first value's; none for what was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The second value's; none for what was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Of a move: where it stands in the second value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What happened to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JsonOp {
    /// Only the second value has it.
    Add,
    /// Only the first value has it.
    Remove,
    /// Both have one, and they differ.
    Replace,
    /// The same item of a list, elsewhere in its order.
    Move,
}

impl JsonOp {
    /// The word in results.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
            Self::Move => "move",
        }
    }
}

/// What does not count.
#[derive(Debug, Clone, Default)]
pub struct JsonOptions {
    /// Numbers nearer to each other than this are equal.
    pub number_tolerance: f64,
    /// ISO dates and times nearer to each other than this, in milliseconds, are equal.
    pub time_tolerance_ms: f64,
    /// Places that are not looked at.
    pub ignore: Vec<Pattern>,
    /// Keys that make an item of a list the same one, tried in order before the usual ones.
    pub identity: Vec<String>,
}

/// What differs between two values, in the order of pointers.
pub fn diff_json(a: &Value, b: &Value, options: &JsonOptions) -> Vec<JsonChange> {
    let mut found = Vec::new();
    Walk { options, found: &mut found }.values(a, b, &mut Vec::new());
    found.sort_by(|one, other| {
        pointer::order(&one.pointer, &other.pointer).then(one.op.cmp(&other.op))
    });
    found
}

/// One comparison under way.
struct Walk<'w> {
    options: &'w JsonOptions,
    found: &'w mut Vec<JsonChange>,
}

impl Walk<'_> {
    /// `path` is the place in the first value.
    fn values(&mut self, a: &Value, b: &Value, path: &mut Vec<String>) {
        if a == b || self.is_ignored(path) {
            return;
        }
        match (a, b) {
            (Value::Object(one), Value::Object(other)) => {
                for (key, value) in one {
                    self.inside(key, path, |walk, path| match other.get(key) {
                        Some(after) => walk.values(value, after, path),
                        None => walk.tell(JsonOp::Remove, Some(value), None, path),
                    });
                }
                for (key, after) in other.iter().filter(|(key, _)| !one.contains_key(*key)) {
                    self.inside(key, path, |walk, path| {
                        walk.tell(JsonOp::Add, None, Some(after), path);
                    });
                }
            }
            (Value::Array(one), Value::Array(other)) => self.lists(one, other, path),
            _ if self.is_near(a, b) => {}
            _ => self.tell(JsonOp::Replace, Some(a), Some(b), path),
        }
    }

    fn lists(&mut self, a: &[Value], b: &[Value], path: &mut Vec<String>) {
        for row in lists::align(a, b, &self.options.identity) {
            match (row.a, row.b) {
                (Some(at), Some(other)) => {
                    self.inside(&at.to_string(), path, |walk, path| {
                        if row.moved && !walk.is_ignored(path) {
                            let to = [&path[..path.len() - 1], &[other.to_string()]].concat();
                            walk.found.push(JsonChange {
                                pointer: pointer::of(path),
                                op: JsonOp::Move,
                                before: None,
                                after: None,
                                to: Some(pointer::of(&to)),
                            });
                        }
                        walk.values(&a[at], &b[other], path);
                    });
                }
                (Some(at), None) => self.inside(&at.to_string(), path, |walk, path| {
                    walk.tell(JsonOp::Remove, Some(&a[at]), None, path);
                }),
                (None, Some(other)) => self.inside(&other.to_string(), path, |walk, path| {
                    walk.tell(JsonOp::Add, None, Some(&b[other]), path);
                }),
                (None, None) => {}
            }
        }
    }

    fn inside(
        &mut self,
        key: &str,
        path: &mut Vec<String>,
        then: impl FnOnce(&mut Self, &mut Vec<String>),
    ) {
        path.push(key.to_owned());
        then(self, path);
        path.pop();
    }

    fn tell(&mut self, op: JsonOp, before: Option<&Value>, after: Option<&Value>, path: &[String]) {
        if self.is_ignored(path) {
            return;
        }
        let (before, after) = (before.cloned(), after.cloned());
        self.found.push(JsonChange { pointer: pointer::of(path), op, before, after, to: None });
    }

    fn is_ignored(&self, path: &[String]) -> bool {
        self.options.ignore.iter().any(|pattern| pattern.fits(path))
    }

    fn is_near(&self, a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Number(one), Value::Number(other)) => {
                let both = one.as_f64().zip(other.as_f64());
                // 1 and 1.0 are the same number.
                both.is_some_and(|(one, other)| {
                    (one - other).abs() <= self.options.number_tolerance.max(0.0)
                }) && (one.is_f64() || other.is_f64() || self.options.number_tolerance > 0.0)
            }
            (Value::String(one), Value::String(other)) => {
                let both = time_ms(one).zip(time_ms(other));
                both.is_some_and(|(one, other)| {
                    (one - other).abs() <= self.options.time_tolerance_ms
                })
            }
            _ => false,
        }
    }
}

/// Epoch milliseconds of an ISO date with its time and zone.
fn time_ms(text: &str) -> Option<f64> {
    let format = &time::format_description::well_known::Rfc3339;
    let date = time::OffsetDateTime::parse(text, format).ok()?;
    Some(date.unix_timestamp_nanos() as f64 / 1e6)
}
