//! Finding a trace's frames: from the index at the end, or by walking over all of it.

use super::source::{ReadAt, ReadError, Sequential};
use crate::chunk::archive::{FRAME_BYTES, FrameCuts};
use crate::chunk::index::{Index, IndexBuilder};
use crate::chunk::recover::{Found, TolerantFrames};
use crate::chunk::seek_table::{FOOTER_BYTES, index_of, last_frame_len, table_len};
use crate::chunk::{FrameFacts, MAX_FRAME_BYTES};
use crate::ndjson::{Code, Diagnostic};

/// How the bytes of one index entry are turned into lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A zstd frame.
    Frame,
    /// The front of a zstd frame whose end is missing; only its whole lines count.
    CutFrame,
    /// Lines as they are.
    Plain,
}

/// Where a reader's index came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexOrigin {
    /// From the file's end; the file itself has not been read.
    Footer,
    /// From a walk over the whole file.
    Scan,
}

/// What is known about a file before its events are read.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) index: Index,
    pub(super) origin: IndexOrigin,
    /// One entry for each of the index's frames; empty means that all are [`Part::Frame`].
    pub(super) parts: Vec<Part>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// What is fetched first: it holds the index of most traces.
const TAIL_BYTES: u64 = 64 << 10;
/// A frame of ours is never longer than this, so a longer search for its end is not worth its memory.
const MAX_WINDOW_BYTES: u64 = 64 << 20;
const FIRST_WINDOW_BYTES: u64 = 4 << 20;

/// Finds the frames of `source`.
pub(super) fn find<S: ReadAt + ?Sized>(source: &S) -> Result<Layout, ReadError> {
    match from_footer(source)? {
        Footer::Index(index) => {
            let (parts, diagnostics) = (Vec::new(), Vec::new());
            Ok(Layout { index: *index, origin: IndexOrigin::Footer, parts, diagnostics })
        }
        Footer::None => scan(source, Vec::new()),
        Footer::Damaged => {
            let what =
                "index at the end is damaged or of a newer version; the whole file is scanned";
            scan(source, vec![Diagnostic::of_file(Code::IndexDamaged, source.size(), what)])
        }
    }
}

enum Footer {
    Index(Box<Index>),
    /// No seek table, so none of our archives.
    None,
    Damaged,
}

fn from_footer<S: ReadAt + ?Sized>(source: &S) -> Result<Footer, ReadError> {
    let size = source.size();
    let tail = read(source, size - size.min(TAIL_BYTES), size)?;
    let Some(table) = table_len(&tail) else { return Ok(Footer::None) };
    let Some(table_start) = size.checked_sub(table).filter(|_| table <= MAX_WINDOW_BYTES) else {
        return Ok(Footer::Damaged);
    };
    let entries = within(source, &tail, table_start, size)?;
    let last = last_frame_len(&entries).filter(|last| *last <= MAX_WINDOW_BYTES);
    let Some(index_start) = last.and_then(|last| table_start.checked_sub(last)) else {
        return Ok(Footer::Damaged);
    };
    let index = index_of(&within(source, &tail, index_start, table_start)?);
    let usable = index.filter(|index| index.covers(index_start));
    Ok(usable.map_or(Footer::Damaged, |index| Footer::Index(Box::new(index))))
}

/// Bytes of the file, from the tail that is here already when they lie in it.
fn within<S: ReadAt + ?Sized>(
    source: &S,
    tail: &[u8],
    start: u64,
    end: u64,
) -> Result<Vec<u8>, ReadError> {
    let tail_start = source.size() - tail.len() as u64;
    let range = start.checked_sub(tail_start).zip(end.checked_sub(tail_start));
    let known = range
        .and_then(|(from, to)| tail.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?));
    known.map_or_else(|| read(source, start, end), |known| Ok(known.to_vec()))
}

fn read<S: ReadAt + ?Sized>(source: &S, start: u64, end: u64) -> Result<Vec<u8>, ReadError> {
    let size = source.size();
    let bad = ReadError::OutOfRange { offset: start, len: FOOTER_BYTES, size };
    let len = end.checked_sub(start).and_then(|len| usize::try_from(len).ok()).ok_or(bad)?;
    source.read_at(start, len)
}

fn scan<S: ReadAt + ?Sized>(source: &S, diagnostics: Vec<Diagnostic>) -> Result<Layout, ReadError> {
    let head = read(source, 0, source.size().min(4))?;
    let mut scan = Scan { builder: IndexBuilder::new(), parts: Vec::new(), diagnostics };
    // NDJSON begins with a brace; whatever begins otherwise and is no frame is damage in front of one.
    if head.first().is_some_and(|byte| matches!(byte, b'{' | b' ' | b'\t' | b'\n' | b'\r')) {
        scan.plain(source)?;
    } else {
        scan.frames(source)?;
    }
    let Scan { builder, parts, diagnostics, .. } = scan;
    Ok(Layout { index: builder.finish(), origin: IndexOrigin::Scan, parts, diagnostics })
}

struct Scan {
    builder: IndexBuilder,
    parts: Vec<Part>,
    diagnostics: Vec<Diagnostic>,
}

impl Scan {
    fn push(&mut self, offset: u64, len: usize, part: Part, raw: &[u8]) {
        self.builder.skip_to(offset);
        self.builder.push(len as u64, raw, &FrameFacts::of(raw));
        self.parts.push(part);
    }

    fn plain<S: ReadAt + ?Sized>(&mut self, source: &S) -> Result<(), ReadError> {
        let mut cuts = FrameCuts::new(Sequential::new(source), FRAME_BYTES);
        let mut at = 0;
        while let Some(raw) = cuts.next_frame().map_err(ReadError::Frame)? {
            self.push(at, raw.len(), Part::Plain, raw);
            at += raw.len() as u64;
        }
        Ok(())
    }

    fn frames<S: ReadAt + ?Sized>(&mut self, source: &S) -> Result<(), ReadError> {
        let size = source.size();
        let (mut at, mut want, mut number) = (0, FIRST_WINDOW_BYTES, 0);
        while at < size {
            let window = read(source, at, size.min(at.saturating_add(want)))?;
            let is_last = at + window.len() as u64 == size;
            let done = self.window(&window, at, is_last || want >= MAX_WINDOW_BYTES, &mut number);
            // Nothing fitted: the frame is longer than the window.
            want = if done == 0 { want * 4 } else { FIRST_WINDOW_BYTES };
            at += done;
        }
        Ok(())
    }

    /// Takes every frame that lies in the window and says how many bytes are done with.
    fn window(&mut self, window: &[u8], at: u64, is_last: bool, number: &mut u64) -> u64 {
        let mut done = 0_usize;
        let mut frames = TolerantFrames::new(window);
        while let Some(found) = frames.next(MAX_FRAME_BYTES) {
            let offset = at + done as u64;
            done += match found {
                Found::Lines { len, raw } => {
                    self.push(offset, len, Part::Frame, &raw);
                    len
                }
                Found::Skippable { len } => len,
                // What seems cut off may only lie across the window's end.
                Found::Hole { len, .. } if !is_last && done + len == window.len() => break,
                Found::Hole { error, len, raw } => {
                    let error = error.at(*number + 1, offset);
                    self.diagnostics.push(error.diagnostic());
                    if !raw.is_empty() {
                        self.push(offset, len, Part::CutFrame, &raw);
                    }
                    len
                }
            };
            *number += 1;
        }
        done as u64
    }
}
