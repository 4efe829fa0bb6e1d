//! Which events of a trace are wanted, in terms that an index understands.

use crate::chunk::Index;
use crate::event::{Event, StepId, Timestamp};
use crate::ndjson::Envelope;

/// A slice of a trace: events that meet every condition that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select {
    seqs: Option<(u64, u64)>,
    times: Option<(Timestamp, Timestamp)>,
    step: Option<Box<str>>,
    kind: Option<Box<str>>,
}

impl Select {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only seqs from `first` to `last`, both included.
    #[must_use]
    pub fn seqs(mut self, first: u64, last: u64) -> Self {
        self.seqs = Some((first, last));
        self
    }

    /// Only times from `from` to `to`, both included.
    #[must_use]
    pub fn times(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.times = Some((from, to));
        self
    }

    /// Only events of that step.
    #[must_use]
    pub fn step(mut self, step_id: &str) -> Self {
        self.step = Some(step_id.into());
        self
    }

    /// Only events of that kind.
    #[must_use]
    pub fn kind(mut self, kind: &str) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Frames in which a wanted event may lie, in order.
    pub(super) fn frames(&self, index: &Index) -> Vec<usize> {
        let mut wanted = vec![true; index.frames.len()];
        let mut keep = |frames: Vec<usize>| {
            let mut hit = vec![false; wanted.len()];
            for n in frames {
                hit[n] = true;
            }
            wanted.iter_mut().zip(hit).for_each(|(wanted, hit)| *wanted &= hit);
        };
        if let Some((first, last)) = self.seqs {
            keep(index.frames_of_seq(first, last));
        }
        if let Some((from, to)) = self.times {
            keep(index.frames_of_time(from, to));
        }
        if let Some(step) = &self.step {
            keep(index.frames_of_step(step).collect());
        }
        if let Some(kind) = &self.kind {
            keep(index.frames_of_kind(kind));
        }
        (0..wanted.len()).filter(|n| wanted[*n]).collect()
    }

    /// Whether a line with this envelope is wanted.
    pub fn wants(&self, head: &Envelope<'_>) -> bool {
        self.fits(head.seq.get(), head.ts, head.kind, head.step_id)
    }

    /// Whether the event is wanted.
    pub fn wants_event(&self, event: &Event) -> bool {
        let step_id = event.step_id.as_ref().map(StepId::as_str);
        self.fits(event.seq.get(), event.ts, event.kind.as_str(), step_id)
    }

    fn fits(&self, seq: u64, ts: Timestamp, kind: &str, step_id: Option<&str>) -> bool {
        self.seqs.is_none_or(|(first, last)| (first..=last).contains(&seq))
            && self.times.is_none_or(|(from, to)| (from..=to).contains(&ts))
            && self.kind.as_deref().is_none_or(|want| want == kind)
            && self.step.as_deref().is_none_or(|want| Some(want) == step_id)
    }
}
