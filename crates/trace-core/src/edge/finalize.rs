//! The end of a trace in the local store: chunks become `trace.ndjson.zst`, the spool's own files go.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::blob::BlobId;
use crate::event::Payload;
use crate::ndjson;
use crate::ship::Ended;
use crate::trace::{ManifestBuilder, Summary, SummaryBuilder, TraceReader};

use super::error::FileError;
use super::layout::{TraceDir, names};
use super::open::FileAt;
use super::story::Story;
use super::{artifacts, files};

/// `end.json`: nothing more comes, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EndFile {
    status: String,
    chunks: u64,
    last_seq: u64,
}

/// Writes `end.json`, which tells a later process that only shipping or archiving is left.
pub(super) fn note_end(at: &TraceDir, end: &Ended) -> Result<(), FileError> {
    let Ended { status, chunks, last_seq } = end.clone();
    let text = serde_json::to_vec(&EndFile { status, chunks, last_seq }).unwrap_or_default();
    files::write_whole(&at.own(names::END), &text)
}

/// Reads `end.json`.
pub(super) fn noted_end(at: &TraceDir) -> Option<Ended> {
    let text = files::read_if_any(&at.own(names::END)).ok()??;
    let EndFile { status, chunks, last_seq } = serde_json::from_slice(&text).ok()?;
    Some(Ended { status, chunks, last_seq })
}

/// The payload of `run.end`: the given fields with status first and the counts last, `run.end` itself counted.
pub(super) fn run_end(
    status: &str,
    given: Map<String, Value>,
    mut counts: BTreeMap<String, u64>,
) -> Payload {
    *counts.entry("run.end".to_owned()).or_default() += 1;
    let mut fields = Map::new();
    fields.insert("status".to_owned(), json!(status));
    fields.extend(given.into_iter().filter(|(key, _)| key != "status" && key != "counts"));
    fields.insert("counts".to_owned(), json!(counts));
    Payload::of(&fields).unwrap_or_else(|_| Payload::empty())
}

/// Makes the finished form of a trace whose end is noted. Made again after a crash, it goes on where it stopped.
///
/// Its recorder knows its story and need not read the lines again. A chunk that does not read back as it was written is
/// looked into the slow way, which tells what is wrong with it.
pub(super) fn locally(at: &TraceDir, story: Option<Story>) -> Result<(), FileError> {
    let file = at.trace_file();
    let told = match story {
        Some(story) if !file.exists() => tell(at, &file, story)?,
        _ => false,
    };
    if !told {
        // The file has its name only once it is complete.
        if !file.exists() {
            archive(at, &file)?;
        }
        describe(at, &file)?;
    }
    tighten(&file)?;
    files::sync(&at.dir)?;
    files::remove_dir_if_any(&at.live())?;
    files::remove_dir_if_any(&at.raw())?;
    // `recorder.json` marks a trace as unfinished, so it goes behind everything that is still needed to finish it.
    names::ALL.iter().try_for_each(|name| files::remove_if_any(&at.own(name)))
}

/// Lines up to which a finished trace is compressed again as a whole.
const TIGHT_BYTES: usize = 4 << 20;
/// Lines up to which that is done with more care (10 ms for the 130 KB of a sign-in test, 2 of its 21 KB).
const CAREFUL_BYTES: usize = 1 << 20;

/// Puts a short trace into few frames: a test of some seconds has a frame a second, and most of their bytes say the same again.
/// A long trace is left as it is, since whoever waits for the test's end would wait for this.
fn tighten(file: &std::path::Path) -> Result<(), FileError> {
    use crate::chunk::archive::{FRAME_BYTES, write};
    use crate::chunk::{Level, frame};
    let bytes = files::read(file)?;
    let Ok(lines) = frame::decode_all(&bytes, TIGHT_BYTES) else { return Ok(()) };
    let level = if lines.len() <= CAREFUL_BYTES { Level::Finished } else { Level::Live };
    let Ok((tight, _index)) = write(&lines[..], Vec::new(), level, FRAME_BYTES) else {
        return Ok(());
    };
    if tight.len() >= bytes.len() {
        return Ok(());
    }
    let beside = files::beside(file);
    let mut out = File::create(&beside).map_err(FileError::at("create", &beside))?;
    let written = out.write_all(&tight).and_then(|()| out.sync_all());
    written.map_err(FileError::at("write", &beside))?;
    std::fs::rename(&beside, file).map_err(FileError::at("write", file))
}

