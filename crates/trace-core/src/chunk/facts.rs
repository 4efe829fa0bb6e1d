//! What the index needs to know about the lines of one frame.

use crate::event::{Event, Timestamp};
use crate::ndjson::{Lines, decode_line, envelope};

/// What one frame holds; computed from its lines alone, so that frames may be worked on in parallel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameFacts {
    /// Uncompressed bytes.
    pub raw_len: u64,
    /// Lines, readable or not.
    pub lines: u32,
    /// The format that a `run.start` among the lines declares.
    pub format: Option<u64>,
    /// Lowest seq; 0 when no line is readable.
    pub first_seq: u64,
    /// Highest seq.
    pub last_seq: u64,
    /// Earliest time.
    pub min_ts: Timestamp,
    /// Latest time.
    pub max_ts: Timestamp,
    /// The kinds that occur, in order of first occurrence.
    pub kinds: Vec<Box<str>>,
    /// For each kind its lines, at most `RARE_LINES` + 1: more than that is not rare, so places do not matter.
    pub kind_lines: Vec<Vec<u32>>,
    /// The steps that occur, in order of first occurrence.
    pub steps: Vec<Box<str>>,
}

/// A kind with more lines than this in a whole trace is found by its frames, not by its lines.
pub(crate) const RARE_LINES: usize = 256;

impl FrameFacts {
    /// Reads the envelopes of all lines.
    pub fn of(raw: &[u8]) -> Self {
        let mut facts = Self { raw_len: raw.len() as u64, ..Self::default() };
        for line in Lines::new(raw) {
            facts.line(line.bytes);
            facts.lines = facts.lines.saturating_add(1);
        }
        facts
    }

    fn line(&mut self, line: &[u8]) {
        if let Some(head) = envelope(line) {
            self.add(head.seq.get(), head.ts, head.kind, head.step_id);
            if head.kind == "run.start" {
                self.format = declared_format(line).or(self.format);
            }
        } else if let Ok(Event { ts, seq, kind, step_id, .. }) = decode_line(line) {
            let step_id = step_id.as_ref().map(crate::event::StepId::as_str);
            self.add(seq.get(), ts, kind.as_str(), step_id);
        }
    }

    fn add(&mut self, seq: u64, ts: Timestamp, kind: &str, step_id: Option<&str>) {
        let is_first = self.first_seq == 0;
        self.first_seq = if is_first { seq } else { self.first_seq.min(seq) };
        self.last_seq = self.last_seq.max(seq);
        self.min_ts = if is_first { ts } else { self.min_ts.min(ts) };
        self.max_ts = self.max_ts.max(ts);
        let place = place_of(&mut self.kinds, kind);
        if place == self.kind_lines.len() {
            self.kind_lines.push(Vec::new());
        }
        if let Some(lines) = self.kind_lines.get_mut(place).filter(|l| l.len() <= RARE_LINES) {
            lines.push(self.lines);
        }
        if let Some(step_id) = step_id {
            place_of(&mut self.steps, step_id);
        }
    }
}

fn declared_format(line: &[u8]) -> Option<u64> {
    decode_line(line).ok()?.payload.field_text("format")?.parse().ok()
}

/// The place of a name in a short list, added when it is new. Searched from the end: neighbours are alike.
fn place_of(names: &mut Vec<Box<str>>, name: &str) -> usize {
    names.iter().rposition(|known| **known == *name).unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_lines_say() {
        let raw = concat!(
            "{\"ts\":5,\"seq\":3,\"kind\":\"a\",\"step_id\":\"s1\"}\n",
            "broken\n",
            "{\"seq\":5,\"ts\":2,\"kind\":\"b\"}\n",
            "{\"ts\":4,\"seq\":4,\"kind\":\"a\",\"step_id\":\"s2\"}\n",
        );
        let facts = FrameFacts::of(raw.as_bytes());
        assert_eq!((facts.lines, facts.first_seq, facts.last_seq), (4, 3, 5));
        assert_eq!((facts.min_ts.as_us(), facts.max_ts.as_us()), (2000, 5000));
        assert_eq!(facts.kind_lines, [vec![0, 3], vec![2]]);
        assert_eq!(facts.steps, ["s1".into(), "s2".into()]);
    }
}
