//! The members of the archive: JSON lines, a call's beginning and its end apart.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Call, RunnerStep, Tape};
use crate::event::WallMs;
use crate::scan;

/// The line by which a call begins.
#[derive(Deserialize)]
struct Before {
    #[serde(rename = "callId")]
    call_id: String,
    #[serde(rename = "stepId")]
    step_id: Option<String>,
    #[serde(rename = "parentId")]
    parent_id: Option<String>,
    #[serde(rename = "startTime", default)]
    start_time: f64,
    #[serde(default)]
    class: String,
    #[serde(default)]
    method: String,
    title: Option<String>,
    #[serde(default)]
    params: Value,
}

/// The line by which it ends.
#[derive(Deserialize)]
struct After {
    #[serde(rename = "callId")]
    call_id: String,
    #[serde(rename = "endTime")]
    end_time: Option<f64>,
    result: Option<Value>,
    error: Option<Value>,
}

/// The first line of a member.
#[derive(Deserialize)]
struct ContextOptions {
    version: Option<u64>,
    #[serde(rename = "wallTime")]
    wall_time: Option<f64>,
    #[serde(rename = "monotonicTime")]
    monotonic_time: Option<f64>,
}

/// The class under which the runner records its own steps.
const RUNNER: &str = "Test";

/// Whether the archive's member of that name holds calls.
pub fn holds_calls(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == "trace")
}

/// Reads the members that hold calls, each under its name, of a trace that began at `wall_ms`.
pub fn parse<'m>(members: impl IntoIterator<Item = (&'m str, &'m [u8])>, wall_ms: WallMs) -> Tape {
    let mut tape = Tape::default();
    for (_, bytes) in members.into_iter().filter(|(name, _)| holds_calls(name)) {
        member(bytes, wall_ms as f64, &mut tape);
    }
    // Contexts have members of their own, with one clock.
    tape.calls.sort_by(|a, b| time(a).total_cmp(&time(b)));
    for (ordinal, call) in tape.calls.iter_mut().enumerate() {
        call.ordinal = ordinal;
    }
    tape.runner.sort_by(|a, b| a.start.total_cmp(&b.start));
    tape.versions.sort_unstable();
    tape.versions.dedup();
    tape
}

fn time(call: &Call) -> f64 {
    call.start_ms.unwrap_or(f64::MAX)
}

fn member(bytes: &[u8], wall_ms: f64, tape: &mut Tape) {
    // What has to be added to the member's times to come to the trace's axis.
    let mut shift = None;
    let mut open: HashMap<String, usize> = HashMap::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        let kind = scan::string_field(line, "type").unwrap_or_default();
        let known = match &*kind {
            "context-options" => context(line, wall_ms, &mut shift, tape),
            "before" => before(line, shift, tape, &mut open),
            "after" => after(line, shift, tape, &mut open),
            // Pictures, logs, events and copies of the page are no calls.
            "" => None,
            _ => Some(()),
        };
        tape.unread += usize::from(known.is_none());
    }
}

/// Nested deeper than 128 levels it is refused like any other line that cannot be read.
fn read<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}

fn context(line: &[u8], wall_ms: f64, shift: &mut Option<f64>, tape: &mut Tape) -> Option<()> {
    let options: ContextOptions = read(line)?;
    tape.versions.extend(options.version);
    if let (Some(wall), Some(monotonic)) = (options.wall_time, options.monotonic_time) {
        *shift = Some(wall - monotonic - wall_ms);
    }
    Some(())
}

fn before(
    line: &[u8],
    shift: Option<f64>,
    tape: &mut Tape,
    open: &mut HashMap<String, usize>,
) -> Option<()> {
    let begun: Before = read(line)?;
    if begun.class == RUNNER {
        tape.runner.push(RunnerStep {
            id: begun.call_id,
            parent: begun.parent_id,
            category: begun.method,
            title: begun.title.unwrap_or_default(),
            start: begun.start_time,
        });
        return Some(());
    }
    if open.contains_key(&begun.call_id) {
        return None;
    }
    open.insert(begun.call_id.clone(), tape.calls.len());
    tape.calls.push(Call {
        ordinal: 0,
        // The runner's view of a call has the call's own id, or before 1.60 one that the call names.
        runner_step: Some(begun.step_id.unwrap_or_else(|| begun.call_id.clone())),
        call_id: begun.call_id,
        class: begun.class,
        method: begun.method,
        params: begun.params,
        result: None,
        error: None,
        unfinished: true,
        title: begun.title,
        start_ms: shift.map(|shift| begun.start_time + shift),
        end_ms: None,
        step_id: None,
        step: None,
    });
    Some(())
}

fn after(
    line: &[u8],
    shift: Option<f64>,
    tape: &mut Tape,
    open: &mut HashMap<String, usize>,
) -> Option<()> {
    let ended: After = read(line)?;
    let Some(at) = open.get(&ended.call_id) else {
        // The ends of the runner's own steps say nothing that the steps of the trace do not say.
        let is_step = tape.runner.iter().any(|step| step.id == ended.call_id);
        return is_step.then_some(());
    };
    let call = &mut tape.calls[*at];
    call.unfinished = false;
    call.result = ended.result;
    call.error = ended.error;
    call.end_ms = ended.end_time.zip(shift).map(|(end, shift)| end + shift);
    Some(())
}
