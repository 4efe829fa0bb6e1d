//! When to try again: full jitter, so that a thousand workers do not return at the same moment.

/// The wait after one failure is drawn from 0 to this; it doubles with every further one.
const BASE_MS: u64 = 200;
/// No wait is drawn from more than this.
const CAP_MS: u64 = 30_000;
/// A server that asks for more patience than this is not obeyed beyond it.
const MAX_RETRY_AFTER_MS: u64 = 300_000;

/// Consecutive failures and the seeded source of jitter.
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    /// No failure yet. Equal seeds give equal waits, so tests repeat exactly.
    pub const fn new(seed: u64) -> Self {
        Self { failures: 0, random: seed }
    }

    /// Failures since the last success.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// An answer came: the next failure starts from the shortest wait again.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// How many milliseconds to wait after one more failure; never less than the server's `Retry-After`.
    pub fn failed(&mut self, retry_after_ms: Option<u64>) -> u64 {
        let ceiling = CAP_MS.min(BASE_MS.saturating_mul(1 << self.failures.min(20)));
        self.failures = self.failures.saturating_add(1);
        let jittered = 1 + self.draw() % ceiling;
        jittered.max(retry_after_ms.unwrap_or(0).min(MAX_RETRY_AFTER_MS))
    }

    /// `SplitMix64`: enough for jitter, and no dependency.
    const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_stay_inside_it() {
        let mut backoff = Backoff::new(7);
        for failure in 0..40_u32 {
            let ceiling = CAP_MS.min(BASE_MS << failure.min(20));
            let wait = backoff.failed(None);
            assert!((1..=ceiling).contains(&wait), "failure {failure} waits {wait} of {ceiling}");
        }
        backoff.succeeded();
        assert!(backoff.failed(None) <= BASE_MS);
    }

    #[test]
    fn retry_after_is_a_lower_bound_with_an_end() {
        assert!(Backoff::new(1).failed(Some(10_000)) >= 10_000);
        assert_eq!(Backoff::new(1).failed(Some(u64::MAX)), MAX_RETRY_AFTER_MS);
    }

    #[test]
    fn seeds_differ_and_repeat() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..8).map(|_| backoff.failed(None)).collect::<Vec<_>>()
        };
        assert_eq!(waits(3), waits(3));
        assert_ne!(waits(3), waits(4));
    }
}
