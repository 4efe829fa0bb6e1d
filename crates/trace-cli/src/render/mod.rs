//! Values to lines for people: pure, so that what is printed can be tested without a terminal.

mod clones;
mod diff;
mod documents;
mod list;
mod paint;
mod stats;
mod story;
mod units;

use serde_json::Value;
use trace_core::{Event, ndjson};

pub(crate) use diff::diff;
pub(crate) use list::list;
pub(crate) use paint::{Paint, plain};
pub(crate) use stats::stats;
pub(crate) use story::{Evidence, StepLine, location, story, told_lines};
pub(crate) use units::{bytes, duration};

/// An event as one JSON value, envelope included.
pub(crate) fn event_value(event: &Event) -> Value {
    let mut line = Vec::new();
    ndjson::encode(event, &mut line);
    serde_json::from_slice(&line).unwrap_or_default()
}
