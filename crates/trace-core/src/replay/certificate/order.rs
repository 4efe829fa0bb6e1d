//! Which of several divergences came first.

use super::{Channel, ChannelReport, Divergence};

/// What is known so near each other is told in either order: two answers on two connections, or an error and its request. Which of
/// them led to the other shows in which began first.
const NEAR_MS: f64 = 25.0;

/// The places of one thing in both runs: when it was known how it came out, and its event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark {
    /// In the record.
    pub(super) then: (f64, u64),
    /// In the replay.
    pub(super) now: (f64, u64),
}

/// The place of what only the replay has among what the record has: behind all that the replay knew by then.
pub(super) struct Order {
    /// When something was known in the replay, and the latest recorded time of all that was known by then; ascending.
    times: Vec<(f64, f64)>,
    /// The same by the events that began them.
    seqs: Vec<(u64, u64)>,
}

impl Order {
    pub(super) fn of(channels: &[ChannelReport]) -> Self {
        let marks = || channels.iter().flat_map(|report| &report.marks);
        let mut times: Vec<_> = marks().map(|mark| (mark.now.0, mark.then.0)).collect();
        times.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut latest = 0.0_f64;
        for (_, then) in &mut times {
            latest = latest.max(*then);
            *then = latest;
        }
        let mut seqs: Vec<_> = marks().map(|mark| (mark.now.1, mark.then.1)).collect();
        seqs.sort_unstable();
        let mut last = 0;
        for (_, then) in &mut seqs {
            last = last.max(*then);
            *then = last;
        }
        Self { times, seqs }
    }

    /// What was known first; of those that were known near it, what began first. At the same place what both have comes before what one
    /// has alone.
    pub(super) fn earliest<'d>(
        &self,
        all: impl IntoIterator<Item = &'d Divergence>,
    ) -> Option<Divergence> {
        let placed: Vec<_> = all.into_iter().map(|one| (self.known_ms(one), one)).collect();
        let first_ms = placed.iter().map(|(known_ms, _)| *known_ms).min_by(f64::total_cmp)?;
        let near = placed.into_iter().filter(|(known_ms, _)| *known_ms <= first_ms + NEAR_MS);
        let rank = |one: &Divergence| (self.began(one), one.recorded_seq.is_none());
        let first = near.min_by(|(one_ms, one), (other_ms, other)| {
            rank(one).cmp(&rank(other)).then(one_ms.total_cmp(other_ms))
        });
        first.map(|(_, one)| one.clone())
    }

    fn known_ms(&self, divergence: &Divergence) -> f64 {
        match (divergence.recorded_seq, divergence.replayed_ms) {
            (None, Some(now)) => {
                let known = self.times.partition_point(|mark| mark.0 <= now);
                known.checked_sub(1).map_or(0.0, |last| self.times[last].1)
            }
            _ => divergence.place_ms,
        }
    }

    /// The recorded event behind which it began. A step holds what it failed for, so that it began before says nothing.
    fn began(&self, divergence: &Divergence) -> u64 {
        if divergence.channel == Channel::Steps {
            return u64::MAX;
        }
        divergence.recorded_seq.unwrap_or_else(|| {
            let now = divergence.replayed_seq.unwrap_or(u64::MAX);
            let begun = self.seqs.partition_point(|mark| mark.0 <= now);
            begun.checked_sub(1).map_or(0, |last| self.seqs[last].1)
        })
    }
}
