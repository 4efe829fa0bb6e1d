//! When to cut: bytes, age, end. Decisions are values and `now` is an argument.

/// When a chunk is large or old enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutRules {
    /// Cut once the lines have this many bytes.
    pub max_bytes: usize,
    /// Cut once the first line is this many milliseconds old.
    pub max_age_ms: u64,
}

impl CutRules {
    /// While somebody watches live: ten chunks a second instead of one.
    pub const WATCHED: Self = Self { max_bytes: 256 << 10, max_age_ms: 100 };
}

impl Default for CutRules {
    /// 256 KiB or one second.
    fn default() -> Self {
        Self { max_bytes: 256 << 10, max_age_ms: 1000 }
    }
}

/// What made the cut due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The chunk has its bytes.
    Bytes,
    /// The chunk has its age.
    Age,
    /// The trace ends.
    End,
}

/// The chunk that is being filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenChunk {
    /// Lines so far, at least one.
    pub lines: u64,
    /// Bytes so far, line breaks included.
    pub bytes: usize,
    /// When the first line came, by the caller's clock.
    pub since_ms: u64,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing. `at_ms` is when to ask again at the latest; none while the chunk is empty.
    Keep {
        /// The moment at which the chunk becomes too old.
        at_ms: Option<u64>,
    },
    /// Close the chunk: everything appended so far belongs to it.
    Cut {
        /// Why.
        cause: Cause,
        /// What it holds.
        chunk: OpenChunk,
    },
}

/// Counts what is appended and says when the chunk is full.
///
/// A line never lies in two chunks, so a chunk exceeds `max_bytes` by at most one line.
#[derive(Debug, Clone)]
pub struct Cutter {
    rules: CutRules,
    open: Option<OpenChunk>,
}

impl Cutter {
    /// A cutter before the first line.
    pub const fn new(rules: CutRules) -> Self {
        Self { rules, open: None }
    }

    /// Changes the rules from now on, such as when somebody begins to watch.
    pub fn set_rules(&mut self, rules: CutRules) {
        self.rules = rules;
    }

    /// The chunk that is being filled, if it holds a line.
    pub const fn open(&self) -> Option<OpenChunk> {
        self.open
    }

    /// A line of `bytes` (line break included) was appended at `now_ms`.
    pub fn on_line(&mut self, bytes: usize, now_ms: u64) -> Decision {
        let open = self.open.get_or_insert(OpenChunk { lines: 0, bytes: 0, since_ms: now_ms });
        open.lines += 1;
        open.bytes = open.bytes.saturating_add(bytes);
        if open.bytes >= self.rules.max_bytes {
            self.cut(Cause::Bytes)
        } else {
            self.on_tick(now_ms)
        }
    }

    /// Time has passed. A clock that steps back only delays the cut.
    pub fn on_tick(&mut self, now_ms: u64) -> Decision {
        let at_ms = self.open.map(|open| open.since_ms.saturating_add(self.rules.max_age_ms));
        if at_ms.is_some_and(|at_ms| now_ms >= at_ms) {
            return self.cut(Cause::Age);
        }
        Decision::Keep { at_ms }
    }

    /// No line will follow.
    pub fn finish(&mut self) -> Decision {
        self.cut(Cause::End)
    }

    fn cut(&mut self, cause: Cause) -> Decision {
        match self.open.take() {
            Some(chunk) => Decision::Cut { cause, chunk },
            None => Decision::Keep { at_ms: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_bytes_age_and_end() {
        let mut cutter = Cutter::new(CutRules { max_bytes: 100, max_age_ms: 50 });
        assert_eq!(cutter.on_tick(0), Decision::Keep { at_ms: None });
        assert_eq!(cutter.on_line(60, 10), Decision::Keep { at_ms: Some(60) });
        let full = OpenChunk { lines: 2, bytes: 120, since_ms: 10 };
        assert_eq!(cutter.on_line(60, 11), Decision::Cut { cause: Cause::Bytes, chunk: full });
        assert_eq!(cutter.on_line(1, 20), Decision::Keep { at_ms: Some(70) });
        let old = OpenChunk { lines: 1, bytes: 1, since_ms: 20 };
        assert_eq!(cutter.on_tick(70), Decision::Cut { cause: Cause::Age, chunk: old });
        assert_eq!(cutter.finish(), Decision::Keep { at_ms: None });
        cutter.on_line(1, 80);
        assert!(matches!(cutter.finish(), Decision::Cut { cause: Cause::End, .. }));
    }

    #[test]
    fn watching_makes_an_open_chunk_due_earlier() {
        let mut cutter = Cutter::new(CutRules::default());
        cutter.on_line(1, 0);
        assert!(matches!(cutter.on_tick(150), Decision::Keep { at_ms: Some(1000) }));
        cutter.set_rules(CutRules::WATCHED);
        assert!(matches!(cutter.on_tick(150), Decision::Cut { cause: Cause::Age, .. }));
    }
}
