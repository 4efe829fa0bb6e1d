//! The things of one kind that have to get across, and how far each has come.

use std::collections::BTreeMap;

/// How far one thing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// A blob that nobody has asked for yet.
    Unasked,
    /// A request about it is on the way.
    InFlight,
    /// It has to be sent.
    Waiting,
    /// It is durable on the other side.
    Held,
    /// The other side never takes it.
    Refused,
}

/// Things by name, in the order of their names.
///
/// Two maps, so that finding the next thing to send does not walk over thousands that are done.
#[derive(Debug, Clone)]
pub(super) struct Items<K> {
    open: BTreeMap<K, Stage>,
    held: std::collections::BTreeSet<K>,
}

impl<K: Ord + Clone> Items<K> {
    pub(super) fn new(held: impl IntoIterator<Item = K>) -> Self {
        Self { open: BTreeMap::new(), held: held.into_iter().collect() }
    }

    /// A thing known already keeps its stage, so telling twice is harmless.
    pub(super) fn add(&mut self, key: K, stage: Stage) {
        if !self.held.contains(&key) {
            self.open.entry(key).or_insert(stage);
        }
    }

    pub(super) fn set(&mut self, key: &K, stage: Stage) {
        if stage == Stage::Held {
            self.open.remove(key);
            self.held.insert(key.clone());
        } else if let Some(slot) = self.open.get_mut(key) {
            *slot = stage;
        }
    }

    /// Marks the first `limit` things at `stage` as in flight and returns them.
    pub(super) fn take(&mut self, stage: Stage, limit: usize) -> Vec<K> {
        let next = self.open.iter_mut().filter(|(_, at)| **at == stage).take(limit);
        next.map(|(key, at)| {
            *at = Stage::InFlight;
            key.clone()
        })
        .collect()
    }

    pub(super) fn is_held(&self, key: &K) -> bool {
        self.held.contains(key)
    }

    pub(super) fn is_known(&self, key: &K) -> bool {
        self.held.contains(key) || self.open.contains_key(key)
    }

    /// Whether nothing but refused things is left.
    pub(super) fn is_settled(&self) -> bool {
        self.open.values().all(|stage| *stage == Stage::Refused)
    }

    /// Whether everything is across.
    pub(super) fn is_across(&self) -> bool {
        self.open.is_empty()
    }

    /// The largest name known.
    pub(super) fn last(&self) -> Option<&K> {
        self.held.last().max(self.open.last_key_value().map(|(key, _)| key))
    }

    pub(super) fn held(&self) -> impl Iterator<Item = &K> {
        self.held.iter()
    }

    /// Takes a thing back that was held after all not.
    pub(super) fn reopen(&mut self, key: &K) {
        if self.held.remove(key) {
            self.open.insert(key.clone(), Stage::Waiting);
        }
    }

    /// Drops held names below `bound`; the caller remembers them in another way.
    pub(super) fn forget_held_below(&mut self, bound: &K) {
        self.held = self.held.split_off(bound);
    }
}
