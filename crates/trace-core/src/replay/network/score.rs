//! How alike two requests of one address are, from 0 to 1.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Field, Place, Shape};
use super::redacted::Redacted;
use super::volatile::Volatile;

/// How far apart two requests were sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Distance {
    /// In requests.
    pub(super) order: f64,
    /// In milliseconds.
    pub(super) time_ms: f64,
}

const ORDER_HALF: f64 = 8.0;
const TIME_HALF_MS: f64 = 10_000.0;

/// The weighted mean of what both can be compared in; what neither has says nothing.
pub(super) fn score(
    recorded: &Shape,
    asked: &Shape,
    (volatile, redacted): (&Volatile, &Redacted),
    apart: Distance,
) -> f64 {
    let of = |place| {
        [recorded, asked]
            .map(|shape| part(shape, place, |field| shape.stands_for(field, volatile, redacted)))
            .into()
    };
    let (path, query, body, headers) =
        (of(Place::Path), of(Place::Query), of(Place::Body), of(Place::Header));
    let parts = [
        (4.0, values(&path)),
        (3.0, names(&query)),
        (2.0, values(&query)),
        (3.0, names(&body)),
        (3.0, values(&body)),
        (1.0, values(&headers)),
        (1.0, Some(ORDER_HALF / (ORDER_HALF + apart.order))),
        (1.0, Some(TIME_HALF_MS / (TIME_HALF_MS + apart.time_ms))),
    ];
    let counted = parts.iter().filter_map(|(weight, found)| found.map(|found| (weight, found)));
    let (sum, weights) = counted
        .fold((0.0, 0.0), |(sum, all), (weight, found)| (sum + weight * found, all + weight));
    if weights > 0.0 { sum / weights } else { 0.0 }
}

/// Values by name; those that change from run to run by their kind.
type Part<'s> = BTreeMap<&'s str, Vec<&'s str>>;

fn part<'s>(shape: &'s Shape, place: Place, value: impl Fn(&'s Field) -> &'s str) -> Part<'s> {
    let mut found = Part::new();
    for field in shape.fields.iter().filter(|field: &&Field| field.place == place) {
        found.entry(&field.name).or_default().push(value(field));
    }
    found
}

fn names((a, b): &(Part<'_>, Part<'_>)) -> Option<f64> {
    let all: BTreeSet<&&str> = a.keys().chain(b.keys()).collect();
    let shared = a.keys().filter(|name| b.contains_key(*name)).count();
    (!all.is_empty()).then(|| shared as f64 / all.len() as f64)
}

fn values((a, b): &(Part<'_>, Part<'_>)) -> Option<f64> {
    let shared: Vec<_> = a.iter().filter_map(|(name, one)| Some((one, b.get(name)?))).collect();
    let equal = shared.iter().filter(|(one, other)| one == other).count();
    if a.is_empty() && b.is_empty() {
        return None;
    }
    Some(if shared.is_empty() { 0.0 } else { equal as f64 / shared.len() as f64 })
}
