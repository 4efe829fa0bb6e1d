//! Versions: an older line is brought up to date one version at a time, a newer trace is refused by name.

use super::Diagnostic;
use crate::event::{Event, FORMAT_VERSION, Kind};

/// The format that a `run.start` declares; `None` for any other event.
///
/// Errors: `from_the_future` when it is newer than this crate, `wrong_type` when it is no number from 1.
pub fn format_of(event: &Event) -> Result<Option<u32>, Diagnostic> {
    if event.kind != Kind::RunStart {
        return Ok(None);
    }
    let Some(text) = event.payload.field_text("format") else {
        return Err(Diagnostic::missing_key("format"));
    };
    match text.parse::<u64>() {
        Ok(found) if found > u64::from(FORMAT_VERSION) => {
            Err(Diagnostic::from_the_future(found, FORMAT_VERSION))
        }
        Ok(found) if found > 0 => Ok(u32::try_from(found).ok()),
        _ => Err(Diagnostic::wrong_type("format", "a whole number from 1", text, 0)),
    }
}

/// One step of the ladder: an event of version n becomes one of version n + 1.
type Upgrade = fn(Event) -> Event;

/// `UPGRADES[n - 1]` leads from version n to n + 1, so there is one entry less than there are versions.
const UPGRADES: [Upgrade; FORMAT_VERSION as usize - 1] = [];

/// The event as this version would have written it.
pub(super) fn upgrade(event: Event, from: u32) -> Event {
    let done = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
    UPGRADES.iter().skip(done).fold(event, |event, step| step(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ndjson::{Code, decode_line};

    fn check(format: &str, want: Result<Option<u32>, Code>) {
        let line = format!(r#"{{"ts":0,"seq":1,"kind":"run.start"{format}}}"#);
        let event = decode_line(line.as_bytes()).unwrap();
        assert_eq!(format_of(&event).map_err(|d| d.code), want, "{format}");
    }

    #[test]
    fn names_both_versions() {
        check(r#","format":1"#, Ok(Some(1)));
        check(r#","format":7"#, Err(Code::FromTheFuture));
        check(r#","format":0"#, Err(Code::WrongType));
        check(r#","format":"1""#, Err(Code::WrongType));
        check("", Err(Code::MissingKey));
        let message = Diagnostic::from_the_future(7, 1).message;
        assert!(message.contains("`7`") && message.contains("`1`"), "{message}");
    }
}
