//! Wall time in one place, so that tests can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch. Signed, because SQL integers are.
pub type EpochMs = i64;

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// Stands still until a test moves it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that only [`Clock::advance`] moves.
    pub fn manual(start: EpochMs) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start)))
    }

    /// Now.
    pub fn now_ms(&self) -> EpochMs {
        match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Self::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock forward; the machine's clock is nobody's to move.
    pub fn advance(&self, ms: EpochMs) {
        if let Self::Manual(now) = self {
            now.fetch_add(ms, Ordering::SeqCst);
        }
    }
}

/// `2026-05-31T10:22:00.000Z`; a time outside years 0 to 9999 reads as the epoch.
pub fn rfc3339(ms: EpochMs) -> String {
    use time::format_description::well_known::Rfc3339;
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

/// Reads ISO 8601 with an offset, or a plain date as midnight UTC.
pub fn parse_rfc3339(text: &str) -> Option<EpochMs> {
    use time::format_description::well_known::Rfc3339;
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let at = time::OffsetDateTime::parse(&full, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_and_parse() {
        assert_eq!(rfc3339(1_780_222_920_000), "2026-05-31T10:22:00Z");
        assert_eq!(parse_rfc3339("2026-05-31T10:22:00Z"), Some(1_780_222_920_000));
        assert_eq!(parse_rfc3339("1970-01-02"), Some(86_400_000));
        assert_eq!(parse_rfc3339("yesterday"), None);
    }
}
