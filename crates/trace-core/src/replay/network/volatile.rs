//! What changes from run to run: told by rules, learnt from the recording, or guessed by the look of a value.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use super::fields::{Field, Place};

/// A number is taken for a time when it lies this near to the time of the record.
const NEAR_MS: f64 = 36.0 * 3_600_000.0;

/// Names of parameters and fields that carry a new value in every run.
const NAMES: &[&str] = &[
    "_",
    "cb",
    "cachebust",
    "cachebuster",
    "callback",
    "nonce",
    "ts",
    "timestamp",
    "sig",
    "signature",
    "csrf",
    "csrftoken",
    "csrf_token",
    "_csrf",
    "xsrf",
    "authenticity_token",
    "request_id",
    "requestid",
    "trace_id",
    "traceparent",
];

/// (what it is, how it looks).
const LOOKS: &[(&str, &str)] = &[
    ("uuid", r"(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
    ("ulid", r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ("ksuid", r"^[012][0-9A-Za-z]{26}$"),
    ("date", r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$"),
];

static COMPILED: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    LOOKS.iter().filter_map(|(name, look)| Some((*name, Regex::new(look).ok()?))).collect()
});

/// What a user says about values that change.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Names of query parameters and form fields whose value does not count.
    pub names: Vec<String>,
    /// JSON pointers of body values that do not count; `*` stands for any one part.
    pub pointers: Vec<String>,
    /// What matches in a path segment or a query value does not count.
    pub patterns: Vec<Regex>,
}

/// Tells values that change from run to run from those that mean something.
#[derive(Debug, Clone, Default)]
pub struct Volatile {
    rules: Rules,
    /// Wall clock of the record, in milliseconds since the epoch.
    wall_ms: f64,
    /// Places by (address, field) at which repeats of one request differed.
    learnt: HashSet<(String, String)>,
}

impl Volatile {
    /// By rules, for a record made at `wall_ms` (milliseconds since the epoch).
    pub fn new(rules: Rules, wall_ms: f64) -> Self {
        Self { rules, wall_ms, learnt: HashSet::new() }
    }

    /// Learns the fields in which repeats of one request differ by tokens that nobody chooses by hand.
    ///
    /// A page number differs from repeat to repeat as well and means something; so only long tokens are learnt.
    pub(super) fn learn<'f>(&mut self, requests: impl Iterator<Item = (&'f str, &'f [Field])>) {
        let mut seen: HashMap<(&str, String), &str> = HashMap::new();
        for (address, fields) in requests {
            for field in fields.iter().filter(|field| is_token(&field.value)) {
                let place = (address, field.name_in_place());
                match seen.get(&place) {
                    Some(value) if *value != field.value => {
                        self.learnt.insert((address.to_owned(), place.1));
                    }
                    Some(_) => {}
                    None => drop(seen.insert(place, &field.value)),
                }
            }
        }
    }

    /// What stands for a value in the normalised key: its kind when it changes from run to run, otherwise none.
    pub(in crate::replay) fn kind(&self, address: &str, field: &Field) -> Option<&'static str> {
        if self.is_ruled(field) {
            return Some("ruled");
        }
        if !self.learnt.is_empty()
            && self.learnt.contains(&(address.to_owned(), field.name_in_place()))
        {
            return Some("learnt");
        }
        let named = matches!(field.place, Place::Query | Place::Body)
            && NAMES.contains(&last_part(&field.name).to_ascii_lowercase().as_str());
        if named { Some("named") } else { self.look(field.value.trim_matches('"')) }
    }

    fn is_ruled(&self, field: &Field) -> bool {
        let Rules { names, pointers, patterns } = &self.rules;
        match field.place {
            Place::Header => false,
            Place::Path => patterns.iter().any(|pattern| pattern.is_match(&field.value)),
            Place::Query => {
                names.contains(&field.name)
                    || patterns.iter().any(|pattern| pattern.is_match(&field.value))
            }
            Place::Body => {
                names.contains(&field.name)
                    || pointers.iter().any(|pointer| fits(pointer, &field.name))
            }
        }
    }

    fn look(&self, value: &str) -> Option<&'static str> {
        if let Ok(number) = value.parse::<f64>() {
            let is_digits = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let near = |ms: f64| (ms - self.wall_ms).abs() <= NEAR_MS;
            return (is_digits && self.wall_ms > 0.0 && (near(number) || near(number * 1_000.0)))
                .then_some("time");
        }
        COMPILED.iter().find(|(_, look)| look.is_match(value)).map(|(name, _)| *name)
    }
}

pub(in crate::replay) fn is_token(value: &str) -> bool {
    let value = value.trim_matches('"');
    let has = |test: fn(&u8) -> bool| value.bytes().any(|byte| test(&byte));
    value.len() >= 16
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=+/".contains(&byte))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Whether a JSON pointer with `*` for any one part fits.
fn fits(pattern: &str, pointer: &str) -> bool {
    let (mut one, mut other) = (pattern.split('/'), pointer.split('/'));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(part), Some(found)) if part == "*" || part == found => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL_MS: f64 = 1_800_000_000_000.0;

    fn check(name: &str, value: &str, expect: Option<&str>) {
        assert_eq!(COMPILED.len(), LOOKS.len());
        let rules = Rules {
            names: vec!["sid".into()],
            pointers: vec!["/items/*/at".into()],
            patterns: vec![Regex::new("^build-").unwrap()],
        };
        let place = if name.starts_with('/') { Place::Body } else { Place::Query };
        let field = Field { place, name: name.to_owned(), value: value.to_owned() };
        assert_eq!(Volatile::new(rules, WALL_MS).kind("GET x", &field), expect, "{name}={value}");
    }

    #[test]
    fn tells_what_changes_from_what_means_something() {
        check("sid", "abc", Some("ruled"));
        check("v", "build-17", Some("ruled"));
        check("/items/3/at", "x", Some("ruled"));
        check("/items/at", "x", None);
        check("_", "17", Some("named"));
        check("/csrf_token", "\"x\"", Some("named"));
        check("id", "550e8400-e29b-41d4-a716-446655440000", Some("uuid"));
        check("/id", "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"", Some("ulid"));
        check("at", "2026-11-21T10:00:00.000Z", Some("date"));
        check("page", "2", None);
        check("q", "shoes", None);
        check("amount", "4200", None);
    }

    #[test]
    fn a_number_is_a_time_near_the_record_only() {
        let hour = 3_600_000.0;
        for (ms, is_time) in
            [(0.0, true), (36.0 * hour, true), (36.0 * hour + 1_000.0, false), (-36.0 * hour, true)]
        {
            check("t", &format!("{}", WALL_MS + ms), is_time.then_some("time"));
            check("t", &format!("{}", (WALL_MS + ms) / 1_000.0), is_time.then_some("time"));
        }
    }
}
