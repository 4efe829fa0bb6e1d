//! Seq, time, step and kind to frame: what lets a reader fetch one frame instead of the file.

use serde::{Deserialize, Serialize};

use super::facts::RARE_LINES;
use super::frame::{self, Level};
use super::{ChunkError, FrameFacts};
use crate::blob::BlobId;
use crate::event::Timestamp;

/// The version of the index that this crate writes; readers scan the file when they meet a newer one.
pub const INDEX_VERSION: u32 = 1;

/// The magic number of the skippable frame that holds the index.
pub const INDEX_MAGIC: u32 = 0x184D_2A54;

/// An index larger than this is not read: a trace of 100,000 frames stays far below.
const MAX_INDEX_BYTES: usize = 64 << 20;

/// The kind bitmap's last bit stands for every kind behind the 63rd.
const OTHER_KINDS: usize = 63;

/// One frame's entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameEntry {
    /// Where the frame begins in the file.
    pub offset: u64,
    /// Its bytes in the file.
    pub len: u64,
    /// Its bytes uncompressed.
    pub raw_len: u64,
    /// Its lines, readable or not.
    pub lines: u32,
    /// Its lowest seq; 0 when no line is readable.
    pub first_seq: u64,
    /// Its highest seq.
    pub last_seq: u64,
    /// Its earliest time, in microseconds on the trace's axis.
    pub min_us: u64,
    /// Its latest time.
    pub max_us: u64,
    /// Bit n is set when [`Index::kinds`]`[n]` occurs; bit 63 stands for all kinds from the 64th on.
    pub kinds: u64,
}

/// The frames in which a step's events lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFrames {
    /// The step.
    pub id: Box<str>,
    /// The first frame, from 0.
    pub first: u32,
    /// The last frame, included.
    pub last: u32,
}

/// Where the few lines of a kind lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RareKind {
    /// The kind's name.
    pub kind: Box<str>,
    /// Frame (from 0) and line inside it (from 0).
    pub at: Vec<(u32, u32)>,
}

/// The table of contents of a trace file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// [`INDEX_VERSION`] of its writer.
    pub version: u32,
    /// The trace's format, as its `run.start` declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<u64>,
    /// The names behind the bits of [`FrameEntry::kinds`], so that a newer list of kinds does not shift them.
    pub kinds: Vec<Box<str>>,
    /// One entry a frame, in the order of the file.
    pub frames: Vec<FrameEntry>,
    /// One entry a step, in order of first appearance.
    pub steps: Vec<StepFrames>,
    /// Kinds with at most 256 lines in the whole trace.
    pub rare_kinds: Vec<RareKind>,
    /// Lines of all frames.
    pub total_lines: u64,
    /// Uncompressed bytes of all frames.
    pub total_bytes: u64,
    /// SHA-256 of the uncompressed bytes of all frames.
    pub sha256: BlobId,
}

impl Index {
    /// Frames that may hold that kind; the bitmap never misses one.
    pub fn frames_of_kind(&self, kind: &str) -> Vec<usize> {
        let Some(place) = self.kinds.iter().position(|known| **known == *kind) else {
            return Vec::new();
        };
        let bit = 1_u64 << place.min(OTHER_KINDS);
        self.frames_where(|frame| frame.kinds & bit != 0)
    }

    /// Frames whose seq range meets this one (both ends included).
    pub fn frames_of_seq(&self, first: u64, last: u64) -> Vec<usize> {
        self.frames_where(|f| f.first_seq != 0 && f.first_seq <= last && f.last_seq >= first)
    }

    /// Frames whose time range meets this one (both ends included).
    pub fn frames_of_time(&self, from: Timestamp, to: Timestamp) -> Vec<usize> {
        self.frames_where(|f| {
            f.first_seq != 0 && f.min_us <= to.as_us() && f.max_us >= from.as_us()
        })
    }

    /// Frames in which events of that step may lie.
    pub fn frames_of_step(&self, step_id: &str) -> std::ops::Range<usize> {
        let found = self.steps.iter().find(|step| *step.id == *step_id);
        found.map_or(0..0, |step| {
            // An index read from a file may name frames that are not there.
            let end = (step.last as usize).saturating_add(1).min(self.frames.len());
            (step.first as usize).min(end)..end
        })
    }

    fn frames_where(&self, wanted: impl Fn(&FrameEntry) -> bool) -> Vec<usize> {
        (0..self.frames.len()).filter(|n| wanted(&self.frames[*n])).collect()
    }

    /// The index as a skippable frame: its JSON in a zstd frame behind our magic number.
    pub fn to_frame(&self) -> Result<Vec<u8>, ChunkError> {
        let json = serde_json::to_vec(self).map_err(ChunkError::Index)?;
        let inner = frame::compress(&json, Level::Archive)?;
        skippable(INDEX_MAGIC, &inner)
    }

    /// Reads the payload of our skippable frame; `None` when it is damaged or of a newer version.
    pub fn from_payload(payload: &[u8]) -> Option<Self> {
        let json = frame::decompress(payload, MAX_INDEX_BYTES).ok()?;
        let index: Self = serde_json::from_slice(&json).ok()?;
        (index.version == INDEX_VERSION).then_some(index)
    }

