//! Traces in a folder that a recorder wrote, finished or not.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use trace_core::blob::{ArtifactName, BlobId, ObjectKey, decode_stored};
use trace_core::edge::{self, LocalTrace};
use trace_core::ndjson;
use trace_core::query::{Context, Query, StepIndex};
use trace_core::trace::{ArtifactRef, Manifest, Summary, SummaryBuilder, TraceReader};

use super::{FailedStep, Found, OpenTrace, Row, Source, rfc3339};
use crate::args::List;
use crate::error::CliError;

/// The recorder's folder.
#[derive(Debug)]
pub(crate) struct LocalSource {
    root: PathBuf,
}

impl LocalSource {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder of a trace by path or by id.
    pub(crate) fn folder(&self, trace: &str) -> Result<PathBuf, CliError> {
        let path = Path::new(trace);
        if !path.is_dir() {
            return self.named(trace);
        }
        std::path::absolute(path).map_err(|error| unreadable(path, error))
    }

    fn named(&self, id: &str) -> Result<PathBuf, CliError> {
        let found = self.rows().into_iter().find(|row| row.id == id || row.short_id == id);
        let dir = found.and_then(|row| row.folder).map(PathBuf::from);
        dir.ok_or_else(|| CliError::NotFound { id: id.to_owned(), place: self.place() })
    }

    /// Every trace below the root; one that cannot be read is told and passed over, so that it hides no other.
    fn rows(&self) -> Vec<Row> {
        let row = |dir: PathBuf| match row_of(&dir) {
            Ok(row) => Some(row),
            Err(error) => {
                crate::out::problem(&error);
                None
            }
        };
        let mut rows: Vec<Row> = edge::trace_dirs(&self.root).into_iter().filter_map(row).collect();
        rows.sort_by(|a, b| b.created_at.cmp(&a.created_at));
        rows
    }
}

impl Source for LocalSource {
    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn list(&self, wanted: &List) -> Result<Vec<Row>, CliError> {
        let fits = |row: &Row| {
            wanted.status.as_ref().is_none_or(|status| *status == row.status)
                && wanted
                    .signature
                    .as_ref()
                    .is_none_or(|slug| row.failure_signature.as_ref() == Some(slug))
        };
        Ok(self.rows().into_iter().filter(fits).take(wanted.limit).collect())
    }

    fn open(&self, id: &str) -> Result<Box<dyn OpenTrace>, CliError> {
        open_path(&self.named(id)?)
    }
}

/// How many traces under `root` wait for `recover`.
pub(crate) fn unfinished(root: &Path) -> usize {
    edge::trace_dirs(root).iter().filter(|dir| !dir.join("summary.json").is_file()).count()
}

/// A trace folder or file.
pub(crate) fn open_path(path: &Path) -> Result<Box<dyn OpenTrace>, CliError> {
    let trace = edge::open_trace(path).map_err(|error| unreadable(path, error))?;
    let row = row_from(&summary_of(path, &trace), path);
    Ok(Box::new(OpenLocal { trace, row, dir: path.to_owned() }))
}

