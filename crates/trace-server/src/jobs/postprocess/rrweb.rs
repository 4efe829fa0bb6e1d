//! `rrweb-events.ndjson.zst`: the recorded pages in segments that a player can begin at, with the addresses they need looked up.

use std::sync::Arc;

use tokio::runtime::Handle;
use trace_core::TraceId;
use trace_core::blob::BlobId;
use trace_core::dom::{Contents, Extract, RecordedPages, TemplateError, write_extract};
use trace_core::event::{Content, ContentData};
use trace_core::ndjson::{Lines, decode_line, envelope};

use super::Work;
use crate::app::App;
use crate::error::AppError;
use crate::org::OrgScope;
use crate::read::{self, ReadFailure, Source};
use crate::routes::blobs::content;

/// Writes the extract; answers what it says in sum.
pub(super) async fn rrweb(work: &Work<'_>) -> Result<Extract, AppError> {
    let Work { app, job, prefix, .. } = work;
    let mut recorded = read::read(app, &job.org, job.trace, pages).await?;
    let handle = Handle::current();
    let mut contents =
        Stored { app: Arc::clone(app), org: job.org.clone(), trace: job.trace, handle };
    // Rebuilding documents is work for a processor, and each blob is fetched when it is needed.
    let writing = tokio::task::spawn_blocking(move || write_extract(&mut recorded, &mut contents));
    let mut extract = writing.await??;
    let bytes = std::mem::take(&mut extract.bytes);
    work.publish_file("rrweb-events.ndjson.zst", &prefix.rrweb(), bytes.into()).await?;
    Ok(extract)
}

fn pages(source: &Source) -> Result<RecordedPages, ReadFailure> {
    let mut recorded = RecordedPages::default();
    for n in 0..source.n_frames() {
        for line in Lines::new(&source.lines(n)?) {
            let is_wanted = envelope(line.bytes).is_none_or(|head| is_wanted(head.kind));
            if let Some(event) = is_wanted.then(|| decode_line(line.bytes).ok()).flatten() {
                recorded.push(&event);
            }
        }
    }
    Ok(recorded)
}

fn is_wanted(kind: &str) -> bool {
    ["dom.", "network.", "step."].iter().any(|start| kind.starts_with(start))
}

/// Bytes of the largest document that is rebuilt; the recorder takes no more in one batch either.
const MAX_DOCUMENT_BYTES: usize = 256 << 20;

/// Contents of one trace, on a thread that may wait.
struct Stored {
    app: Arc<App>,
    org: OrgScope,
    trace: TraceId,
    handle: Handle,
}

impl Contents for Stored {
    fn read(&mut self, from: &Content) -> Result<Vec<u8>, String> {
        match &from.data {
            ContentData::Blob(blob) => self.blob(blob).map_err(|missing| missing.0),
            ContentData::Template(template) => {
                let text = template.rebuild(MAX_DOCUMENT_BYTES, |blob| self.blob(blob));
                text.map(String::into_bytes).map_err(|missing| missing.0)
            }
            _ => from.inline_bytes().ok_or_else(|| "not base64".to_owned()),
        }
    }
}

/// Why a content is not there.
struct Missing(String);

impl From<TemplateError> for Missing {
    fn from(error: TemplateError) -> Self {
        Self(error.to_string())
    }
}

impl Stored {
    fn blob(&self, blob: &BlobId) -> Result<Vec<u8>, Missing> {
        let reading = async {
            // A blob counts only through this trace's own link.
            let linked = self.app.catalog.trace_blob(&self.org, self.trace, &blob.hex()).await;
            match linked {
                Ok(Some(_)) => content(&self.app, *blob).await.map_err(|_| "blob is damaged"),
                Ok(None) => Err("blob was never received"),
                Err(_) => Err("the catalog did not answer"),
            }
        };
        self.handle.block_on(reading).map(Into::into).map_err(|why| Missing(why.to_owned()))
    }
}
