//! What the words on the command line mean: a directory, a bundle, or the beginning of an id.

use std::path::{Path, PathBuf};

use trace_core::Kind;
use trace_core::edge;
use trace_core::trace::Select;

use crate::error::{Result, RunnerError};

/// Shorter beginnings fit too many traces by accident.
const SHORTEST_PREFIX: usize = 4;

/// Where a trace is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// In a directory of its own.
    Folder(PathBuf),
    /// In a bundle.
    Bundle(PathBuf),
}

/// Looks for a trace. A path that exists wins, because nobody names a file like an id by accident.
pub(crate) fn find(trace: &str, root: &Path) -> Result<Found> {
    let path = Path::new(trace);
    if path.is_dir() {
        return Ok(Found::Folder(path.to_owned()));
    }
    if path.is_file() {
        return Ok(of_file(path));
    }
    let dirs = edge::trace_dirs(root);
    let fits = |dir: &&PathBuf| {
        let id = dir.file_name().map(|name| name.to_string_lossy().into_owned());
        (trace.len() >= SHORTEST_PREFIX && id.is_some_and(|id| id.starts_with(trace)))
            || short_id(dir).is_some_and(|short| short == trace)
    };
    let found: Vec<&PathBuf> = dirs.iter().filter(fits).collect();
    match found.as_slice() {
        [dir] => Ok(Found::Folder((*dir).clone())),
        [] => Err(RunnerError::usage(format!(
            "no trace `{trace}` in `{}`; `molar-trace ls --root {}` lists what is there",
            root.display(),
            root.display()
        ))),
        several => Err(RunnerError::usage(format!(
            "{} traces in `{}` begin with `{trace}`; give more of the id",
            several.len(),
            root.display()
        ))),
    }
}

/// A trace's own file stands for its directory; any other file has to be a bundle.
fn of_file(path: &Path) -> Found {
    let parent = path.parent().filter(|_| path.ends_with("trace.ndjson.zst"));
    parent.map_or_else(
        || Found::Bundle(path.to_owned()),
        |dir| Found::Folder(if dir.as_os_str().is_empty() { ".".into() } else { dir.to_owned() }),
    )
}

fn short_id(dir: &Path) -> Option<String> {
    let trace = edge::open_trace(dir).ok()?;
    let start = trace.select(Select::all().kind(Kind::RunStart.as_str())).flatten().next()?;
    start.payload.field("short_id")?.as_str().map(str::to_owned)
}
