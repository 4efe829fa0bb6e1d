//! The worker's progress file and the programs' output, as they grow.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::progress::Progress;

/// Longest that is kept of a line that does not end.
const MOST_BYTES: usize = 1 << 20;
/// How much of an output's end is read.
const TAIL_BYTES: u64 = 64 << 10;

/// Reads a file's new lines again and again.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    at: u64,
    rest: Vec<u8>,
}

impl Tail {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), at: 0, rest: Vec::new() }
    }

    /// Lines that have come since; what is no line of progress is passed over, because the file is another program's.
    pub(crate) fn read(&mut self) -> Vec<Progress> {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.at))?;
            file.read_to_end(&mut bytes)
        });
        self.at += read.unwrap_or(0) as u64;
        self.rest.extend(bytes);
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.rest.drain(..end).collect();
        if self.rest.len() > MOST_BYTES {
            self.rest.clear();
        }
        let lines = lines.split(|byte| *byte == b'\n');
        lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

/// The last lines of an output, without colours.
pub(crate) fn last_lines(path: &Path, n: usize) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES)))?;
        file.read_to_end(&mut bytes)
    });
    // An output that cannot be read has no last lines.
    drop(read);
    let text = String::from_utf8_lossy(&bytes);
    let plain = anstream::adapter::strip_str(&text).to_string();
    let lines: Vec<&str> = plain.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(n)..].join("\n")
}
