//! Two clocks, one axis: monotonic microseconds since `run.start`, and the wall clock that anchors them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Milliseconds since the Unix epoch by the wall clock; stands once, in `run.start.wall_ms`.
pub type WallMs = u64;

/// Why a number is no timestamp.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeError {
    /// Negative, not finite, or beyond 2^53 microseconds (285 years).
    #[error("ts `{0}` is not a number of milliseconds between 0 and 9007199254740")]
    OutOfRange(String),
}

/// Time on the trace's axis: microseconds since `run.start`; written as milliseconds with at most three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

/// JavaScript's largest exact integer, in microseconds: both languages print every value below alike.
const MAX_US: u64 = 1 << 53;

impl Timestamp {
    /// The moment of `run.start`.
    pub const ZERO: Self = Self(0);

    /// From whole microseconds, capped at 2^53.
    pub const fn from_us(us: u64) -> Self {
        Self(if us > MAX_US { MAX_US } else { us })
    }

    /// From milliseconds, rounded to microseconds.
    pub fn from_ms(ms: f64) -> Result<Self, TimeError> {
        let us = (ms * 1000.0).round();
        // The bound is exact in f64 and `us` is a whole number inside it.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounds are checked on this line"
        )]
        if us.is_finite() && (0.0..=MAX_US as f64).contains(&us) {
            Ok(Self(us as u64))
        } else {
            Err(TimeError::OutOfRange(ms.to_string()))
        }
    }

    /// Whole microseconds.
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Milliseconds with their fraction.
    pub fn as_ms(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::OutOfRange(text.to_owned());
        text.parse::<f64>().map_err(|_| bad()).and_then(|ms| Self::from_ms(ms).map_err(|_| bad()))
    }
}

impl fmt::Display for Timestamp {
    /// `1234.567`, `1234.5`, `1234`: what JavaScript prints for the same number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ms, us) = (self.0 / 1000, self.0 % 1000);
        match us {
            0 => write!(f, "{ms}"),
            us if us % 100 == 0 => write!(f, "{ms}.{}", us / 100),
            us if us % 10 == 0 => write!(f, "{ms}.{:02}", us / 10),
            us => write!(f, "{ms}.{us:03}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_javascript_does() {
        for (us, text) in [
            (0, "0"),
            (1, "0.001"),
            (1_234_500, "1234.5"),
            (1_234_560, "1234.56"),
            (1_234_567, "1234.567"),
            (5_000, "5"),
        ] {
            assert_eq!(Timestamp::from_us(us).to_string(), text);
            assert_eq!(text.parse::<Timestamp>(), Ok(Timestamp::from_us(us)));
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for bad in ["-1", "NaN", "inf", "1e300", "soon"] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }
}
