//! The growing trace on disk: lines go to the open chunk's file, cut chunks become frames.
//!
//! `seq` is assigned here and nowhere else. A line counts once the system has taken it: what a full disk refuses is taken
//! back as a whole, so the numbers stay without gaps and the file without half lines.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::blob::BlobId;
use crate::chunk::{Compressor, CutRules, Cutter, Decision, Level};
use crate::event::{Seq, Timestamp};
use crate::ndjson;
use crate::ship::ChunkInfo;

use super::error::{FileError, RecorderError};
use super::files;
use super::layout::{TraceDir, names};
use super::story::Story;

/// What the lines so far amount to. `tally.json` holds that of the cut chunks, since shipped ones may be gone from the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Tally {
    pub(super) chunks: u64,
    pub(super) last_seq: u64,
    pub(super) last_ts_us: u64,
    pub(super) bytes: u64,
    pub(super) counts: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn add(&mut self, ts: Timestamp, kind: &str, bytes: usize) {
        self.last_seq += 1;
        self.last_ts_us = self.last_ts_us.max(ts.as_us());
        self.bytes += bytes as u64;
        match self.counts.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.counts.insert(kind.to_owned(), 1)),
        }
    }

    /// The last whole line of `tally.json`: the one behind it was being written when the process died.
    pub(super) fn read(at: &TraceDir) -> Self {
        let text = files::read_if_any(&at.own(names::TALLY)).ok().flatten().unwrap_or_default();
        let mut lines = text.rsplit(|byte| *byte == b'\n');
        lines.find_map(|line| serde_json::from_slice(line).ok()).unwrap_or_default()
    }
}

/// The trace that is being written.
#[derive(Debug)]
pub(super) struct LiveTrace {
    pub(super) at: TraceDir,
    file: Option<File>,
    /// Lines of the open chunk that the system has.
    committed: Vec<u8>,
    /// Lines on their way there.
    pending: Vec<u8>,
    /// The tally as it is once the pending lines are with the system.
    ahead: Tally,
    tally: Tally,
    /// `tally.json`, open for the next line, and its size.
    tally_file: Option<(File, usize)>,
    /// None when the trace was not begun here, or when nobody finishes it on this machine.
    pub(super) story: Option<Story>,
    cutter: Cutter,
    overdue: bool,
    watched: bool,
    born: Instant,
    compressor: Compressor,
    /// Chunks that were cut and are not in `tally.json` yet: shipped and forgotten, nothing would tell of them.
    untold: Vec<ChunkInfo>,
    /// Chunks that were cut and not yet told to the shipment.
    pub(super) cut: Vec<ChunkInfo>,
}

/// Pending lines are handed to the system at the latest when they are this many bytes.
const FLUSH_BYTES: usize = 64 << 10;
/// A chunk that was cut with so many bytes was cut for its size and not for its age.
const BURST_BYTES: usize = 128 << 10;
/// A `tally.json` of more bytes is written anew.
const TALLY_BYTES: usize = 256 << 10;

impl LiveTrace {
    /// Goes on behind what `tally` counts; the next chunk is the one after its last.
    pub(super) fn open(at: &TraceDir, tally: Tally) -> Result<Self, RecorderError> {
        files::create_dir_all(&at.live())?;
        let compressor = Compressor::new(Level::Live).map_err(|error| RecorderError::Option {
            option: "compression",
            reason: error.to_string(),
        })?;
        Ok(Self {
            at: at.clone(),
            file: None,
            committed: Vec::new(),
            pending: Vec::new(),
            ahead: tally.clone(),
            tally,
            tally_file: None,
            story: None,
            cutter: Cutter::new(CutRules::default()),
            overdue: false,
            watched: false,
            born: Instant::now(),
            compressor,
            untold: Vec::new(),
            cut: Vec::new(),
        })
    }

    /// Takes over the whole lines of an open chunk that another process wrote; `tally` counts them too.
    pub(super) fn adopt(&mut self, lines: &[u8], tally: Tally) {
        self.committed = lines.to_vec();
        self.ahead = tally.clone();
        self.tally = tally;
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn last_ts(&self) -> Timestamp {
        Timestamp::from_us(self.ahead.last_ts_us)
    }

    /// Counts of kinds, pending lines included.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.ahead.counts.clone()
    }

    pub(super) fn compressor(&mut self) -> &mut Compressor {
        &mut self.compressor
    }

    pub(super) fn watch(&mut self, watched: bool) {
        self.watched = watched;
        self.cutter.set_rules(if watched { CutRules::WATCHED } else { CutRules::default() });
    }

    /// Appends one line, whose payload is given as checked text without its braces; answers how many lines had to be taken back because the disk refused them.
    pub(super) fn append(
        &mut self,
        ts: Timestamp,
        kind: &str,
        step_id: Option<&str>,
        fields: &str,
    ) -> Result<(), (usize, FileError)> {
        let seq = Seq::new(self.ahead.last_seq + 1).unwrap_or(Seq::FIRST);
        let before = self.pending.len();
        ndjson::encode_fields(ts, seq, kind, step_id, fields, &mut self.pending);
        let bytes = self.pending.len() - before;
        self.ahead.add(ts, kind, bytes);
        if let Some(story) = &mut self.story {
            story.line(ts, seq, kind, step_id, fields);
        }
        let now_ms = self.now_ms();
        match self.cutter.on_line(bytes, now_ms) {
            Decision::Keep { .. } if self.pending.len() < FLUSH_BYTES => Ok(()),
            Decision::Keep { .. } => self.flush(),
            Decision::Cut { .. } => {
                self.overdue = true;
                self.flush()?;
                self.cut_if_due()
            }
        }
    }

