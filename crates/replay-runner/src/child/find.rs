//! The replay's own trace, once its processes have ended.

use std::path::{Path, PathBuf};

use trace_core::event::RunStart;
use trace_core::trace::{Select, SummaryBuilder};
use trace_core::{Kind, edge};

use crate::outcome::Child;

/// The trace that a replay wrote, and how it ended: `passed`, `failed`, `error` or `aborted`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FoundChild {
    pub(crate) child: Child,
    pub(crate) status: String,
    pub(crate) error: Option<String>,
}

/// Looks below the root that the replay was told to write to; `before` is what lay there already.
pub(crate) fn find(root: &Path, before: &[PathBuf], replay_id: &str) -> Option<FoundChild> {
    // A worker that was ended has left its trace unfinished.
    edge::recover(root, None, |_| {});
    let new = edge::trace_dirs(root).into_iter().filter(|dir| !before.contains(dir));
    let starts: Vec<(PathBuf, RunStart)> =
        new.filter_map(|dir| Some((dir.clone(), start_of(&dir)?))).collect();
    let names_us = |start: &RunStart| {
        start.extra.get("replay").is_some_and(|replay| replay["id"] == *replay_id)
    };
    let says = |start: &RunStart| start.extra.contains_key("replay");
    // A trace that speaks of another replay is another replay's, in a root that several share.
    let ours = starts.iter().find(|(_, start)| names_us(start));
    let (dir, start) = ours.or_else(|| starts.iter().rfind(|(_, start)| !says(start)))?;
    let mut builder = SummaryBuilder::default();
    let trace = edge::open_trace(dir).ok()?;
    trace.events().flatten().for_each(|event| builder.push(&event));
    let summary = builder.finish();
    Some(FoundChild {
        child: Child { trace_id: start.trace_id.to_string(), directory: dir.clone() },
        status: summary.status,
        error: summary.error,
    })
}

fn start_of(dir: &Path) -> Option<RunStart> {
    let trace = edge::open_trace(dir).ok()?;
    let event = trace.select(Select::all().kind(Kind::RunStart.as_str())).flatten().next()?;
    event.payload.read("run.start").ok()
}
