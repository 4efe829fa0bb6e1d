//! Values to lines for people: pure, so that what is printed can be tested without a terminal.

mod list;
mod stats;
mod story;

use serde_json::Value;
use trace_core::{Event, ndjson};

pub(crate) use list::list;
pub(crate) use stats::stats;
pub(crate) use story::{Evidence, StepLine, location, story, told_lines};
pub(crate) use trace_render::{Paint, bytes, diff, duration, plain};

/// An event as one JSON value, envelope included.
pub(crate) fn event_value(event: &Event) -> Value {
    let mut line = Vec::new();
    ndjson::encode(event, &mut line);
    serde_json::from_slice(&line).unwrap_or_default()
}
