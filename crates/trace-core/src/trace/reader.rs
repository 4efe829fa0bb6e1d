//! Events from any source, chunk by chunk; by its index only the frames that matter.

use std::collections::VecDeque;

use super::layout::{self, IndexOrigin, Layout, Part};
use super::select::Select;
use super::source::{ReadAt, ReadError};
use crate::blob::Hasher;
use crate::chunk::frame::Decompressor;
use crate::chunk::recover::whole_lines;
use crate::chunk::{Index, MAX_FRAME_BYTES};
use crate::event::{Event, FORMAT_VERSION};
use crate::ndjson::{Code, Decoded, Decoder, Diagnostic, Line, Lines, envelope};

/// A trace file: finished archive, concatenated live chunks or plain NDJSON.
///
/// Damage never stops it: what can be read is read, and each hole is a [`Diagnostic`].
#[derive(Debug)]
pub struct TraceReader<S> {
    source: S,
    layout: Layout,
    /// Lines and uncompressed bytes before each frame.
    before: Vec<(u64, u64)>,
}

impl<S: ReadAt> TraceReader<S> {
    /// Reads the index at the file's end, or walks over the file when there is none.
    ///
    /// Errors: the source fails, or the trace is of a newer format.
    pub fn open(source: S) -> Result<Self, ReadError> {
        let layout = layout::find(&source)?;
        if let Some(format) = layout.index.format.filter(|f| *f > u64::from(FORMAT_VERSION)) {
            let told = Diagnostic::from_the_future(format, FORMAT_VERSION);
            return Err(ReadError::FromTheFuture(told));
        }
        let mut sums = (0, 0);
        let before = layout.index.frames.iter().map(|frame| {
            let start = sums;
            sums = (sums.0 + u64::from(frame.lines), sums.1 + frame.raw_len);
            start
        });
        let before = before.collect();
        Ok(Self { source, layout, before })
    }

    /// The table of contents; there is always one.
    pub fn index(&self) -> &Index {
        &self.layout.index
    }

    /// Where the index came from.
    pub fn index_origin(&self) -> IndexOrigin {
        self.layout.origin
    }

    /// What opening has found to be damaged.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.layout.diagnostics
    }

    /// Every event in the order of the file, with every complaint where it belongs.
    pub fn events(&self) -> Events<'_, S> {
        self.select(Select::all())
    }

    /// The wanted events; frames without any are not read.
    pub fn select(&self, select: Select) -> Events<'_, S> {
        Events::new(self, select)
    }

    /// Every event and every complaint at once.
    pub fn read_all(&self) -> Decoded {
        let mut decoded = Decoded::default();
        for item in self.events() {
            match item {
                Ok(event) => decoded.events.push(event),
                Err(told) => decoded.diagnostics.push(told),
            }
        }
        decoded
    }

    /// The lines of the `n`th frame, counted from 0.
    pub fn frame_lines(&self, n: usize) -> Result<Vec<u8>, ReadError> {
        self.frame_with(n, &mut Decompressor::new())
    }

    fn frame_with(&self, n: usize, decompressor: &mut Decompressor) -> Result<Vec<u8>, ReadError> {
        let frames = &self.layout.index.frames;
        let missing = ReadError::NoSuchFrame { frame: n, frames: frames.len() };
        let entry = frames.get(n).ok_or(missing)?;
        let len = usize::try_from(entry.len).unwrap_or(usize::MAX);
        let bytes = self.source.read_at(entry.offset, len)?;
        match self.layout.parts.get(n).unwrap_or(&Part::Frame) {
            Part::Plain => Ok(bytes),
            Part::CutFrame => Ok(whole_lines(decompressor, &bytes, MAX_FRAME_BYTES)),
            Part::Frame => decompressor
                .decompress(&bytes, MAX_FRAME_BYTES)
                .map_err(|error| ReadError::Frame(error.at(n as u64 + 1, entry.offset))),
        }
    }

    /// Reads everything once and compares lines, bytes and digest with what the index promises.
    ///
    /// Many decoders silently stop behind the first frame; whoever copies a trace with one finds out here.
    pub fn verify(&self) -> Vec<Diagnostic> {
        let mut told = self.layout.diagnostics.clone();
        let mut decompressor = Decompressor::new();
        let mut hasher = Hasher::new();
        let (mut lines, mut bytes) = (0, 0);
        for n in 0..self.layout.index.frames.len() {
            match self.frame_with(n, &mut decompressor) {
                Ok(raw) => {
                    hasher.update(&raw);
                    lines += Lines::new(&raw).count() as u64;
                    bytes += raw.len() as u64;
                }
                Err(error) => told.push(self.unreadable(n, &error)),
            }
        }
        let index = &self.layout.index;
        if lines != index.total_lines {
            told.push(Diagnostic::totals_differ("lines", index.total_lines, lines));
        }
        if bytes != index.total_bytes {
            told.push(Diagnostic::totals_differ("bytes", index.total_bytes, bytes));
        }
        let found = hasher.finish();
        if found != index.sha256 {
            told.push(Diagnostic::totals_differ("digest", index.sha256, found));
        }
        told
    }

    fn unreadable(&self, frame: usize, error: &ReadError) -> Diagnostic {
        if let ReadError::Frame(error) = error {
            return error.diagnostic();
        }
        let offset = self.layout.index.frames.get(frame).map_or(0, |entry| entry.offset);
        Diagnostic::of_file(Code::Unreadable, offset, error.to_string())
    }
}

