//! `show`: one trace as a story, each claim with the event that proves it.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::json;
use trace_core::Event;
use trace_core::trace::{Step, StepStatus, StepTree};

use crate::args::{List, Place};
use crate::error::{CliError, DAMAGED};
use crate::render::{Evidence, StepLine, location, story};
use crate::source::{self, Found, OpenTrace};
use crate::{out, render};

/// More steps than this are a generated suite; the rest is one `query` away.
const MOST_STEPS: usize = 10_000;
/// Evidence beyond this repeats itself.
const MOST_EVIDENCE: usize = 200;

pub(crate) fn run(place: &Place, trace: Option<&str>) -> Result<u8, CliError> {
    let opened = match trace {
        Some(trace) => source::open(place, trace)?,
        None => newest_failure(place)?,
    };
    let told = gather(opened.as_ref())?;
    let mut out = out::results();
    if place.json {
        writeln!(out, "{}", as_json(&told))?;
    } else {
        write!(out, "{}", story(&told))?;
    }
    out.flush()?;
    Ok(if told.damage.is_empty() { 0 } else { DAMAGED })
}

fn newest_failure(place: &Place) -> Result<Box<dyn OpenTrace>, CliError> {
    let source = source::of(place)?;
    let rows = source.list(&List { status: None, signature: None, limit: 200 })?;
    let newest = rows.iter().find(|row| row.is_failure()).or_else(|| rows.first());
    let newest = newest
        .ok_or_else(|| CliError::NotFound { id: "newest".to_owned(), place: source.place() })?;
    source.open(&newest.id)
}

fn gather(trace: &dyn OpenTrace) -> Result<Evidence<'_>, CliError> {
    let steps = trace.events(Some("kind in (step.start, step.end)"), MOST_STEPS)?;
    let assertions = trace.events(Some("kind=assertion AND pass=false"), MOST_EVIDENCE)?;
    let requests = trace.events(
        Some("(kind=network.response AND status>=400) OR kind=network.failed"),
        MOST_EVIDENCE,
    )?;
    let console = trace.events(Some("kind=console.error"), MOST_EVIDENCE)?;
    let notices = trace.events(Some("kind=capture.notice"), MOST_EVIDENCE)?;
    let failing_assertion =
        if trace.row().is_failure() { assertions.events.last().cloned() } else { None };
    let mut damage = [&steps, &assertions, &requests, &console, &notices]
        .map(|found: &Found| found.damage.clone())
        .concat();
    damage.dedup();
    Ok(Evidence {
        row: trace.row(),
        steps: step_lines(&steps.events),
        failing_assertion,
        console_errors: console.events,
        failed_requests: requests.events,
        notices: notices.events,
        damage,
    })
}

/// The tree as lines, hooks and fixtures only where something inside them failed.
fn step_lines(events: &[Event]) -> Vec<StepLine> {
    let tree = StepTree::build(events);
    let places: BTreeMap<u64, String> = events
        .iter()
        .filter_map(|event| {
            Some((event.seq.get(), location(event.payload.field("location").as_ref())?))
        })
        .collect();
    let mut lines = Vec::new();
    tree.roots.iter().for_each(|root| descend(&tree, *root, 0, &places, &mut lines));
    lines
}

fn descend(
    tree: &StepTree,
    at: usize,
    depth: usize,
    places: &BTreeMap<u64, String>,
    lines: &mut Vec<StepLine>,
) {
    let Some(step) = tree.steps.get(at) else { return };
    let quiet =
        matches!(step.category.as_str(), "hook" | "fixture") && step.status != StepStatus::Failed;
    if quiet {
        return;
    }
    lines.push(step_line(step, depth, places));
    step.children.iter().for_each(|child| descend(tree, *child, depth + 1, places, lines));
}

fn step_line(step: &Step, depth: usize, places: &BTreeMap<u64, String>) -> StepLine {
    StepLine {
        depth,
        index: step.index,
        title: step.title.clone(),
        status: step.status.as_str().to_owned(),
        duration_ms: step.end_ms.map(|end| (end - step.start_ms).max(0.0)),
        error: step.error.clone(),
        location: places.get(&step.first_seq.get()).cloned(),
        seq: step.first_seq.get(),
    }
}

fn as_json(told: &Evidence<'_>) -> serde_json::Value {
    let lines = |events: &[Event]| events.iter().map(render::event_value).collect::<Vec<_>>();
    json!({
        "trace": told.row,
        "steps": told.steps,
        "failing_assertion": told.failing_assertion.as_ref().map(render::event_value),
        "failed_requests": lines(&told.failed_requests),
        "console_errors": lines(&told.console_errors),
        "notices": lines(&told.notices),
        "damage": told.damage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use trace_core::ndjson;

    fn check(lines: &str, expect: &[(&str, &str, usize)]) {
        let decoded = ndjson::decode(lines.as_bytes());
        let found = step_lines(&decoded.events);
        let found: Vec<_> = found
            .iter()
            .map(|line| (line.title.as_str(), line.status.as_str(), line.depth))
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn hooks_are_shown_only_when_they_failed() {
        check(
            concat!(
                r#"{"ts":0,"seq":1,"kind":"step.start","step_id":"h1","title":"Before Hooks","category":"hook","path":["Before Hooks"]}"#,
                "\n",
                r#"{"ts":1,"seq":2,"kind":"step.end","step_id":"h1","status":"passed","duration_ms":1}"#,
                "\n",
                r#"{"ts":2,"seq":3,"kind":"step.start","step_id":"s1","title":"Open","category":"test.step","index":1,"path":["Open"]}"#,
                "\n",
                r#"{"ts":3,"seq":4,"kind":"step.start","step_id":"s1.1","title":"Fill","category":"test.step","parent_id":"s1","path":["Open","Fill"]}"#,
                "\n",
                r#"{"ts":4,"seq":5,"kind":"step.end","step_id":"s1.1","status":"failed","duration_ms":1,"error":{"message":"no"}}"#,
                "\n",
                r#"{"ts":5,"seq":6,"kind":"step.end","step_id":"s1","status":"failed","duration_ms":3}"#,
                "\n",
            ),
            &[("Open", "failed", 0), ("Fill", "failed", 1)],
        );
    }
}
