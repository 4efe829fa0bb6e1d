//! Two traces of one organisation laid side by side: what `molar-trace diff` tells, dimension by dimension, and their documents.

mod documents;

use std::sync::Arc;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;
use trace_core::blob::BlobId;
use trace_core::diff::{self, CompareOptions, Compared, DomRow, Side, rows_of, step_ends};
use trace_core::ndjson::{Lines, decode_line, envelope};
use trace_core::{Event, TraceId};
use utoipa::ToSchema;

use crate::app::App;
use crate::catalog::TraceRecord;
use crate::error::{AppError, Refusal};
use crate::org::OrgScope;
use crate::read::{self, ReadFailure, Source};
use crate::routes::blobs::content;

/// What of two traces is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Steps and how they came out.
    Steps,
    /// Requests and their answers.
    Network,
    /// Console lines.
    Console,
    /// States of simulators.
    Clones,
    /// Documents at the end of each top-level step.
    Dom,
    /// Edits that replays were carried out with.
    Patch,
}

impl From<Dimension> for diff::Dimension {
    fn from(dimension: Dimension) -> Self {
        match dimension {
            Dimension::Steps => Self::Steps,
            Dimension::Network => Self::Network,
            Dimension::Console => Self::Console,
            Dimension::Clones => Self::Clones,
            Dimension::Dom => Self::Dom,
            Dimension::Patch => Self::Patch,
        }
    }
}

/// Everything but documents when no dimension is named: those have to be rebuilt.
pub async fn compare(
    app: &Arc<App>,
    org: &OrgScope,
    (a, b): (&TraceRecord, &TraceRecord),
    options: CompareOptions,
) -> Result<Value, AppError> {
    let documents = if options.dimension == Some(diff::Dimension::Dom) {
        Some((documents::extract(app, org, a).await?, documents::extract(app, org, b).await?))
    } else {
        None
    };
    let (a, b) = (One::load(app, org, a.trace.id).await?, One::load(app, org, b.trace.id).await?);
    // Comparing is work for a processor, and each blob is fetched when it is needed.
    let compared = tokio::task::spawn_blocking(move || -> Result<Value, AppError> {
        let (a_blob, b_blob) = (|id: &BlobId| a.blob(id), |id: &BlobId| b.blob(id));
        let sides =
            (Side { events: &a.events, blob: &a_blob }, Side { events: &b.events, blob: &b_blob });
        let dom = match documents {
            Some((left, right)) => dom_rows((&a.events, &left), (&b.events, &right), options.step)?,
            None => Vec::new(),
        };
        Ok(Compared::with_documents(&sides.0, &sides.1, &options, dom).to_json()?)
    });
    compared.await?
}

/// Out of extracts, in which each segment begins with a keyframe: no document is rebuilt from its beginning.
fn dom_rows(
    a: (&[Event], &[u8]),
    b: (&[Event], &[u8]),
    step: Option<u64>,
) -> Result<Vec<DomRow>, AppError> {
    let of = |(events, extract): (&[Event], &[u8])| {
        let ends = step_ends(events, step);
        let times: Vec<f64> = ends.iter().map(|end| end.end_ms).collect();
        let documents = documents::documents(extract, &times)?;
        Ok::<_, AppError>((ends, documents))
    };
    let (a, b) = (of(a)?, of(b)?);
    Ok(rows_of((&a.0, &a.1), (&b.0, &b.1)))
}

/// One of the two, in memory.
struct One {
    events: Vec<Event>,
    app: Arc<App>,
    org: OrgScope,
    trace: TraceId,
    handle: Handle,
}

impl One {
    async fn load(app: &Arc<App>, org: &OrgScope, trace: TraceId) -> Result<Self, AppError> {
        let limit = app.config.limits.scan_events;
        let read = read::read(app, org, trace, move |source| events(source, limit)).await?;
        let events = read.ok_or_else(|| too_many(trace, limit))?;
        let (app, org) = (Arc::clone(app), org.clone());
        Ok(Self { events, app, org, trace, handle: Handle::current() })
    }

    /// A blob of this trace; one that cannot be had is compared by its digest.
    fn blob(&self, id: &BlobId) -> Option<Vec<u8>> {
        let reading = async {
            let row =
                self.app.catalog.trace_blob(&self.org, self.trace, &id.hex()).await.ok()??;
            let is_small = row.size <= MAX_BODY_BYTES;
            if is_small { content(&self.app, *id).await.ok() } else { None }
        };
        self.handle.block_on(reading).map(|bytes| bytes.to_vec())
    }
}

/// Larger bodies are compared by their digests.
const MAX_BODY_BYTES: u64 = 16 << 20;

/// None when there are more than the limit.
fn events(source: &Source, limit: u64) -> Result<Option<Vec<Event>>, ReadFailure> {
    let mut events = Vec::new();
    for n in 0..source.n_frames() {
        for line in Lines::new(&source.lines(n)?) {
            // Documents are compared out of the extract, pictures and films not at all.
            let is_wanted = envelope(line.bytes).is_none_or(|head| !head.kind.starts_with("dom."));
            if is_wanted && let Ok(event) = decode_line(line.bytes) {
                events.push(event);
            }
        }
        if events.len() as u64 > limit {
            return Ok(None);
        }
    }
    Ok(Some(events))
}

fn too_many(trace: TraceId, limit: u64) -> AppError {
    let message = format!("trace `{trace}` has more than {limit} events, too many to compare here");
    let detail = "fetch both traces and compare them with `molar-trace diff`";
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "too_large", message, detail)
        .with("limit", limit)
        .into()
}
