//! Lines of the kinds that have been asked for, kept side by side: the second question about a kind reads no frame.

use std::collections::{BTreeMap, BTreeSet};

use super::run::{Answers, run_with, steps_of};
use super::target::Target;
use super::{Context, Query, StepIndex};
use crate::ndjson::Lines;
use crate::trace::{ReadAt, TraceReader};

/// Remembers lines of one trace. Make one for each trace; it must not be asked about another.
#[derive(Debug)]
pub struct QueryCache {
    max_bytes: usize,
    kinds: BTreeMap<Box<str>, KindLines>,
    steps: Option<StepIndex>,
    asked: u64,
}

/// Every line of one kind.
#[derive(Debug, Default)]
struct KindLines {
    bytes: Vec<u8>,
    /// For each line its place in the file (frame, line) and where it ends in `bytes`.
    lines: Vec<((usize, usize), usize)>,
    last_asked: u64,
}

impl KindLines {
    fn size(&self) -> usize {
        self.bytes.len() + self.lines.len() * size_of::<((usize, usize), usize)>()
    }

    fn iter(&self) -> impl Iterator<Item = ((usize, usize), &[u8])> {
        let starts = std::iter::once(0).chain(self.lines.iter().map(|(_, end)| *end));
        self.lines
            .iter()
            .zip(starts)
            .map(|((place, end), start)| (*place, &self.bytes[start..*end]))
    }
}

impl QueryCache {
    /// A cache that keeps at most so many bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, kinds: BTreeMap::new(), steps: None, asked: 0 }
    }

    /// Bytes in memory.
    pub fn size(&self) -> usize {
        self.kinds.values().map(KindLines::size).sum()
    }

    /// Asks the trace. A query that does not name its kinds, or whose kinds are too big to keep, is asked frame by frame.
    pub fn run<S: ReadAt>(
        &mut self,
        reader: &TraceReader<S>,
        query: &Query,
        limit: usize,
    ) -> Answers {
        if query.asks_steps() && self.steps.is_none() {
            self.steps = Some(steps_of(reader));
        }
        let kinds = self.kept_kinds(reader, query);
        let empty = StepIndex::default();
        let steps = self.steps.as_ref().unwrap_or(&empty);
        match kinds {
            Some(kinds) => self.ask(&kinds, query, limit, Context { steps: Some(steps) }),
            None => run_with(reader, query, limit, steps),
        }
    }

    /// The kinds of the trace that the query can find, once all of them are in memory.
    fn kept_kinds<S: ReadAt>(
        &mut self,
        reader: &TraceReader<S>,
        query: &Query,
    ) -> Option<Vec<Box<str>>> {
        let patterns = query.required_kinds()?;
        let wanted = |name: &str| patterns.iter().any(|pattern| pattern.matches(name));
        let kinds: Vec<Box<str>> =
            reader.index().kinds.iter().filter(|name| wanted(name)).cloned().collect();
        self.asked += 1;
        let missing: BTreeSet<Box<str>> =
            kinds.iter().filter(|kind| !self.kinds.contains_key(*kind)).cloned().collect();
        let read = extract(reader, &missing, self.max_bytes)?;
        self.kinds.extend(read);
        for kind in &kinds {
            self.kinds.entry(kind.clone()).or_default().last_asked = self.asked;
        }
        self.evict();
        kinds.iter().all(|kind| self.kinds.contains_key(kind)).then_some(kinds)
    }

    /// Forgets the kinds that were asked for longest ago, until the rest fits.
    fn evict(&mut self) {
        while self.size() > self.max_bytes {
            let oldest = self.kinds.iter().min_by_key(|(_, lines)| lines.last_asked);
            let Some(kind) = oldest.map(|(kind, _)| kind.clone()) else { return };
            self.kinds.remove(&kind);
        }
    }

    fn ask(
        &self,
        kinds: &[Box<str>],
        query: &Query,
        limit: usize,
        context: Context<'_>,
    ) -> Answers {
        let mut answers = Answers::default();
        let kept: Vec<&KindLines> = kinds.iter().filter_map(|kind| self.kinds.get(kind)).collect();
        if let [only] = kept[..] {
            let mut matching = only.iter().filter(|(_, line)| query.matches_line(line, &context));
            while matching.next().is_some_and(|(_, line)| answers.take(line, limit)) {}
        } else {
            let found = kept.iter().flat_map(|lines| lines.iter());
            let mut found: Vec<_> =
                found.filter(|(_, line)| query.matches_line(line, &context)).collect();
            found.sort_unstable_by_key(|(place, _)| *place);
            found.into_iter().all(|(_, line)| answers.take(line, limit));
        }
        answers
    }
}

/// The lines of these kinds in one pass; none when they take more than `max_bytes`, or when a frame cannot be read:
/// a store that fails for a moment must not leave a hole in memory.
fn extract<S: ReadAt>(
    reader: &TraceReader<S>,
    kinds: &BTreeSet<Box<str>>,
    max_bytes: usize,
) -> Option<BTreeMap<Box<str>, KindLines>> {
    let mut read: BTreeMap<Box<str>, KindLines> =
        kinds.iter().map(|kind| (kind.clone(), KindLines::default())).collect();
    let frames: BTreeSet<usize> =
        kinds.iter().flat_map(|kind| reader.index().frames_of_kind(kind)).collect();
    let mut size = 0;
    for frame in frames {
        let lines = reader.frame_lines(frame).ok()?;
        for (n, line) in Lines::new(&lines).enumerate() {
            let Some(target) = Target::of_line(line.bytes) else { continue };
            let Some(kind) = read.get_mut(target.kind.as_ref()) else { continue };
            kind.bytes.extend_from_slice(line.bytes);
            kind.lines.push(((frame, n), kind.bytes.len()));
            size += line.bytes.len();
        }
        if size > max_bytes {
            return None;
        }
    }
    Some(read)
}
