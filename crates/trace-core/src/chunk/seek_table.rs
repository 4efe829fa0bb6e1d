//! The zstd seekable format's table, which other tools read: a skippable frame at the very end of the file.
//!
//! `magic · size · (compressed size · decompressed size)* · number of frames · descriptor · 0x8F92EAB1`, all little-endian.
//! Entries stand for every frame before the table, skippable ones included, so that their sizes add up to its place.

use super::ChunkError;
use super::index::{INDEX_MAGIC, Index, skippable};

/// The magic number of the skippable frame that holds the table.
pub(crate) const SEEK_TABLE_MAGIC: u32 = 0x184D_2A5E;
/// The last four bytes of a seekable file.
const FOOTER_MAGIC: u32 = 0x8F92_EAB1;
/// Number of frames, descriptor, magic number.
pub(crate) const FOOTER_BYTES: usize = 9;
/// Magic number and size of a skippable frame.
pub(crate) const HEADER_BYTES: usize = 8;

/// The table for the frames of `index` and the index's own frame behind them.
pub(super) fn seek_table(index: &Index, index_frame_len: usize) -> Result<Vec<u8>, ChunkError> {
    let index_entry = (index_frame_len as u64, 0);
    let entries = index.frames.iter().map(|frame| (frame.len, frame.raw_len));
    table_of(entries.chain([index_entry]))
}

/// The table for frames of these compressed and original lengths.
pub(crate) fn table_of(
    entries: impl IntoIterator<Item = (u64, u64)>,
) -> Result<Vec<u8>, ChunkError> {
    let mut payload = Vec::new();
    let mut n_frames = 0_u32;
    for (len, raw_len) in entries {
        n_frames += 1;
        let sizes = u32::try_from(len).ok().zip(u32::try_from(raw_len).ok());
        let (len, raw_len) = sizes.ok_or(ChunkError::SeekTable { frame: u64::from(n_frames) })?;
        payload.extend_from_slice(&len.to_le_bytes());
        payload.extend_from_slice(&raw_len.to_le_bytes());
    }
    payload.extend_from_slice(&n_frames.to_le_bytes());
    // No checksums in the table: every frame carries its own.
    payload.push(0);
    payload.extend_from_slice(&FOOTER_MAGIC.to_le_bytes());
    skippable(SEEK_TABLE_MAGIC, &payload)
}

/// The table's length, header included, told by the file's last nine bytes; `None` when it ends otherwise.
pub(crate) fn table_len(tail: &[u8]) -> Option<u64> {
    let footer = tail.last_chunk::<FOOTER_BYTES>()?;
    let word = |at: usize| {
        u32::from_le_bytes([footer[at], footer[at + 1], footer[at + 2], footer[at + 3]])
    };
    let has_checksums = footer[4] & 0x80 != 0;
    let entry_bytes = if has_checksums { 12 } else { 8 };
    let well_formed = word(5) == FOOTER_MAGIC && footer[4] & 0x7c == 0;
    well_formed.then(|| u64::from(word(0)) * entry_bytes + (HEADER_BYTES + FOOTER_BYTES) as u64)
}

/// The length of the last frame before the table, which is our index when the file has one.
pub(crate) fn last_frame_len(table: &[u8]) -> Option<u64> {
    let begins = table.starts_with(&SEEK_TABLE_MAGIC.to_le_bytes());
    let footer = table.len().checked_sub(FOOTER_BYTES)?;
    let entry_bytes = if table.get(footer + 4)? & 0x80 == 0 { 8 } else { 12 };
    let entry = table.get(footer.checked_sub(entry_bytes)?..)?;
    let len = u32::from_le_bytes(entry.get(..4)?.try_into().ok()?);
    (begins && footer - entry_bytes >= HEADER_BYTES).then_some(u64::from(len))
}

/// The index in its skippable frame.
pub(crate) fn index_of(frame: &[u8]) -> Option<Index> {
    let begins = frame.starts_with(&INDEX_MAGIC.to_le_bytes());
    let len = u32::from_le_bytes(frame.get(4..8)?.try_into().ok()?) as usize;
    (begins && len == frame.len() - HEADER_BYTES)
        .then(|| Index::from_payload(&frame[8..]))
        .flatten()
}
