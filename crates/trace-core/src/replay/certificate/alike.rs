//! Texts and values of two runs: the same, the same but for what changes from run to run, or different.

use serde_json::Value;

use super::channel::Alike;
use crate::replay::network::fields::Field;
use crate::replay::network::volatile::{Volatile, is_token};
use crate::replay::secrets::{OPEN, literals};
use crate::trace::normalise::{cut, normalise};

/// A value longer than this is cut.
const LONGEST: usize = 80;
/// Text beyond this is not normalised at one go, because the rules look at no more.
const MOST_NORMALISED: usize = 4096;

/// Two texts, such as console lines and bodies.
pub(super) fn texts(what: &str, a: &str, b: &str) -> Alike {
    if a == b {
        return Alike::Identical;
    }
    match first_difference(a, b) {
        None => Alike::Equivalent,
        Some((one, other)) => {
            Alike::Diverged(format!("{what} is {}, recorded {}", quoted(other), quoted(one)))
        }
    }
}

/// The first lines that differ by more than ids. Line by line, so that no difference hides behind the length that
/// normalising looks at.
fn first_difference<'t>(a: &'t str, b: &'t str) -> Option<(&'t str, &'t str)> {
    let (mut left, mut right) = (a.lines(), b.lines());
    loop {
        let (one, other) = match (left.next(), right.next()) {
            (None, None) => return None,
            (one, other) => (one.unwrap_or_default(), other.unwrap_or_default()),
        };
        let short = one.len() <= MOST_NORMALISED && other.len() <= MOST_NORMALISED;
        if one != other && !(short && normalise(one) == normalise(other)) {
            return Some((one, other));
        }
    }
}

pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", cut(text.lines().next().unwrap_or_default(), LONGEST))
}

/// Two values that one side may lack.
pub(super) fn optional<T>(
    what: &str,
    a: Option<T>,
    b: Option<T>,
    compare: impl FnOnce(T, T) -> Alike,
) -> Alike {
    match (a, b) {
        (None, None) => Alike::Identical,
        (Some(a), Some(b)) => compare(a, b),
        (Some(_), None) => Alike::Diverged(format!("has no {what}, recorded one")),
        (None, Some(_)) => Alike::Diverged(format!("has a {what}, recorded none")),
    }
}

/// Two JSON values, leaf by leaf.
pub(super) fn values(what: &str, a: &Value, b: &Value, clocks: &Clocks) -> Alike {
    if a == b {
        return Alike::Identical;
    }
    if let (Value::String(a), Value::String(b)) = (a, b) {
        return texts(what, a, b);
    }
    let fields = |value: &Value| Field::of_body("application/json", value.to_string().as_bytes());
    if (a.is_object() || a.is_array()) && (b.is_object() || b.is_array()) {
        return clocks.fields(what, &fields(a), &fields(b));
    }
    let leaf = |value: &Value| Field::leaf(value.to_string());
    clocks.fields(what, &[leaf(a)], &[leaf(b)])
}

/// What tells times of either run from other numbers.
pub(super) struct Clocks {
    recorded: Volatile,
    replayed: Volatile,
}

impl Clocks {
    /// By the wall clocks of both runs' beginnings, in milliseconds since the epoch.
    pub(super) fn new(recorded_ms: u64, replayed_ms: u64) -> Self {
        let volatile = |ms: u64| Volatile::new(crate::replay::network::Rules::default(), ms as f64);
        Self { recorded: volatile(recorded_ms), replayed: volatile(replayed_ms) }
    }

    /// Two lists of fields, both in order: the first that differs for real counts.
    pub(super) fn fields(&self, what: &str, a: &[Field], b: &[Field]) -> Alike {
        let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
        let mut found = Alike::Identical;
        loop {
            let key = |field: &&Field| (field.place, field.name.clone());
            let (one, other) = (left.peek().map(key), right.peek().map(key));
            let Some(first) = one.iter().chain(&other).min().cloned() else { return found };
            let one = left.next_if(|field| key(field) == first);
            let other = right.next_if(|field| key(field) == first);
            let alike = match (one, other) {
                (Some(one), Some(other)) => self.pair(what, one, other),
                (one, other) => {
                    let shown = one.or(other).map(|field| cut(&field.value, LONGEST));
                    let (name, shown) = (&first.1, shown.unwrap_or_default());
                    let how = if one.is_some() { "is gone" } else { "is new" };
                    Alike::Diverged(format!("{what} `{name}` {how} ({shown})"))
                }
            };
            found = found.and(|| alike);
            if matches!(found, Alike::Diverged(_)) {
                return found;
            }
        }
    }

    fn pair(&self, what: &str, a: &Field, b: &Field) -> Alike {
        if a.value == b.value {
            return Alike::Identical;
        }
        let kinds = (self.recorded.kind("", a), self.replayed.kind("", b));
        let same_kind = kinds.0.is_some() && kinds.0 == kinds.1;
        let tokens = is_token(&a.value)
            && is_token(&b.value)
            && normalise(a.value.trim_matches('"')) == normalise(b.value.trim_matches('"'));
        if same_kind || tokens || same_placeholders(&a.value, &b.value) {
            return Alike::Equivalent;
        }
        let name = if a.name.is_empty() { String::new() } else { format!(" `{}`", a.name) };
        let (one, other) = (cut(&a.value, LONGEST), cut(&b.value, LONGEST));
        Alike::Diverged(format!("{what}{name} is {other}, recorded {one}"))
    }
}

/// Placeholders are numbered anew in each trace, so their numbers do not count.
fn same_placeholders(a: &str, b: &str) -> bool {
    a.contains(OPEN) && b.contains(OPEN) && literals(a) == literals(b)
}