fn unreadable(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> CliError {
    CliError::Read { path: path.to_owned(), source: Box::new(source) }
}

fn row_of(dir: &Path) -> Result<Row, CliError> {
    if let Some(summary) = stored_summary(dir) {
        return Ok(row_from(&summary, dir));
    }
    Ok(open_path(dir)?.row().clone())
}

fn stored_summary(dir: &Path) -> Option<Summary> {
    let bytes = std::fs::read(dir.join("summary.json")).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn summary_of(path: &Path, trace: &TraceReader<LocalTrace>) -> Summary {
    stored_summary(path).unwrap_or_else(|| {
        let mut builder = SummaryBuilder::default();
        trace.events().flatten().for_each(|event| builder.push(&event));
        builder.finish()
    })
}

fn row_from(summary: &Summary, path: &Path) -> Row {
    Row {
        id: summary.trace_id.clone(),
        short_id: summary.short_id.clone(),
        scenario_slug: summary.scenario.slug.clone(),
        scenario_title: summary.scenario.title.clone(),
        project: summary.project.clone(),
        run_id: summary.run_id.clone(),
        retry: u32::try_from(summary.retry).unwrap_or_default(),
        status: summary.status.clone(),
        source: summary.source.clone(),
        duration_ms: Some(summary.duration_ms),
        failure_signature: summary.signature.as_ref().map(|signature| signature.slug.clone()),
        failed_step: summary.failed_step.as_ref().map(|step| FailedStep {
            index: step.index.and_then(|index| u32::try_from(index).ok()),
            id: step.id.clone(),
            title: step.title.clone(),
        }),
        created_at: rfc3339(summary.wall_ms as f64 * 1000.0),
        bytes: Some(bytes_of(path)),
        events: Some(summary.total_lines),
        archived: path.join("trace.ndjson.zst").is_file(),
        viewable: true,
        folder: Some(path.display().to_string()),
    }
}

/// What the trace takes on disk, its shared blobs not counted.
fn bytes_of(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return path.metadata().map_or(0, |meta| meta.len());
    };
    entries.flatten().map(|entry| bytes_of(&entry.path())).sum()
}

struct OpenLocal {
    trace: TraceReader<LocalTrace>,
    row: Row,
    /// The trace's folder, or the file that was named.
    dir: PathBuf,
}

/// The recorder's folder above a trace's: seven levels up from the documented layout.
pub(crate) fn root_of(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    let dir = if dir.is_dir() { dir } else { dir.parent()?.to_owned() };
    let runs = dir.ancestors().nth(5)?;
    let is_layout = runs.ends_with(Path::new("traces").join("runs"));
    is_layout.then(|| runs.ancestors().nth(2).map(Path::to_owned)).flatten()
}

/// No blob of a recorder is larger.
const MOST_BLOB_BYTES: usize = 1 << 30;

/// A blob under a recorder's folder.
pub(crate) fn read_blob(root: &Path, id: &BlobId) -> Result<Option<Vec<u8>>, CliError> {
    let path = root.join(ObjectKey::blob(id).as_str());
    let stored = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| unreadable(&path, error))?,
    };
    let raw = decode_stored(id, &stored, MOST_BLOB_BYTES);
    raw.map(Some).map_err(|error| unreadable(&path, error))
}

impl OpenTrace for OpenLocal {
    fn row(&self) -> &Row {
        &self.row
    }

    fn events(&self, query: Option<&str>, limit: usize) -> Result<Found, CliError> {
        let query = query.unwrap_or_default();
        let parsed = if query.is_empty() { Ok(Query::all()) } else { Query::parse(query) };
        let parsed = parsed.map_err(|error| CliError::Query { rendered: error.render(query) })?;
        let mut found = Found { events: Vec::new(), damage: self.damage() };
        let mut steps = StepIndex::default();
        for item in self.trace.events() {
            match item {
                Ok(event) => {
                    steps.observe(&event);
                    if parsed.matches(&event, &Context { steps: Some(&steps) })
                        && found.events.len() < limit
                    {
                        found.events.push(event);
                    }
                }
                Err(told) => found.damage.push(told.to_string()),
            }
        }
        Ok(found)
    }

    fn copy_lines(&self, out: &mut dyn Write) -> Result<Vec<String>, CliError> {
        let (mut damage, mut line) = (self.damage(), Vec::new());
        for item in self.trace.events() {
            match item {
                Ok(event) => {
                    line.clear();
                    ndjson::encode(&event, &mut line);
                    out.write_all(&line)?;
                }
                Err(told) => damage.push(told.to_string()),
            }
        }
        Ok(damage)
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Vec<u8>>, CliError> {
        root_of(&self.dir).map_or(Ok(None), |root| read_blob(&root, id))
    }

    fn artifacts(&self) -> Result<Vec<ArtifactRef>, CliError> {
        let path = self.dir.join("manifest.json");
        let manifest = std::fs::read(&path).ok();
        let manifest = manifest.and_then(|text| serde_json::from_slice::<Manifest>(&text).ok());
        Ok(manifest.map(|manifest| manifest.artifacts).unwrap_or_default())
    }

    fn copy_artifact(&self, name: &ArtifactName, out: &mut dyn Write) -> Result<bool, CliError> {
        let path = self.dir.join(name.as_str());
        let mut file = match std::fs::File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            other => other.map_err(|error| unreadable(&path, error))?,
        };
        std::io::copy(&mut file, out)?;
        Ok(true)
    }

    fn blobs_of_others(&self) -> Option<BTreeSet<String>> {
        let (root, dir) = (root_of(&self.dir)?, self.dir.canonicalize().ok()?);
        let others = edge::trace_dirs(&root).into_iter().filter(|other| *other != dir);
        Some(others.flat_map(|other| edge::blobs_needed(&other)).collect())
    }
}

impl OpenLocal {
    fn damage(&self) -> Vec<String> {
        self.trace.diagnostics().iter().map(ToString::to_string).collect()
    }
}
