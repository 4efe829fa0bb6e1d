//! Values that the record keeps back: with the vault's key they are back in place and only never shown; without it they stand
//! for anything.

use std::collections::HashSet;

use super::entry::Entry;
use super::fields::{Field, Shape};
use super::volatile::Volatile;
use crate::replay::secrets::{OPEN, literals};

/// Where requests of a record carry redacted values.
#[derive(Debug, Clone, Default)]
pub(super) struct Redacted {
    /// Places, by method and origin, whose values are kept back, whether or not they are known again.
    hidden: HashSet<(String, String)>,
    /// Of these, the ones at which a placeholder is left.
    open: HashSet<(String, String)>,
}

impl Redacted {
    pub(super) fn new(entries: &[Entry], shapes: &[Shape]) -> Self {
        let mut found = Self::default();
        for (entry, shape) in entries.iter().zip(shapes) {
            let place = |name: String| (shape.origin.clone(), name);
            found.hidden.extend(entry.redacted.iter().cloned().map(place));
            let left = shape.fields.iter().filter(|field| field.value.contains(OPEN));
            found.open.extend(left.map(|field| place(field.name_in_place())));
        }
        found.hidden.extend(found.open.iter().cloned());
        found
    }

    pub(super) fn hides(&self, shape: &Shape, field: &Field) -> bool {
        Self::has(&self.hidden, shape, field)
    }

    /// Whether some request of that origin has a placeholder there, so that the value is left out of the key.
    pub(super) fn is_open(&self, shape: &Shape, field: &Field) -> bool {
        Self::has(&self.open, shape, field)
    }

    fn has(places: &HashSet<(String, String)>, shape: &Shape, field: &Field) -> bool {
        !places.is_empty() && places.contains(&(shape.origin.clone(), field.name_in_place()))
    }

    /// Whether what was asked fits around the recorded placeholders. Where this request was recorded in clear, its value counts.
    pub(super) fn fits(&self, recorded: &Shape, asked: &Shape, volatile: &Volatile) -> bool {
        let open = recorded.fields.iter().filter(|field| self.is_open(recorded, field));
        open.into_iter().all(|field| {
            let kind = volatile.kind(&recorded.address, field);
            let mut same_place = asked
                .fields
                .iter()
                .filter(|other| other.place == field.place && other.name == field.name);
            same_place.any(|other| {
                fits(&field.value, &other.value)
                    || kind.is_some() && kind == volatile.kind(&asked.address, other)
            })
        })
    }
}

/// Whether the text is what stands around the placeholders, with anything in their place.
fn fits(pattern: &str, text: &str) -> bool {
    if !pattern.contains(OPEN) {
        return pattern == text;
    }
    // The placeholder of a number stands in quotes, its original does not.
    let (pattern, mut rest) = (pattern.trim_matches('"'), text.trim_matches('"'));
    let parts = literals(pattern);
    let (Some((first, middle)), Some(last)) = (parts.split_first(), parts.last()) else {
        return false;
    };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    for part in middle.iter().take(middle.len().saturating_sub(1)) {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_stands_for_anything_and_what_is_around_it_does_not() {
        for (pattern, text, expect) in [
            ("[REDACTED:value:1]", "hunter2", true),
            ("\"[REDACTED:number:1]\"", "1234", true),
            ("Bearer [REDACTED:bearer:1]", "Bearer x", true),
            ("Bearer [REDACTED:bearer:1]", "Basic x", false),
            ("a[REDACTED:value:1]b[REDACTED:value:2]c", "a-b-c", true),
            ("a[REDACTED:value:1]b[REDACTED:value:2]c", "a-c", false),
            ("plain", "plain", true),
            ("plain", "other", false),
        ] {
            assert_eq!(fits(pattern, text), expect, "{pattern} {text}");
        }
    }
}
