//! The file's layout: `{"vault":1}`, then frames.
//!
//! A frame is a line that names what is inside, the age message, and a line break:
//!
//! ```text
//! {"entries":[{"id":"bearer:3","kind":"bearer","bytes":36}],"age_bytes":312}⏎ 312 bytes of age ⏎
//! ```
//!
//! The message's plaintext is a JSON array of `{"id":…,"kind":…,"value":…}`. Ids and kinds stand in the record already and
//! the size can be told from the ciphertext, so the line gives nothing away.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::read::EntryInfo;

/// The first line.
pub(super) const HEAD: &[u8] = b"{\"vault\":1}\n";

/// A frame's line is short; a longer one is damage.
const MAX_LINE_BYTES: usize = 4 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    entries: Vec<EntryInfo>,
    age_bytes: usize,
    /// Whether the plaintext is one zstd frame: states of a page are long and alike inside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    zstd: bool,
    /// The public keys that this frame and those behind it are encrypted to, where that begins or changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    to: Vec<String>,
}

/// One frame as it lies in the file.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) entries: Vec<EntryInfo>,
    /// Where its age message is.
    pub(super) message: Range<usize>,
    pub(super) zstd: bool,
    pub(super) to: Vec<String>,
}

/// Appends a frame to `out`.
pub(super) fn encode(
    entries: Vec<EntryInfo>,
    message: &[u8],
    zstd: bool,
    to: Vec<String>,
    out: &mut Vec<u8>,
) {
    let line = Line { entries, age_bytes: message.len(), zstd, to };
    out.extend(serde_json::to_vec(&line).unwrap_or_default());
    out.push(b'\n');
    out.extend(message);
    out.push(b'\n');
}

/// The whole frames of a vault and where they end; none when the bytes are no vault.
///
/// What follows the last whole frame was being written when a process died, or is damage: nothing behind it is trusted.
pub(super) fn decode(bytes: &[u8]) -> Option<(Vec<Frame>, usize)> {
    // A file that was cut inside its first line holds nothing yet.
    if HEAD.starts_with(bytes) && bytes.len() < HEAD.len() {
        return Some((Vec::new(), 0));
    }
    if !bytes.starts_with(HEAD) {
        return None;
    }
    let (mut frames, mut at) = (Vec::new(), HEAD.len());
    while let Some((frame, end)) = one(bytes, at) {
        frames.push(frame);
        at = end;
    }
    Some((frames, at))
}

fn one(bytes: &[u8], at: usize) -> Option<(Frame, usize)> {
    let rest = bytes.get(at..)?;
    let length = memchr::memchr(b'\n', &rest[..rest.len().min(MAX_LINE_BYTES)])?;
    let Line { entries, age_bytes, zstd, to } = serde_json::from_slice(&rest[..length]).ok()?;
    let start = at + length + 1;
    let end = start.checked_add(age_bytes)?;
    let frame = Frame { entries, message: start..end, zstd, to };
    (bytes.get(end) == Some(&b'\n')).then_some((frame, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> EntryInfo {
        EntryInfo { id: id.to_owned(), kind: "k".to_owned(), bytes: 3 }
    }

    /// Cut anywhere, the file still gives every frame that is whole.
    #[test]
    fn a_cut_file_gives_its_whole_frames() {
        let (mut file, mut ends) = (HEAD.to_vec(), vec![HEAD.len()]);
        for n in 0..4 {
            encode(vec![entry(&format!("k:{n}"))], &[b'\n'; 9], false, Vec::new(), &mut file);
            ends.push(file.len());
        }
        for cut in 0..=file.len() {
            let (frames, end) = decode(&file[..cut]).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(frames.len(), whole.saturating_sub(1), "cut at {cut}");
            assert_eq!(end, if whole == 0 { 0 } else { ends[whole - 1] });
        }
        assert!(decode(b"age-encryption.org/v1\n").is_none());
        assert!(decode(b"{\"vault\":2}\n").is_none());
    }

    #[test]
    fn a_length_beyond_everything_is_no_panic() {
        let mut file = HEAD.to_vec();
        file.extend(format!("{{\"entries\":[],\"age_bytes\":{}}}\n", usize::MAX).into_bytes());
        assert_eq!(decode(&file).unwrap().0.len(), 0);
    }
}