    /// Whether the frames lie one behind the other from 0 to `end`, and the totals are the sums.
    pub(crate) fn covers(&self, end: u64) -> bool {
        let mut at = 0_u64;
        let mut lines = 0_u64;
        let mut bytes = 0_u64;
        for frame in &self.frames {
            if frame.offset != at || frame.len == 0 {
                return false;
            }
            let (Some(next), Some(total)) =
                (at.checked_add(frame.len), bytes.checked_add(frame.raw_len))
            else {
                return false;
            };
            (at, bytes) = (next, total);
            lines += u64::from(frame.lines);
        }
        at == end && lines == self.total_lines && bytes == self.total_bytes
    }
}

/// A skippable frame around `payload`.
pub(super) fn skippable(magic: u32, payload: &[u8]) -> Result<Vec<u8>, ChunkError> {
    let len = u32::try_from(payload.len()).map_err(|_| ChunkError::SeekTable { frame: 0 })?;
    let mut out = Vec::with_capacity(payload.len() + 8);
    out.extend_from_slice(&magic.to_le_bytes());
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(payload);
    Ok(out)
}

/// Puts an index together, frame after frame.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    format: Option<u64>,
    kinds: Vec<Box<str>>,
    kind_lines: Vec<Vec<(u32, u32)>>,
    frames: Vec<FrameEntry>,
    steps: Vec<StepFrames>,
    places: std::collections::HashMap<Box<str>, usize>,
    at: u64,
    hasher: crate::blob::Hasher,
}

impl IndexBuilder {
    /// An index of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next frame: `len` bytes in the file, `raw` uncompressed, with its facts.
    pub fn push(&mut self, len: u64, raw: &[u8], facts: &FrameFacts) {
        self.hasher.update(raw);
        self.format = self.format.or(facts.format);
        let frame = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        let mut bits = 0_u64;
        for (kind, lines) in facts.kinds.iter().zip(&facts.kind_lines) {
            let place = self.kind_place(kind);
            bits |= 1 << place.min(OTHER_KINDS);
            let known = &mut self.kind_lines[place];
            // One more than rare is enough to know that the kind is not rare.
            let room = (RARE_LINES + 1).saturating_sub(known.len());
            known.extend(lines.iter().take(room).map(|line| (frame, *line)));
        }
        for id in &facts.steps {
            self.step(id, frame);
        }
        self.frames.push(FrameEntry {
            offset: self.at,
            len,
            raw_len: facts.raw_len,
            lines: facts.lines,
            first_seq: facts.first_seq,
            last_seq: facts.last_seq,
            min_us: facts.min_ts.as_us(),
            max_us: facts.max_ts.as_us(),
            kinds: bits,
        });
        self.at += len;
    }

    /// Passes over bytes of the file that are no frame of lines, such as damage.
    pub(crate) fn skip_to(&mut self, offset: u64) {
        self.at = offset;
    }

    fn kind_place(&mut self, kind: &str) -> usize {
        self.kinds.iter().position(|known| **known == *kind).unwrap_or_else(|| {
            self.kinds.push(kind.into());
            self.kind_lines.push(Vec::new());
            self.kinds.len() - 1
        })
    }

    fn step(&mut self, id: &str, frame: u32) {
        if let Some(place) = self.places.get(id) {
            self.steps[*place].last = frame;
        } else {
            self.places.insert(id.into(), self.steps.len());
            self.steps.push(StepFrames { id: id.into(), first: frame, last: frame });
        }
    }

    /// The index of everything pushed.
    pub fn finish(self) -> Index {
        let kinds = self.kinds.iter().zip(self.kind_lines);
        let rare = kinds.filter(|(_, at)| at.len() <= RARE_LINES);
        let rare_kinds = rare.map(|(kind, at)| RareKind { kind: kind.clone(), at }).collect();
        Index {
            version: INDEX_VERSION,
            format: self.format,
            rare_kinds,
            total_lines: self.frames.iter().map(|frame| u64::from(frame.lines)).sum(),
            total_bytes: self.frames.iter().map(|frame| frame.raw_len).sum(),
            kinds: self.kinds,
            frames: self.frames,
            steps: self.steps,
            sha256: self.hasher.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let mut builder = IndexBuilder::new();
        for (seq, kind, step) in [(1, "a", "s1"), (2, "b", "s1"), (3, "a", "s2")] {
            let raw = format!(
                "{{\"ts\":{seq},\"seq\":{seq},\"kind\":\"{kind}\",\"step_id\":\"{step}\"}}\n"
            );
            builder.push(10, raw.as_bytes(), &FrameFacts::of(raw.as_bytes()));
        }
        builder.finish()
    }

    #[test]
    fn finds_frames_by_kind_seq_time_and_step() {
        let index = index();
        assert_eq!(index.frames_of_kind("a"), [0, 2]);
        assert_eq!(index.frames_of_kind("z"), [0; 0]);
        assert_eq!(index.frames_of_seq(2, 9), [1, 2]);
        assert_eq!(index.frames_of_time(Timestamp::from_us(0), Timestamp::from_us(1500)), [0]);
        assert_eq!(index.frames_of_step("s1"), 0..2);
        assert_eq!(index.frames_of_step("nope"), 0..0);
        assert_eq!(index.rare_kinds[0].at, [(0, 0), (2, 0)]);
        assert!(index.covers(30) && !index.covers(31));
    }

    #[test]
    fn comes_back_from_its_frame_and_not_from_damage() {
        let index = index();
        let frame = index.to_frame().unwrap();
        assert_eq!(Index::from_payload(&frame[8..]), Some(index));
        assert_eq!(Index::from_payload(&frame[9..]), None);
        assert_eq!(Index::from_payload(b""), None);
    }
}