/// Writes `summary.json` and `manifest.json` from what the finished file holds.
fn describe(at: &TraceDir, file: &std::path::Path) -> Result<(), FileError> {
    let unreadable = |error| FileError::at("read", file)(std::io::Error::other(error));
    let reader = TraceReader::open(FileAt::open(file)?).map_err(unreadable)?;
    let (mut summary, mut manifest) = (SummaryBuilder::default(), ManifestBuilder::default());
    for n in 0..reader.index().frames.len() {
        let lines = reader.frame_lines(n).map_err(unreadable)?;
        summary.push_bytes(&lines);
        for event in ndjson::decode(&lines).events {
            summary.push(&event);
            manifest.push(&event);
        }
    }
    write_description(at, &summary.finish(), manifest)
}

fn write_description(
    at: &TraceDir,
    summary: &Summary,
    mut manifest: ManifestBuilder,
) -> Result<(), FileError> {
    for artifact in artifacts::listed(at) {
        manifest.artifact(artifact);
    }
    let summary = serde_json::to_vec(summary).unwrap_or_default();
    files::write_whole(&at.summary(), &summary)?;
    let manifest = serde_json::to_vec(&manifest.finish(at.trace_id)).unwrap_or_default();
    files::write_whole(&at.manifest(), &manifest)
}

/// Writes all three files from the recorder's story; `false` when a chunk is not what the story says.
fn tell(at: &TraceDir, file: &std::path::Path, story: Story) -> Result<bool, FileError> {
    let beside = files::beside(file);
    let mut out = File::create(&beside).map_err(FileError::at("create", &beside))?;
    for chunk in &story.chunks {
        let frame = files::read(&at.chunk(chunk.n))?;
        if BlobId::of(&frame).hex() != chunk.sha256 {
            drop(out);
            files::remove_if_any(&beside)?;
            return Ok(false);
        }
        out.write_all(&frame).map_err(FileError::at("write", &beside))?;
    }
    let index = story.index.finish();
    let tail = crate::chunk::archive::tail(&index).map_err(std::io::Error::other);
    let written = tail.and_then(|tail| out.write_all(&tail)).and_then(|()| out.sync_all());
    written.map_err(FileError::at("write", &beside))?;
    std::fs::rename(&beside, file).map_err(FileError::at("write", file))?;
    let mut summary = story.summary.finish();
    summary.raw_bytes = index.total_bytes;
    summary.sha256 = Some(index.sha256.hex());
    write_description(at, &summary, story.manifest)?;
    Ok(true)
}

fn archive(at: &TraceDir, file: &std::path::Path) -> Result<(), FileError> {
    use crate::chunk::archive::Writer;
    let beside = files::beside(file);
    let out = std::fs::File::create(&beside).map_err(FileError::at("create", &beside))?;
    let mut writer = Writer::new(std::io::BufWriter::new(out));
    let chunks = noted_end(at).map_or(0, |end| end.chunks);
    for n in 1..=chunks {
        let path = at.chunk(n);
        let frame = files::read(&path)?;
        writer
            .push_chunk(&frame)
            .map_err(|e| FileError::at("join", &path)(std::io::Error::other(e)))?;
    }
    let done = writer.finish().map_err(std::io::Error::other);
    let (out, _index) = done.map_err(FileError::at("write", &beside))?;
    out.get_ref().sync_all().map_err(FileError::at("sync", &beside))?;
    std::fs::rename(&beside, file).map_err(FileError::at("write", file))
}
