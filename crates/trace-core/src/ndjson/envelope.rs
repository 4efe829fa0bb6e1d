//! The envelope of a line that is in canonical order, without allocation and without looking at the payload.

use crate::event::scan::plain_end;
use crate::event::{Seq, Timestamp};

/// What stands first in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Time on the trace's axis.
    pub ts: Timestamp,
    /// Number inside the trace.
    pub seq: Seq,
    /// The kind's name.
    pub kind: &'a str,
    /// The step, when the line has one.
    pub step_id: Option<&'a str>,
    /// The byte behind the envelope: the comma before the first payload field, or the closing brace.
    pub payload_at: usize,
}

/// Reads the envelope of a canonical line; `None` for any other spelling, which [`super::decode_line`] may still read.
///
/// The payload is not validated. A `step_id` that hides behind payload fields is not seen either; nothing of ours writes one.
pub fn envelope(line: &[u8]) -> Option<Envelope<'_>> {
    let mut at = expect(line, 0, b"{\"ts\":")?;
    let ts;
    (ts, at) = timestamp(line, at)?;
    at = expect(line, at, b",\"seq\":")?;
    let seq;
    (seq, at) = integer(line, at)?;
    at = expect(line, at, b",\"kind\":\"")?;
    let kind;
    (kind, at) = plain_string(line, at)?;
    let mut step_id = None;
    if let Some(start) = expect(line, at, b",\"step_id\":\"") {
        let (id, end) = plain_string(line, start)?;
        step_id = Some(step_text(id)?);
        at = end;
    }
    let kind = std::str::from_utf8(kind).ok()?;
    let seq = Seq::new(seq).ok()?;
    matches!(line.get(at), Some(b',' | b'}')).then_some(Envelope {
        ts,
        seq,
        kind,
        step_id,
        payload_at: at,
    })
}

fn expect(line: &[u8], at: usize, text: &[u8]) -> Option<usize> {
    line.get(at..)?.starts_with(text).then_some(at + text.len())
}

/// The time of a canonical spelling, digit by digit: `f64` would round the last microsecond of very long traces.
pub(super) fn exact_ts(text: &str) -> Option<Timestamp> {
    let (ts, end) = timestamp(text.as_bytes(), 0)?;
    (end == text.len()).then_some(ts)
}

/// Digits without a leading zero.
fn integer(line: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut n = 0_u64;
    let mut end = at;
    while let Some(digit @ b'0'..=b'9') = line.get(end) {
        n = n.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        end += 1;
    }
    let canonical = end > at && (line[at] != b'0' || end == at + 1);
    canonical.then_some((n, end))
}

/// Whole milliseconds and up to three decimals, the last one not zero.
fn timestamp(line: &[u8], at: usize) -> Option<(Timestamp, usize)> {
    let (ms, mut at) = integer(line, at)?;
    let mut us = ms.checked_mul(1000)?;
    if line.get(at) == Some(&b'.') {
        let mut place = 100;
        at += 1;
        while let Some(digit @ b'0'..=b'9') = line.get(at) {
            us = us.checked_add(u64::from(digit - b'0') * place)?;
            place /= 10;
            at += 1;
            if place == 0 {
                break;
            }
        }
        if matches!(line[at - 1], b'0' | b'.') {
            return None;
        }
    }
    let ts = Timestamp::from_us(us);
    (ts.as_us() == us).then_some((ts, at))
}

/// The inside of a string without escapes, and the place behind its closing quote.
fn plain_string(line: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let end = plain_end(line, at);
    (line.get(end) == Some(&b'"')).then(|| (&line[at..end], end + 1))
}

fn step_text(id: &[u8]) -> Option<&str> {
    let fits = (1..=64).contains(&id.len())
        && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if fits { std::str::from_utf8(id).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_canonical_lines() {
        let line = br#"{"ts":1234.56,"seq":42,"kind":"dom.snapshot","step_id":"s7.2","page":"p1"}"#;
        let found = envelope(line).unwrap();
        assert_eq!(found.ts.as_us(), 1_234_560);
        assert_eq!(
            (found.seq.get(), found.kind, found.step_id),
            (42, "dom.snapshot", Some("s7.2"))
        );
        assert_eq!(&line[found.payload_at..], br#","page":"p1"}"#);
        let bare = envelope(br#"{"ts":0,"seq":1,"kind":"x"}"#).unwrap();
        assert_eq!((bare.step_id, bare.payload_at), (None, 26));
    }

    #[test]
    fn leaves_other_spellings_to_the_decoder() {
        for line in [
            r#"{"seq":1,"ts":0,"kind":"x"}"#,
            r#"{"ts":0.50,"seq":1,"kind":"x"}"#,
            r#"{"ts":1e3,"seq":1,"kind":"x"}"#,
            r#"{"ts":01,"seq":1,"kind":"x"}"#,
            r#"{"ts":0,"seq":0,"kind":"x"}"#,
            r#"{"ts":0,"seq":99999999999999999999,"kind":"x"}"#,
            r#"{"ts":0,"seq":1,"kind":"\u0041"}"#,
            r#"{"ts":0,"seq":1,"kind":"x","step_id":"a b"}"#,
            r#"{"ts":0,"seq":1,"kind":"x" }"#,
            r#"{"ts":0,"seq":1,"kind":"x"#,
            r#"{"ts":0.,"seq":1,"kind":"x"}"#,
            r#"{"ts":0.1234,"seq":1,"kind":"x"}"#,
        ] {
            assert_eq!(envelope(line.as_bytes()), None, "{line}");
        }
    }
}
