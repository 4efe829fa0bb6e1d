//! Slices: by query, kind, step, seq and time, page by page.

use trace_core::ndjson::{Lines, decode_line, envelope};
use trace_core::query::{Context, Query, Slice, StepIndex};

use super::source::{ReadFailure, Source, Span};

/// What is wanted of a trace.
#[derive(Debug, Clone)]
pub struct SliceRequest {
    /// Kind, step and query together.
    pub query: Query,
    /// Whether the query can ask for steps, which needs the steps that began before the slice.
    pub needs_steps: bool,
    /// First seq, included.
    pub from_seq: u64,
    /// Last seq, included.
    pub to_seq: u64,
    /// First time in milliseconds, included.
    pub from_ts: Option<f64>,
    /// Last time in milliseconds, included.
    pub to_ts: Option<f64>,
    /// At most so many lines.
    pub limit: usize,
}

impl SliceRequest {
    /// Everything.
    pub fn all() -> Self {
        Self {
            query: Query::all(),
            needs_steps: false,
            from_seq: 1,
            to_seq: u64::MAX,
            from_ts: None,
            to_ts: None,
            limit: usize::MAX,
        }
    }

    /// The query with the conditions that an index does not answer alone.
    fn full_query(&self) -> Query {
        if self.from_ts.is_none() && self.to_ts.is_none() {
            return self.query.clone();
        }
        self.query.clone().and(Slice::default().ts(self.from_ts, self.to_ts).query())
    }

    /// Whether a frame can hold a wanted line.
    fn may_be_in(&self, span: Span) -> bool {
        let after = self.from_ts.is_none_or(|from| span.max_us as f64 >= from * 1000.0 - 1.0);
        let before = self.to_ts.is_none_or(|to| span.min_us as f64 <= to * 1000.0 + 1.0);
        span.last_seq >= self.from_seq && span.first_seq <= self.to_seq && after && before
    }
}

/// One event as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// The line without its line break.
    pub text: String,
}

/// A part of the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The lines.
    pub lines: Vec<Line>,
    /// Where the next page begins; none at the end of what is there.
    pub next_seq: Option<u64>,
}

/// Cuts one page. At most `budget` events are looked at. Where a page ends depends on seqs alone, so that pages and cursors are the
/// same in every stored form.
pub(super) fn cut(
    source: &Source,
    request: &SliceRequest,
    budget: u64,
) -> Result<Page, ReadFailure> {
    let spans = source.spans();
    let end = spans.last().map_or(0, |span| span.last_seq).min(request.to_seq);
    let last_looked = end.min(request.from_seq.saturating_add(budget.saturating_sub(1)));
    let mut cutter = Cutter {
        request,
        query: request.full_query(),
        steps: StepIndex::default(),
        last_looked,
        lines: Vec::new(),
    };
    for (n, span) in spans.into_iter().enumerate() {
        if span.first_seq > last_looked || cutter.is_full() {
            break;
        }
        if request.may_be_in(span) || request.needs_steps {
            cutter.frame(&source.lines(n)?)?;
        }
    }
    let reached = match cutter.lines.last() {
        Some(last) if cutter.is_full() => last.seq,
        _ => last_looked,
    };
    Ok(Page { lines: cutter.lines, next_seq: (reached < end).then_some(reached + 1) })
}

struct Cutter<'r> {
    request: &'r SliceRequest,
    query: Query,
    steps: StepIndex,
    last_looked: u64,
    lines: Vec<Line>,
}

impl Cutter<'_> {
    fn is_full(&self) -> bool {
        self.lines.len() >= self.request.limit
    }

    /// Looks through one frame's lines.
    fn frame(&mut self, raw: &[u8]) -> Result<(), ReadFailure> {
        for line in Lines::new(raw) {
            let after = self.lines.last().map_or(0, |line| line.seq);
            let (seq, kind) = head(line.bytes).ok_or(ReadFailure::Line { after })?;
            if seq > self.last_looked || self.is_full() {
                break;
            }
            if self.request.needs_steps {
                self.steps.observe_line(line.bytes);
            }
            let context = Context { steps: Some(&self.steps) };
            if seq >= self.request.from_seq && self.query.matches_line(line.bytes, &context) {
                let text = String::from_utf8_lossy(line.bytes).into_owned();
                self.lines.push(Line { seq, kind, text });
            }
        }
        Ok(())
    }
}

/// Seq and kind of a line; the slow way is for spellings that other recorders chose.
fn head(line: &[u8]) -> Option<(u64, String)> {
    if let Some(head) = envelope(line) {
        return Some((head.seq.get(), head.kind.to_owned()));
    }
    let event = decode_line(line).ok()?;
    Some((event.seq.get(), event.kind.to_string()))
}
