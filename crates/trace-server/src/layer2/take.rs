//! The child trace, from the folder that the replay wrote to into the store, by the way of every bundle.

use std::path::Path;
use std::sync::Arc;

use trace_core::TraceId;
use trace_core::edge::{BundleOptions, write_bundle};

use crate::app::App;
use crate::error::AppError;
use crate::ingest;
use crate::org::OrgScope;

/// Takes the trace in `dir` over; its `run.start` names its parent.
pub(super) async fn take(
    app: &Arc<App>,
    org: &OrgScope,
    dir: &Path,
    place: &Path,
    with_vault: bool,
) -> Result<TraceId, AppError> {
    let (dir, file) = (dir.to_owned(), place.join("child.tar.zst"));
    let bundle = file.clone();
    tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
        let out = std::io::BufWriter::new(std::fs::File::create(&bundle)?);
        write_bundle(&[dir], BundleOptions { with_vault }, out, |_, _| {})?;
        Ok(())
    })
    .await??;
    Ok(ingest::take_bundle_file(app, org, file).await?.record.trace.id)
}
