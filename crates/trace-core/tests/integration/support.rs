//! What several topics need: golden traces, seeded numbers and made-up lines.

use std::path::PathBuf;

/// A file under `tests/fixtures/traces`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/traces").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The golden trace of the current format: every kind, every documented field.
pub(crate) fn golden() -> Vec<u8> {
    fixture("v1/failing-checkout.ndjson")
}

/// Repeatable numbers (xorshift64*); a failing case is found again by its seed.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

/// `n` canonical lines of mixed kinds, steps and sizes whose times wander a little.
pub(crate) fn lines(n: u64, seed: u64) -> Vec<u8> {
    let mut numbers = Numbers::new(seed);
    let kinds = ["action", "network.response", "dom.mutation", "console.log", "x.custom"];
    let mut out = Vec::new();
    for seq in 1..=n {
        let kind = if seq % 97 == 0 { "screenshot" } else { kinds[numbers.below(kinds.len())] };
        let ts = trace_core::Timestamp::from_us(seq * 1000 + numbers.next() % 5000);
        let step = match numbers.below(4) {
            0 => String::new(),
            _ => format!(",\"step_id\":\"s{}\"", seq / 60),
        };
        let (id, size) = (numbers.next(), numbers.below(300));
        let line = format!(
            "{{\"ts\":{ts},\"seq\":{seq},\"kind\":\"{kind}\"{step},\"id\":\"{id:x}\",\"text\":\"{}\"}}\n",
            "lorem ".repeat(size / 6)
        );
        out.extend_from_slice(line.as_bytes());
    }
    out
}