    /// Hands the pending lines to the system; from here on they survive the end of this process.
    pub(super) fn flush(&mut self) -> Result<(), (usize, FileError)> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let path = self.at.open_chunk(self.tally.chunks + 1);
        if let Err(error) = self.write_pending(&path) {
            let lost = usize::try_from(self.ahead.last_seq - self.tally.last_seq);
            self.take_back();
            return Err((lost.unwrap_or(usize::MAX), FileError::at("append to", &path)(error)));
        }
        self.committed.append(&mut self.pending);
        self.tally.clone_from(&self.ahead);
        if let Some(story) = &mut self.story {
            story.commit();
        }
        Ok(())
    }

    fn write_pending(&mut self, path: &Path) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            slot => {
                slot.insert(File::options().create(true).write(true).truncate(false).open(path)?)
            }
        };
        // The place is set before every write, because a refused one may have left part of a line.
        let end = self.committed.len() as u64;
        file.seek(SeekFrom::Start(end))?;
        let written = file.write_all(&self.pending);
        if written.is_err() {
            // Were this refused as well, recovery cuts the half line off.
            drop(file.set_len(end));
        }
        written
    }

    fn take_back(&mut self) {
        self.pending.clear();
        self.ahead.clone_from(&self.tally);
        if let Some(story) = &mut self.story {
            story.take_back();
        }
        self.file = None;
    }

    /// Cuts when the chunk has its age, and again when an earlier cut was refused.
    pub(super) fn tick(&mut self) -> Result<(), (usize, FileError)> {
        let now_ms = self.now_ms();
        self.overdue |= matches!(self.cutter.on_tick(now_ms), Decision::Cut { .. });
        self.flush()?;
        self.cut_if_due()
    }

    /// Cuts whatever there is.
    pub(super) fn close(&mut self) -> Result<(), (usize, FileError)> {
        self.cutter.finish();
        self.overdue = true;
        self.flush()?;
        self.cut_if_due()?;
        // The next chunk's file is there already, see `write_chunk`; no line of it will come.
        self.file = None;
        let next = self.at.open_chunk(self.tally.chunks + 1);
        files::remove_if_any(&next).map_err(|error| (0, error))
    }

    /// When the open chunk becomes too old.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        if self.overdue && !self.committed.is_empty() {
            // The disk refused the chunk: its lines are safe as text, so there is no hurry.
            return Some(Instant::now() + Duration::from_secs(1));
        }
        let open = self.cutter.open()?;
        let age_ms = if self.watched { CutRules::WATCHED } else { CutRules::default() }.max_age_ms;
        Some(self.born + Duration::from_millis(open.since_ms.saturating_add(age_ms)))
    }

    fn cut_if_due(&mut self) -> Result<(), (usize, FileError)> {
        if !self.overdue || self.committed.is_empty() {
            return Ok(());
        }
        self.write_chunk().map_err(|error| (0, error))?;
        self.overdue = false;
        Ok(())
    }

    fn write_chunk(&mut self) -> Result<(), FileError> {
        let n = self.tally.chunks + 1;
        let path = self.at.chunk(n);
        let frame = self
            .compressor
            .compress(&self.committed)
            .map_err(|error| FileError::at("compress", &path)(std::io::Error::other(error)))?;
        files::write_whole(&path, &frame)?;
        self.tally.chunks = n;
        self.ahead.chunks = n;
        let sha256 = BlobId::of(&frame).hex();
        let info = ChunkInfo { n, bytes_len: frame.len() as u64, sha256 };
        if let Some(story) = &mut self.story {
            story.chunk(&self.committed, &info);
        }
        self.untold.push(info);
        let in_burst = self.committed.len() >= BURST_BYTES;
        self.committed.clear();
        self.empty_open_chunk(n, in_burst)?;
        self.note_tally()?;
        self.cut.append(&mut self.untold);
        Ok(())
    }

    /// In a burst the text file of chunk `n` becomes the empty one of the next: a file that is deleted and made anew for each
    /// chunk took a third of the writer's time on ext4, which looks through the recently deleted ones for each new one.
    /// A text file that is left over is known to recovery by the frame of the same number.
    fn empty_open_chunk(&mut self, n: u64, in_burst: bool) -> Result<(), FileError> {
        let path = self.at.open_chunk(n);
        let reused = self.file.take().filter(|_| in_burst).filter(|file| {
            let emptied = file.set_len(0);
            emptied.and_then(|()| std::fs::rename(&path, self.at.open_chunk(n + 1))).is_ok()
        });
        self.file = reused;
        if self.file.is_none() { files::remove_if_any(&path) } else { Ok(()) }
    }

    /// One more line of `tally.json`; after many the file begins anew.
    fn note_tally(&mut self) -> Result<(), FileError> {
        let path = self.at.own(names::TALLY);
        let mut line = serde_json::to_vec(&self.tally).unwrap_or_default();
        line.push(b'\n');
        let known = self.tally_file.take().filter(|(_, size)| *size < TALLY_BYTES);
        let (file, size) = if let Some((mut file, size)) = known {
            file.write_all(&line).map_err(FileError::at("append to", &path))?;
            (file, size)
        } else {
            files::write_whole(&path, &line)?;
            (files::append(&path)?, 0)
        };
        self.tally_file = Some((file, size + line.len()));
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
