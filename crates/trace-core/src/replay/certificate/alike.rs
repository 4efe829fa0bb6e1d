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

/// A number is taken for a time when it lies this near to its run: ten years.
const TIMES_MS: f64 = 10.0 * 365.25 * 86_400_000.0;
/// How far the same moment of both runs may lie apart, such as the end of a period that begins now: ten minutes.
const PACE_MS: f64 = 600_000.0;

/// What tells times of either run from other numbers.
pub(super) struct Clocks {
    recorded: Volatile,
    replayed: Volatile,
    /// Wall clocks of both beginnings, in milliseconds since the epoch.
    walls_ms: (f64, f64),
}

impl Clocks {
    /// By the wall clocks of both runs' beginnings, in milliseconds since the epoch.
    pub(super) fn new(recorded_ms: u64, replayed_ms: u64) -> Self {
        let volatile = |ms: u64| Volatile::new(crate::replay::network::Rules::default(), ms as f64);
        let walls_ms = (recorded_ms as f64, replayed_ms as f64);
        Self { recorded: volatile(recorded_ms), replayed: volatile(replayed_ms), walls_ms }
    }

    /// Whether both values are the same moment: on one clock, as where a simulator's is put back, or as far from either run's beginning.
    fn same_moment(&self, a: &str, b: &str) -> bool {
        let (wall, wall_now) = self.walls_ms;
        let Some((one, other)) = time_ms(a, wall).zip(time_ms(b, wall_now)) else { return false };
        let since = (one - wall) - (other - wall_now);
        (one - other).abs() <= PACE_MS || since.abs() <= PACE_MS
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
        let alike = same_kind || tokens || self.same_moment(&a.value, &b.value);
        if alike || same_placeholders(&a.value, &b.value) {
            return Alike::Equivalent;
        }
        let name = if a.name.is_empty() { String::new() } else { format!(" `{}`", a.name) };
        let (one, other) = (cut(&a.value, LONGEST), cut(&b.value, LONGEST));
        Alike::Diverged(format!("{what}{name} is {other}, recorded {one}"))
    }
}

/// A number of seconds or milliseconds since the epoch, in milliseconds; none when it is far from the time of its run.
fn time_ms(value: &str, wall_ms: f64) -> Option<f64> {
    let value = value.trim_matches('"');
    let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number: f64 = value.parse().ok().filter(|_| is_digits && wall_ms > 0.0)?;
    [number, number * 1_000.0].into_iter().find(|ms| (ms - wall_ms).abs() <= TIMES_MS)
}

/// Placeholders are numbered anew in each trace, so their numbers do not count.
fn same_placeholders(a: &str, b: &str) -> bool {
    a.contains(OPEN) && b.contains(OPEN) && literals(a) == literals(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_told_on_one_clock_and_from_either_beginning() {
        const RECORDED_MS: u64 = 1_795_300_000_000;
        const HOUR_MS: u64 = 3_600_000;
        let same = |later_ms: u64, a: u64, b: u64| {
            let clocks = Clocks::new(RECORDED_MS, RECORDED_MS + later_ms);
            clocks.same_moment(&a.to_string(), &b.to_string())
        };
        let month_s = RECORDED_MS / 1000 + 30 * 86_400;
        for (later_ms, a, b, expect) in [
            (0, month_s, month_s + 56, true),
            (90 * HOUR_MS, month_s, month_s + 56, true),
            (90 * HOUR_MS, month_s, month_s + 90 * 3_600, true),
            (90 * HOUR_MS, month_s, month_s + 45 * 3_600, false),
            (0, month_s, month_s + 86_400, false),
            (0, month_s * 1000, month_s * 1000 + 5, true),
            (0, 2900, 2901, false),
            (0, month_s, 2900, false),
        ] {
            assert_eq!(same(later_ms, a, b), expect, "{later_ms} {a} {b}");
        }
        assert!(!Clocks::new(0, 0).same_moment("1795300000", "1795300001"));
    }
}
