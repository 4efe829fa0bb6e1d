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
use crate::event::{Payload, Seq, Timestamp};
use crate::ndjson;
use crate::ship::ChunkInfo;

use super::error::{FileError, RecorderError};
use super::files;
use super::layout::{TraceDir, names};

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

    pub(super) fn read(at: &TraceDir) -> Self {
        let text = files::read_if_any(&at.own(names::TALLY)).ok().flatten().unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
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
    pending_ends: Vec<(Timestamp, String, usize)>,
    tally: Tally,
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
            pending_ends: Vec::new(),
            tally,
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
        self.tally = tally;
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn last_ts(&self) -> Timestamp {
        let pending = self.pending_ends.iter().map(|(ts, ..)| ts.as_us()).max().unwrap_or(0);
        Timestamp::from_us(self.tally.last_ts_us.max(pending))
    }

    /// Counts of kinds, pending lines included.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = self.tally.counts.clone();
        for (_, kind, _) in &self.pending_ends {
            *counts.entry(kind.clone()).or_default() += 1;
        }
        counts
    }

    pub(super) fn compressor(&mut self) -> &mut Compressor {
        &mut self.compressor
    }

    pub(super) fn watch(&mut self, watched: bool) {
        self.watched = watched;
        self.cutter.set_rules(if watched { CutRules::WATCHED } else { CutRules::default() });
    }

    /// Appends one line; answers how many lines had to be taken back because the disk refused them.
    pub(super) fn append(
        &mut self,
        ts: Timestamp,
        kind: &str,
        step_id: Option<&str>,
        payload: &Payload,
    ) -> Result<(), (usize, FileError)> {
        let seq = self.tally.last_seq + self.pending_ends.len() as u64 + 1;
        let seq = Seq::new(seq).unwrap_or(Seq::FIRST);
        let before = self.pending.len();
        ndjson::encode_parts(ts, seq, kind, step_id, payload, &mut self.pending);
        let bytes = self.pending.len() - before;
        self.pending_ends.push((ts, kind.to_owned(), bytes));
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
            let lost = self.pending_ends.len();
            self.take_back();
            return Err((lost, FileError::at("append to", &path)(error)));
        }
        self.committed.append(&mut self.pending);
        for (ts, kind, bytes) in self.pending_ends.drain(..) {
            self.tally.add(ts, &kind, bytes);
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
        self.pending_ends.clear();
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
        self.cut_if_due()
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
        self.committed.clear();
        self.file = None;
        let sha256 = BlobId::of(&frame).hex();
        self.untold.push(ChunkInfo { n, bytes_len: frame.len() as u64, sha256 });
        // A leftover text file is known to recovery by the frame of the same number.
        files::remove_if_any(&self.at.open_chunk(n))?;
        let text = serde_json::to_vec(&self.tally).unwrap_or_default();
        files::write_whole(&self.at.own(names::TALLY), &text)?;
        self.cut.append(&mut self.untold);
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
