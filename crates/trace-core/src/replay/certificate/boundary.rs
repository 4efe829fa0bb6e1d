//! What happened so near the beginning of step N that it stands before it in one run and behind it in the other. A page goes on by
//! itself while the test goes from step to step: what it asks for, or writes on its console, a moment after a load belongs to either
//! step as the machine has it.

use std::collections::{HashMap, HashSet};

use super::Side;
use super::channel::Item;

/// Pages do such things within this time of the step's beginning.
const NEAR_MS: f64 = 1_000.0;

/// What a side has of one channel.
pub(super) struct Parted<T> {
    /// Before the step.
    pub(super) past: Vec<Item<T>>,
    /// From the step on.
    pub(super) live: Vec<Item<T>>,
    begin_ms: f64,
    /// Its skipped steps were run.
    ran_all: bool,
}

impl<T> Parted<T> {
    pub(super) fn of(side: &Side<'_>, items: Vec<Item<T>>) -> Self {
        let (past, live) = items.into_iter().partition(|item| side.is_past(item.seq));
        Self { past, live, begin_ms: side.past.step.ts_ms, ran_all: side.ran_all() }
    }

    /// How many of each key there are before the step and from it on.
    fn counts(&self) -> HashMap<&str, (usize, usize)> {
        let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
        self.past.iter().for_each(|item| counts.entry(&item.key).or_default().0 += 1);
        self.live.iter().for_each(|item| counts.entry(&item.key).or_default().1 += 1);
        counts
    }

    /// Whether something is of a key and near the step's beginning.
    fn is_near(&self, item: &Item<T>, key: &str, at_ms: &impl Fn(&Item<T>) -> f64) -> bool {
        item.key == key && (at_ms(item) - self.begin_ms).abs() <= NEAR_MS
    }
}

/// Puts what one side has before the step, and the other behind it, to the live items of both, where it is compared like any other.
/// Gives the seqs of what was moved on each side. Only where both sides ran the skipped steps: a restored browser did not.
pub(super) fn straighten<T>(
    a: &mut Parted<T>,
    b: &mut Parted<T>,
    at_ms: impl Fn(&Item<T>) -> f64,
) -> [HashSet<u64>; 2] {
    if !(a.ran_all && b.ran_all) {
        return [HashSet::new(), HashSet::new()];
    }
    let (ours, theirs) = (wanting(a, b, &at_ms), wanting(b, a, &at_ms));
    [pull(a, ours, &at_ms), pull(b, theirs, &at_ms)]
}

/// Moves the last so many items of each key from before the step to behind it.
fn pull<T>(
    side: &mut Parted<T>,
    wanted: Vec<(String, usize)>,
    at_ms: &impl Fn(&Item<T>) -> f64,
) -> HashSet<u64> {
    let mut moved = HashSet::new();
    for key in wanted.into_iter().flat_map(|(key, count)| std::iter::repeat_n(key, count)) {
        let Some(at) = side.past.iter().rposition(|item| item.key == key) else { continue };
        let item = side.past.remove(at);
        moved.insert(item.seq);
        let place = side.live.partition_point(|it| at_ms(it) < at_ms(&item));
        side.live.insert(place, item);
    }
    moved
}

/// How many of each key `one` has before the step that `other` has behind it.
fn wanting<T>(
    one: &Parted<T>,
    other: &Parted<T>,
    at_ms: &impl Fn(&Item<T>) -> f64,
) -> Vec<(String, usize)> {
    let (ours, theirs) = (one.counts(), other.counts());
    let mut found = Vec::new();
    for (key, (past, live)) in &ours {
        let (their_past, their_live) = theirs.get(key).copied().unwrap_or_default();
        let wanted = past.saturating_sub(their_past).min(their_live.saturating_sub(*live));
        if wanted > 0 {
            let past = one.past.iter().filter(|item| one.is_near(item, key, at_ms)).count();
            let live = other.live.iter().filter(|item| other.is_near(item, key, at_ms)).count();
            found.push(((*key).to_owned(), wanted.min(past).min(live)));
        }
    }
    found
}
