//! From durable bytes back to events: the same answer whatever form the trace is stored in.

mod cut;
mod source;
mod store_file;

use std::sync::Arc;

use trace_core::TraceId;

pub use cut::{Line, Page, SliceRequest};
pub use source::{ReadFailure, Source};

use crate::app::App;
use crate::catalog::TraceRef;
use crate::error::AppError;
use crate::org::OrgScope;

/// How often a trace may change its form under a reader before the reader gives up.
const TRIES: u32 = 5;

/// Cuts a slice out of a trace.
pub async fn slice(
    app: &Arc<App>,
    org: &OrgScope,
    id: TraceId,
    request: SliceRequest,
) -> Result<Page, AppError> {
    let budget = app.config.limits.scan_events;
    let request = Arc::new(request);
    read(app, org, id, move |source| cut::cut(source, &request, budget)).await
}

/// Opens the trace in the form it is stored in now and reads it on a thread of its own. When the form changes underneath (chunks
/// are joined, the file is replaced by its archive), the reading begins again.
pub async fn read<T, F>(app: &Arc<App>, org: &OrgScope, id: TraceId, work: F) -> Result<T, AppError>
where
    T: Send + 'static,
    F: Fn(&Source) -> Result<T, ReadFailure> + Clone + Send + 'static,
{
    for _ in 0..TRIES {
        let found = app.catalog.find_trace(org, &TraceRef::Id(id)).await?;
        let record = found.ok_or_else(AppError::not_found)?;
        let opening = source::prepare(app, org, &record).await?;
        let work = work.clone();
        let done = tokio::task::spawn_blocking(move || work(&opening.open()?)).await?;
        match done {
            Ok(result) => return Ok(result),
            Err(error) if error.is_stale() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(anyhow::anyhow!("trace `{id}` changed its form under {TRIES} readings").into())
}
