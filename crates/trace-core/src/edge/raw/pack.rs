//! Playwright's raw files become the zip that its viewer opens, in the layout of a living run.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::error::FileError;
use super::names;

/// What the zip holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Packed {
    /// Recordings, one for each context that was recorded.
    pub(super) recordings: u64,
    /// Bytes of lines that were not written to their end.
    pub(super) cut_bytes: u64,
    /// Files that a line names and that had not been kept yet.
    pub(super) missing: u64,
}

/// Longest name that a line may give a file.
const NAME_BYTES: usize = 256;

/// Writes the zip at `to`; none when there is no recording.
pub(super) fn pack(from: &Path, to: &Path) -> Result<Option<Packed>, FileError> {
    let recordings = recordings(from);
    if recordings.is_empty() {
        return Ok(None);
    }
    let failed = |source: std::io::Error| FileError::at("write", to)(source);
    let out = File::create(to).map_err(FileError::at("create", to))?;
    let mut pack = Pack {
        zip: ZipWriter::new(BufWriter::new(out)),
        packed: Packed::default(),
        referred: HashSet::new(),
    };
    for (n, trace) in recordings.iter().enumerate() {
        pack.lines(trace, &format!("{n}-trace.trace")).map_err(failed)?;
        pack.lines(&network_of(trace), &format!("{n}-trace.network")).map_err(failed)?;
        pack.packed.recordings += 1;
    }
    pack.referred(from).map_err(failed)?;
    let done = pack.zip.finish().map_err(std::io::Error::other);
    done.and_then(|mut out| out.flush()).map_err(failed)?;
    Ok(Some(pack.packed))
}

/// The recordings in the order in which they began, as the living give them numbers.
fn recordings(from: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(from).into_iter().flatten().flatten();
    let mut found: Vec<(u64, PathBuf)> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "trace"))
        .map(|path| (begun(&path), path))
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// When a recording began, as its first line says.
fn begun(trace: &Path) -> u64 {
    #[derive(serde::Deserialize)]
    struct First {
        #[serde(rename = "wallTime")]
        wall_ms: serde_json::Number,
    }
    let mut line = String::new();
    let read = File::open(trace).and_then(|file| BufReader::new(file).read_line(&mut line));
    let first = read.ok().and_then(|_| serde_json::from_str::<First>(&line).ok());
    first.and_then(|first| first.wall_ms.as_u64()).unwrap_or(u64::MAX)
}

/// A recording in several pieces has one network log.
fn network_of(trace: &Path) -> PathBuf {
    let own = trace.with_extension("network");
    let stem = trace.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    match stem.rsplit_once("-chunk") {
        Some((base, _)) if !own.exists() => trace.with_file_name(format!("{base}.network")),
        _ => own,
    }
}

struct Pack {
    zip: ZipWriter<BufWriter<File>>,
    packed: Packed,
    referred: HashSet<String>,
}

impl Pack {
    /// One member of lines; a last line without its end is left out.
    fn lines(&mut self, from: &Path, name: &str) -> std::io::Result<()> {
        self.zip.start_file(name, SimpleFileOptions::default())?;
        let Ok(file) = File::open(from) else { return Ok(()) };
        let (mut reader, mut line) = (BufReader::new(file), Vec::new());
        while reader.read_until(b'\n', &mut line)? > 0 {
            if line.last() != Some(&b'\n') {
                self.packed.cut_bytes += line.len() as u64;
                break;
            }
            self.note_referred(&line);
            self.zip.write_all(&line)?;
            line.clear();
        }
        Ok(())
    }

    /// Remembers the files that a line names, such as `resources/<digest>.css`.
    fn note_referred(&mut self, line: &[u8]) {
        for directory in names::REFERRED {
            let before = format!("\"{directory}/");
            for at in memchr::memmem::find_iter(line, before.as_bytes()) {
                let rest = &line[at + before.len()..];
                let name = &rest[..memchr::memchr(b'"', rest).unwrap_or(0).min(NAME_BYTES)];
                let name = std::str::from_utf8(name).unwrap_or_default();
                // The lines hold what a page chose, so a name that leads elsewhere is no name.
                if !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.') {
                    self.referred.insert(format!("{directory}/{name}"));
                }
            }
        }
    }

    fn referred(&mut self, from: &Path) -> std::io::Result<()> {
        let mut names: Vec<String> = self.referred.drain().collect();
        names.sort();
        for name in names {
            let Ok(mut file) = File::open(from.join(&name)) else {
                self.packed.missing += 1;
                continue;
            };
            self.zip.start_file(name, SimpleFileOptions::default())?;
            std::io::copy(&mut file, &mut self.zip)?;
        }
        Ok(())
    }
}
