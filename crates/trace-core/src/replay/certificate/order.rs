//! Which of the channels' first divergences came first.

use super::{ChannelReport, Divergence};

/// The place of what only the replay has among what the record has: behind all that the replay knew by then.
pub(super) struct Order {
    /// When something was known in the replay, and the latest recorded time of all that was known by then; ascending.
    marks: Vec<(f64, f64)>,
}

impl Order {
    pub(super) fn of(channels: &[ChannelReport]) -> Self {
        let pairs = channels.iter().flat_map(|report| &report.marks);
        let mut marks: Vec<(f64, f64)> = pairs.map(|(then, now)| (*now, *then)).collect();
        marks.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut latest = 0.0_f64;
        for (_, then) in &mut marks {
            latest = latest.max(*then);
            *then = latest;
        }
        Self { marks }
    }

    /// At the same place what both have comes before what one has alone.
    pub(super) fn earliest<'d>(
        &self,
        all: impl Iterator<Item = &'d Divergence>,
    ) -> Option<Divergence> {
        let placed = all.map(|one| (self.place_ms(one), one.recorded_seq.is_none(), one));
        let first = placed.min_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        first.map(|(_, _, one)| one.clone())
    }

    fn place_ms(&self, divergence: &Divergence) -> f64 {
        match (divergence.recorded_seq, divergence.replayed_ms) {
            (None, Some(now)) => {
                let known = self.marks.partition_point(|mark| mark.0 <= now);
                known.checked_sub(1).map_or(0.0, |last| self.marks[last].1)
            }
            _ => divergence.place_ms,
        }
    }
}
