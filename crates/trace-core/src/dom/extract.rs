//! `rrweb-events.ndjson.zst`: segments in frames of their own, and a table of where each is.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::pages::RecordedPages;
use super::segment::{Contents, Keyframe, Segment, segments};
use crate::chunk::seek_table::table_of;
use crate::chunk::{ChunkError, Level, frame};

/// Why an extract could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// A frame could not be compressed or listed.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// A segment could not be written as JSON.
    #[error("segment of a recorded page could not be written")]
    Json(#[from] serde_json::Error),
}

/// Where a segment is, for whoever reads one by a range request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentPlace {
    /// The page.
    pub page: String,
    /// Its number within the page, from 1.
    pub segment: u64,
    /// Time of the keyframe, on the trace's axis.
    pub start_ts: f64,
    /// Time of the last event.
    pub end_ts: f64,
    /// Who made the keyframe.
    pub keyframe: Keyframe,
    /// How many rrweb events it has.
    pub events: usize,
    /// Where its frame begins in the file.
    pub offset: u64,
    /// The frame's bytes.
    pub len: u64,
}

/// The last line of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExtractIndex {
    /// Every segment, page by page, in the order of time.
    pub segments: Vec<SegmentPlace>,
}

/// A written extract and what it says in sum.
#[derive(Debug, Default)]
pub struct Extract {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its segments.
    pub segments: usize,
    /// Times at which a rebuilt document was not the page's.
    pub drift: usize,
    /// URLs without bytes, counted once per segment.
    pub missing: usize,
}

/// Writes the extract of a trace: one frame a segment, the index in the last, then the seek table of the zstd seekable format.
pub fn write_extract(
    recorded: &mut RecordedPages,
    contents: &mut dyn Contents,
) -> Result<Extract, ExtractError> {
    let mut writer = Writer::default();
    let mut written = Ok(());
    segments(recorded, contents, &mut |segment| {
        if written.is_ok() {
            written = writer.segment(&segment);
        }
    });
    written?;
    writer.finish()
}

#[derive(Debug, Default)]
struct Writer {
    out: Extract,
    index: ExtractIndex,
    frames: Vec<(u64, u64)>,
}

impl Writer {
    fn segment(&mut self, segment: &Segment) -> Result<(), ExtractError> {
        let offset = self.out.bytes.len() as u64;
        let len = self.frame(segment)?;
        let Segment { page, segment: n, start_ts, end_ts, keyframe, events, .. } = segment;
        self.index.segments.push(SegmentPlace {
            page: page.clone(),
            segment: *n,
            start_ts: *start_ts,
            end_ts: *end_ts,
            keyframe: *keyframe,
            events: events.len(),
            offset,
            len,
        });
        self.out.segments += 1;
        self.out.drift += segment.drift.len();
        self.out.missing += segment.missing.len();
        Ok(())
    }

    fn frame(&mut self, line: &impl Serialize) -> Result<u64, ExtractError> {
        let mut raw = serde_json::to_vec(line)?;
        raw.push(b'\n');
        let frame = frame::compress(&raw, Level::Live)?;
        self.frames.push((frame.len() as u64, raw.len() as u64));
        self.out.bytes.extend_from_slice(&frame);
        Ok(frame.len() as u64)
    }

    fn finish(mut self) -> Result<Extract, ExtractError> {
        let index = std::mem::take(&mut self.index);
        self.frame(&index)?;
        self.out.bytes.extend(table_of(self.frames)?);
        Ok(self.out)
    }
}
