//! The replay's own trace, once its processes have ended.

use std::path::{Path, PathBuf};

use trace_core::trace::{Select, SummaryBuilder};
use trace_core::{Event, Kind, edge};

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
    let starts: Vec<(PathBuf, Event)> =
        new.filter_map(|dir| Some((dir.clone(), start_of(&dir)?))).collect();
    // A trace that names another replay is another's, in a root that several share; one that names none was recorded without being replayed.
    let names = |event: &Event| event.payload.field("replay.id");
    let own = starts.iter().filter(|(_, event)| names(event).is_some_and(|id| id == replay_id));
    // A spec may ask for further attempts of a test that failed. They are recorded too, but the first one is the replay.
    let begun = |(_, event): &&(PathBuf, Event)| event.payload.field("wall_ms")?.as_u64();
    let (dir, start) = own.min_by_key(begun)?;
    let mut builder = SummaryBuilder::default();
    let trace = edge::open_trace(dir).ok()?;
    trace.events().flatten().for_each(|event| builder.push(&event));
    let summary = builder.finish();
    let trace_id = start.payload.field("trace_id")?.as_str()?.to_owned();
    Some(FoundChild {
        child: Child { trace_id, directory: dir.clone() },
        status: summary.status,
        error: summary.error,
    })
}

fn start_of(dir: &Path) -> Option<Event> {
    let trace = edge::open_trace(dir).ok()?;
    trace.select(Select::all().kind(Kind::RunStart.as_str())).flatten().next()
}
