//! What a rewritten archive lacks, by class.

use std::collections::BTreeMap;

/// Counts what was left out.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    counts: BTreeMap<&'static str, u64>,
}

impl LeftOut {
    pub(super) fn note(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// The notice's message and its count; none when nothing is missing.
    pub(super) fn told(&self) -> Option<(String, u64)> {
        let total = self.counts.values().sum();
        let parts: Vec<String> =
            self.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        let message = format!("the Playwright trace is kept without {}", parts.join(", "));
        (total > 0).then_some((message, total))
    }
}