/// Iterates over events; one frame is in memory at a time.
#[derive(Debug)]
pub struct Events<'r, S> {
    reader: &'r TraceReader<S>,
    select: Select,
    frames: std::vec::IntoIter<usize>,
    decompressor: Decompressor,
    decoder: Decoder,
    /// The frame at hand and how far it has been read.
    raw: Vec<u8>,
    at: usize,
    /// Lines and uncompressed bytes before `at`.
    place: (u64, u64),
    told: VecDeque<Diagnostic>,
    n_lines: u64,
    ended: bool,
}

impl<'r, S: ReadAt> Events<'r, S> {
    fn new(reader: &'r TraceReader<S>, select: Select) -> Self {
        let is_all = select.is_all();
        let told = if is_all { reader.layout.diagnostics.clone().into() } else { VecDeque::new() };
        Self {
            reader,
            frames: select.frames(&reader.layout.index).into_iter(),
            decoder: if is_all { Decoder::new() } else { Decoder::anywhere() },
            select,
            decompressor: Decompressor::new(),
            raw: Vec::new(),
            at: 0,
            place: (0, 0),
            told,
            n_lines: 0,
            ended: false,
        }
    }

    /// Loads the next frame that can be read; false at the end.
    fn load(&mut self) -> bool {
        let Some(n) = self.frames.next() else { return false };
        (self.at, self.place) = (0, self.reader.before[n]);
        self.raw = match self.reader.frame_with(n, &mut self.decompressor) {
            Ok(raw) => raw,
            Err(error) => {
                self.told.push_back(self.reader.unreadable(n, &error));
                Vec::new()
            }
        };
        true
    }

    /// The event of the next line; none when it is not wanted or not readable.
    fn line(&mut self) -> Option<Event> {
        let rest = self.raw.get(self.at..)?;
        let line = Lines::continued(rest, self.place.0, self.place.1).next()?;
        let taken = line.bytes.len() + usize::from(line.ended);
        let (select, decoder) = (&self.select, &mut self.decoder);
        let event =
            if select.is_all() { decoder.line(line) } else { wanted(select, decoder, line) };
        self.told.extend(self.decoder.take_diagnostics());
        self.at += taken;
        self.place = (self.place.0 + 1, self.place.1 + taken as u64);
        self.n_lines += 1;
        event
    }

    /// At the end of everything: are all the lines there that the index promises?
    fn end(&mut self) {
        self.ended = true;
        let promised = self.reader.layout.index.total_lines;
        if self.select.is_all() && self.n_lines != promised {
            self.told.push_back(Diagnostic::totals_differ("lines", promised, self.n_lines));
        }
    }
}

/// Looks at the envelope first, so that lines nobody wants are not decoded.
fn wanted(select: &Select, decoder: &mut Decoder, line: Line<'_>) -> Option<Event> {
    if envelope(line.bytes).is_some_and(|head| !select.wants(&head)) {
        return None;
    }
    decoder.skip();
    decoder.line(line).filter(|event| select.wants_event(event))
}

impl<S: ReadAt> Iterator for Events<'_, S> {
    type Item = Result<Event, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Some(Err(told));
            }
            if self.ended {
                return None;
            }
            if self.at < self.raw.len() {
                if let Some(event) = self.line() {
                    // Complaints about this line follow its event.
                    return Some(Ok(event));
                }
            } else if !self.load() {
                self.end();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::archive::{concat, write};
    use crate::chunk::frame::{Level, compress};

    fn lines(n: u64) -> Vec<u8> {
        let kind = |seq: u64| if seq.is_multiple_of(100) { "screenshot" } else { "action" };
        let line = |seq| {
            format!(
                "{{\"ts\":{seq},\"seq\":{seq},\"kind\":\"{}\",\"step_id\":\"s{}\"}}\n",
                kind(seq),
                seq / 150
            )
        };
        (1..=n).flat_map(|seq| line(seq).into_bytes()).collect()
    }

    fn check(file: &[u8], origin: IndexOrigin) {
        let reader = TraceReader::open(file).unwrap();
        assert_eq!(reader.index_origin(), origin);
        let all = reader.read_all();
        assert_eq!(
            (all.events.len(), &all.diagnostics[..], &reader.verify()[..]),
            (1000, &[][..], &[][..])
        );
        let seqs = |select| reader.select(select).map(|e| e.unwrap().seq.get()).collect::<Vec<_>>();
        assert_eq!(seqs(Select::all().kind("screenshot").seqs(150, 400)), [200, 300, 400]);
        assert_eq!(seqs(Select::all().step("s2")), (300..450).collect::<Vec<_>>());
    }

    #[test]
    fn every_shape_of_file_gives_the_same_events() {
        let raw = lines(1000);
        check(&raw, IndexOrigin::Scan);
        check(&write(&raw[..], Vec::new(), Level::Live, 5000).unwrap().0, IndexOrigin::Footer);
        let chunks: Vec<_> = raw.split_inclusive(|b| *b == b'\n').collect();
        let chunks: Vec<_> =
            chunks.chunks(77).map(|c| compress(&c.concat(), Level::Live).unwrap()).collect();
        check(&chunks.concat(), IndexOrigin::Scan);
        check(&concat(chunks.iter().map(Vec::as_slice)).unwrap().0, IndexOrigin::Footer);
        assert_eq!(TraceReader::open(&[][..]).unwrap().read_all(), Decoded::default());
    }

    #[test]
    fn a_newer_trace_is_refused_at_the_door() {
        let raw = b"{\"ts\":0,\"seq\":1,\"kind\":\"run.start\",\"format\":9}\n";
        let (file, _) = write(&raw[..], Vec::new(), Level::Live, 5000).unwrap();
        for bytes in [&raw[..], &file] {
            assert!(matches!(TraceReader::open(bytes), Err(ReadError::FromTheFuture(_))));
        }
    }
}
