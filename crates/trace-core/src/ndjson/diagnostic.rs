//! One constructor per complaint, each with a stable code.

use std::fmt;

use serde::Serialize;

/// What is wrong, as a stable name (`seq_gap`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// The line is no UTF-8.
    BadUtf8,
    /// The line is no JSON.
    NotJson,
    /// The line is JSON, but no object.
    NotAnObject,
    /// The line is longer than 16 MiB.
    TooLong,
    /// The line is nested deeper than 128.
    TooDeep,
    /// `ts`, `seq` or `kind` is missing.
    MissingKey,
    /// An envelope key stands twice.
    DuplicateKey,
    /// An envelope key has a value of another type or range.
    WrongType,
    /// The envelope is not at the front or not in order; the event is kept.
    EnvelopeOrder,
    /// Numbers are missing before this line; the event is kept.
    SeqGap,
    /// The number was there already or steps back; the event is kept.
    SeqRepeat,
    /// The last line ends in the middle.
    CutShort,
    /// The last line is whole but has no line break; the event is kept.
    NoLineBreak,
    /// The trace's format is newer than this reader.
    FromTheFuture,
    /// A compressed frame is cut off.
    FrameCut,
    /// A compressed frame does not decompress or has a wrong checksum.
    FrameDamaged,
    /// Bytes that are no frame.
    NotAFrame,
    /// A frame would decompress to more than a reader should hold.
    FrameTooLarge,
    /// The index at the file's end is unusable; the file is scanned instead.
    IndexDamaged,
    /// Line count, byte count or digest differ from what the index promises.
    TotalsDiffer,
    /// The source could not be read.
    Unreadable,
}

impl Code {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadUtf8 => "bad_utf8",
            Self::NotJson => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
            Self::MissingKey => "missing_key",
            Self::DuplicateKey => "duplicate_key",
            Self::WrongType => "wrong_type",
            Self::EnvelopeOrder => "envelope_order",
            Self::SeqGap => "seq_gap",
            Self::SeqRepeat => "seq_repeat",
            Self::CutShort => "cut_short",
            Self::NoLineBreak => "no_line_break",
            Self::FromTheFuture => "from_the_future",
            Self::FrameCut => "frame_cut",
            Self::FrameDamaged => "frame_damaged",
            Self::NotAFrame => "not_a_frame",
            Self::FrameTooLarge => "frame_too_large",
            Self::IndexDamaged => "index_damaged",
            Self::TotalsDiffer => "totals_differ",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether the line's event is there nevertheless.
    pub const fn keeps_event(self) -> bool {
        matches!(self, Self::EnvelopeOrder | Self::SeqGap | Self::SeqRepeat | Self::NoLineBreak)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One complaint about the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message} (line `{line}`, byte `{byte_offset}`)")]
pub struct Diagnostic {
    /// What is wrong, stable.
    pub code: Code,
    /// The line, from 1; zero when the complaint is about frames or the file.
    pub line: u64,
    /// For lines the offset in the uncompressed bytes, for frames the offset in the file.
    pub byte_offset: u64,
    /// What is wrong, for people.
    pub message: String,
}

impl Diagnostic {
    fn of(code: Code, message: impl Into<String>) -> Self {
        Self { code, line: 0, byte_offset: 0, message: message.into() }
    }

    /// The same complaint, placed: `line` and the line's offset, to which an offset inside the line is added.
    #[must_use]
    pub fn at_line(mut self, line: u64, line_offset: u64) -> Self {
        self.line = line;
        self.byte_offset = self.byte_offset.saturating_add(line_offset);
        self
    }

    fn inside(mut self, at: usize) -> Self {
        self.byte_offset = at as u64;
        self
    }

    pub(crate) fn bad_utf8(at: usize) -> Self {
        Self::of(Code::BadUtf8, "line is not UTF-8").inside(at)
    }

    pub(crate) fn not_json(at: usize) -> Self {
        Self::of(Code::NotJson, format!("line is not JSON from its byte `{at}` on")).inside(at)
    }

    pub(crate) fn not_an_object() -> Self {
        Self::of(Code::NotAnObject, "line is JSON but not an object")
    }

    pub(crate) fn too_long(bytes: usize) -> Self {
        let limit = super::MAX_LINE_BYTES;
        Self::of(Code::TooLong, format!("line has `{bytes}` bytes, the limit is `{limit}`"))
    }

    pub(crate) fn too_deep(at: usize) -> Self {
        Self::of(Code::TooDeep, "line is nested deeper than `128` levels").inside(at)
    }

    pub(crate) fn missing_key(key: &str) -> Self {
        Self::of(Code::MissingKey, format!("line has no `{key}`"))
    }

    pub(crate) fn duplicate_key(key: &str, at: usize) -> Self {
        Self::of(Code::DuplicateKey, format!("line has `{key}` twice")).inside(at)
    }

    pub(crate) fn wrong_type(key: &str, want: &str, found: &str, at: usize) -> Self {
        let found: String = found.chars().take(40).collect();
        Self::of(Code::WrongType, format!("`{key}` must be {want}, found `{found}`")).inside(at)
    }

    pub(crate) fn envelope_order() -> Self {
        Self::of(
            Code::EnvelopeOrder,
            "envelope is not at the front in the order ts, seq, kind, step_id",
        )
    }

    pub(crate) fn seq_gap(want: u64, found: u64) -> Self {
        let missing = found.saturating_sub(want);
        Self::of(Code::SeqGap, format!("`{missing}` events are missing before seq `{found}`"))
    }

    pub(crate) fn seq_repeat(want: u64, found: u64) -> Self {
        Self::of(Code::SeqRepeat, format!("seq `{found}` stands where `{want}` was expected"))
    }

    pub(crate) fn cut_short() -> Self {
        Self::of(Code::CutShort, "the last line ends in the middle; its writer was stopped")
    }

    pub(crate) fn no_line_break() -> Self {
        Self::of(Code::NoLineBreak, "the last line has no line break")
    }

    pub(crate) fn from_the_future(found: u64, known: u32) -> Self {
        let what =
            format!("trace has format `{found}`, this reader knows up to `{known}`; update it");
        Self::of(Code::FromTheFuture, what)
    }

    /// A complaint about a frame or the file: `offset` is the place in the file.
    pub(crate) fn of_file(code: Code, offset: u64, message: impl Into<String>) -> Self {
        Self { byte_offset: offset, ..Self::of(code, message) }
    }

    pub(crate) fn totals_differ(
        what: &str,
        promised: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self::of(Code::TotalsDiffer, format!("index promises {what} `{promised}`, found `{found}`"))
    }
}
