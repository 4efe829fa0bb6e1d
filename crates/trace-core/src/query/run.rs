//! A query asked of a whole trace: the index says which frames may answer, the raw lines of those are asked.

use super::{Context, Query, StepIndex};
use crate::chunk::{FrameEntry, Index};
use crate::event::Event;
use crate::ndjson::{Diagnostic, Lines, decode_line};
use crate::trace::{ReadAt, ReadError, TraceReader};

/// What a query has found.
#[derive(Debug, Default)]
pub struct Answers {
    /// The lines in the order of the file, without line breaks.
    pub lines: Vec<Box<[u8]>>,
    /// True when the limit was reached and more lines may answer.
    pub more: bool,
    /// Frames (from 0) that could not be read and were skipped.
    pub unreadable: Vec<(usize, ReadError)>,
}

impl Answers {
    /// The lines as events; a line that is broken behind its envelope is told instead.
    pub fn events(&self) -> impl Iterator<Item = Result<Event, Diagnostic>> {
        self.lines.iter().map(|line| decode_line(line))
    }

    /// Takes a line when there is room for it; false when there is none.
    pub(super) fn take(&mut self, line: &[u8], limit: usize) -> bool {
        self.more = self.lines.len() >= limit;
        if !self.more {
            self.lines.push(line.into());
        }
        !self.more
    }
}

/// Asks the trace once. Whoever asks again keeps a [`QueryCache`](super::QueryCache).
pub fn run<S: ReadAt>(reader: &TraceReader<S>, query: &Query, limit: usize) -> Answers {
    let steps = if query.asks_steps() { steps_of(reader) } else { StepIndex::default() };
    run_with(reader, query, limit, &steps)
}

/// Asks frame by frame and stops at the limit.
pub(super) fn run_with<S: ReadAt>(
    reader: &TraceReader<S>,
    query: &Query,
    limit: usize,
    steps: &StepIndex,
) -> Answers {
    let context = Context { steps: Some(steps) };
    let mut answers = Answers::default();
    for frame in frames(reader.index(), query, steps) {
        let lines = match reader.frame_lines(frame) {
            Ok(lines) => lines,
            Err(error) => {
                answers.unreadable.push((frame, error));
                continue;
            }
        };
        for line in Lines::new(&lines) {
            if query.matches_line(line.bytes, &context) && !answers.take(line.bytes, limit) {
                return answers;
            }
        }
    }
    answers
}

/// The steps of a trace, from the frames that hold their beginnings.
pub fn steps_of<S: ReadAt>(reader: &TraceReader<S>) -> StepIndex {
    let mut steps = StepIndex::default();
    for frame in reader.index().frames_of_kind("step.start") {
        // A frame that cannot be read is reported by the query that needs it.
        let Ok(lines) = reader.frame_lines(frame) else { continue };
        Lines::new(&lines).for_each(|line| steps.observe_line(line.bytes));
    }
    steps
}

/// Frames in which an answer may lie, in order.
fn frames(index: &Index, query: &Query, steps: &StepIndex) -> Vec<usize> {
    let (Some(seq), Some(ts)) = (query.required_seq(), query.required_ts()) else {
        return Vec::new();
    };
    let kinds = query.required_kinds().map_or(u64::MAX, |kinds| {
        let wanted = |name: &str| kinds.iter().any(|kind| kind.matches(name));
        let named = index.kinds.iter().enumerate().filter(|(_, name)| wanted(name));
        named.fold(0, |bits, (place, _)| bits | 1_u64 << place.min(63))
    });
    let in_steps = query.required_steps(steps).map(|ids| {
        let ranges: Vec<_> = ids.iter().map(|id| index.frames_of_step(id)).collect();
        move |frame: usize| ranges.iter().any(|range| range.contains(&frame))
    });
    let may_answer = |frame: &FrameEntry| {
        frame.first_seq != 0
            && frame.kinds & kinds != 0
            && (frame.first_seq <= *seq.end() && frame.last_seq >= *seq.start())
            && (frame.min_us <= ts.end().as_us() && frame.max_us >= ts.start().as_us())
    };
    let fits = |n: &usize| {
        may_answer(&index.frames[*n]) && in_steps.as_ref().is_none_or(|inside| inside(*n))
    };
    (0..index.frames.len()).filter(fits).collect()
}
