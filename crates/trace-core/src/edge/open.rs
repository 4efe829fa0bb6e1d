//! A trace on this machine, in whatever state it is, as something to read.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::chunk::archive::{FRAME_BYTES, write};
use crate::chunk::{ChunkError, Level, frame};
use crate::trace::{ReadAt, ReadError, TraceReader};

use super::error::FileError;
use super::files;

/// Why a trace on this machine cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A directory without a trace in it.
    #[error(
        "`{}` holds neither `trace.ndjson.zst` nor `live/`; give a trace's directory or its file",
        .0.display()
    )]
    NoTrace(PathBuf),
    /// Lines that cannot be held as a trace.
    #[error("`{}` cannot be read as a trace", path.display())]
    Lines {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: ChunkError,
    },
    /// The trace itself.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A file that is read at any place.
#[derive(Debug)]
pub struct FileAt {
    // One place to read from is one owner: portable, and a trace is read by one thread at a time anyway.
    file: Mutex<File>,
    size: u64,
}

impl FileAt {
    /// Opens the file; its size is that of this moment.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::at("open", path))?;
        let size = file.metadata().map_err(FileError::at("read", path))?.len();
        Ok(Self { file: Mutex::new(file), size })
    }
}

impl ReadAt for FileAt {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        let end = offset.checked_add(len as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(ReadError::OutOfRange { offset, len, size: self.size });
        }
        let mut bytes = vec![0; len];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|source| ReadError::Io { offset, len, source })?;
        Ok(bytes)
    }
}

/// Where an opened trace's bytes are.
#[derive(Debug)]
pub enum LocalTrace {
    /// In a finished file.
    File(FileAt),
    /// Put together in memory, from chunks or from plain lines.
    Memory(Vec<u8>),
}

impl ReadAt for LocalTrace {
    fn size(&self) -> u64 {
        match self {
            Self::File(file) => file.size(),
            Self::Memory(bytes) => bytes.size(),
        }
    }

    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::File(file) => file.read_at(offset, len),
            Self::Memory(bytes) => bytes.read_at(offset, len),
        }
    }
}

/// Opens a trace's directory (finished or still recording), a `trace.ndjson.zst`, or plain `.ndjson` lines.
pub fn open_trace(path: &Path) -> Result<TraceReader<LocalTrace>, OpenError> {
    let finished = path.join("trace.ndjson.zst");
    let bytes = if !path.is_dir() {
        file_or_lines(path)?
    } else if finished.is_file() {
        LocalTrace::File(FileAt::open(&finished)?)
    } else {
        LocalTrace::Memory(live(path)?)
    };
    Ok(TraceReader::open(bytes)?)
}

/// Told apart by the content: a zstd file begins with its magic number, a line with a brace.
fn file_or_lines(path: &Path) -> Result<LocalTrace, OpenError> {
    let file = FileAt::open(path)?;
    let head = file.read_at(0, usize::try_from(file.size().min(4)).unwrap_or(4))?;
    let is_zstd = head == frame::MAGIC || head.get(1..) == Some(&[0x2a, 0x4d, 0x18]);
    if is_zstd || head.is_empty() {
        return Ok(LocalTrace::File(file));
    }
    let lines = File::open(path).map_err(FileError::at("open", path))?;
    let made = write(lines, Vec::new(), Level::Live, FRAME_BYTES);
    let (bytes, _index) =
        made.map_err(|source| OpenError::Lines { path: path.to_owned(), source })?;
    Ok(LocalTrace::Memory(bytes))
}

/// The chunks of a trace that is still recorded, and the whole lines of the open one.
fn live(dir: &Path) -> Result<Vec<u8>, OpenError> {
    let live = dir.join("live");
    let entries = std::fs::read_dir(&live).map_err(|_| OpenError::NoTrace(dir.to_owned()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let is = |path: &Path, extension| path.extension().is_some_and(|found| found == extension);
    let mut bytes = Vec::new();
    for path in paths.iter().filter(|path| is(path, "zst")) {
        // A chunk that was shipped and dropped since the listing is no longer part of what lies here.
        bytes.extend(files::read_if_any(path)?.unwrap_or_default());
    }
    let open = paths.iter().rfind(|path| is(path, "ndjson"));
    // A text file beside the frame of the same number is a leftover of cutting it.
    if let Some(path) = open.filter(|path| !path.with_extension("zst").exists()) {
        let mut lines = files::read_if_any(path)?.unwrap_or_default();
        lines.truncate(memchr::memrchr(b'\n', &lines).map_or(0, |end| end + 1));
        if !lines.is_empty() {
            let made = frame::compress(&lines, Level::Live);
            bytes.extend(made.map_err(|source| OpenError::Lines { path: path.clone(), source })?);
        }
    }
    Ok(bytes)
}
