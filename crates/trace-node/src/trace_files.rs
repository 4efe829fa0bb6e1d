//! The bytes of a trace at a path: a file, a finished directory, or what a recorder at work has left so far.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use trace_core::chunk::ChunkError;
use trace_core::chunk::frame::{Level, compress};

/// Why there are no bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    /// The system refused.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// A directory without a trace in it.
    #[error("no trace in `{}`: it has neither `trace.ndjson.zst` nor `live/`", .0.display())]
    NoTrace(PathBuf),
    /// The open chunk could not be framed.
    #[error("cannot frame the open chunk")]
    Frame(#[source] ChunkError),
}

/// Everything at `path`, as one trace file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, FilesError> {
    let finished = path.join("trace.ndjson.zst");
    let live = path.join("live");
    if !path.is_dir() {
        bytes(path)
    } else if finished.is_file() {
        bytes(&finished)
    } else if live.is_dir() {
        chunks(&live)
    } else {
        Err(FilesError::NoTrace(path.to_owned()))
    }
}

/// Chunks in order make a valid trace file; the open one, which is still plain lines, becomes the last frame.
fn chunks(live: &Path) -> Result<Vec<u8>, FilesError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(live).map_err(at(live))? {
        paths.push(entry.map_err(at(live))?.path());
    }
    // Numbers have leading zeroes, so the order of names is the order of chunks.
    paths.sort();
    let mut trace = Vec::new();
    for path in paths {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("zst") => trace.append(&mut bytes(&path)?),
            Some("ndjson") => trace.append(&mut frame(&bytes(&path)?)?),
            _ => {}
        }
    }
    Ok(trace)
}

fn frame(lines: &[u8]) -> Result<Vec<u8>, FilesError> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    compress(lines, Level::Live).map_err(FilesError::Frame)
}

fn bytes(path: &Path) -> Result<Vec<u8>, FilesError> {
    fs::read(path).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FilesError {
    let path = path.to_owned();
    move |source| FilesError::Io { path, source }
}
