//! Bytes to lines, with their numbers and places.

/// One line without its line break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1.
    pub number: u64,
    /// Where it begins in the bytes.
    pub offset: u64,
    /// The line's bytes.
    pub bytes: &'a [u8],
    /// Whether a line break followed; false only for a last line that was cut short.
    pub ended: bool,
}

/// Iterates over the lines of some bytes; an empty rest is no line.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
    base: u64,
}

impl<'a> Lines<'a> {
    /// The lines of `bytes`, numbered from 1, at offset 0.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::continued(bytes, 0, 0)
    }

    /// The lines of a later part: `lines_before` lines and `offset` bytes stand before it.
    pub fn continued(bytes: &'a [u8], lines_before: u64, offset: u64) -> Self {
        Self { bytes, at: 0, number: lines_before, base: offset }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest);
        let offset = self.base + self.at as u64;
        let bytes = &rest[..end.unwrap_or(rest.len())];
        self.at += bytes.len() + 1;
        self.number += 1;
        Some(Line { number: self.number, offset, bytes, ended: end.is_some() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_bytes() {
        let lines: Vec<_> = Lines::continued(b"ab\n\nc", 5, 100).collect();
        let told: Vec<_> = lines.iter().map(|l| (l.number, l.offset, l.bytes, l.ended)).collect();
        assert_eq!(
            told,
            [(6, 100, &b"ab"[..], true), (7, 103, &b""[..], true), (8, 104, &b"c"[..], false)]
        );
        assert_eq!(Lines::new(b"").count(), 0);
    }
}
