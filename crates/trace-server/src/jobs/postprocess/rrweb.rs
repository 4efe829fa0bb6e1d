//! `rrweb-events.ndjson.zst`: the recorded DOM as plain rrweb events, so that a player needs no other part of the trace.

use std::io::Write;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trace_core::Event;
use trace_core::blob::BlobId;
use trace_core::ndjson::{Lines, decode_line, envelope};

use super::Work;
use crate::error::AppError;
use crate::read::{self, ReadFailure, Source};
use crate::routes::blobs::content;

/// What `dom.snapshot` and `dom.mutation` have in common.
#[derive(Debug, Clone, Deserialize)]
struct Recorded {
    #[serde(default)]
    page: String,
    #[serde(default)]
    frame: String,
    #[serde(default)]
    stream: Option<Box<RawValue>>,
    #[serde(default)]
    generation: Option<Box<RawValue>>,
    events: Content,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Content {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    base64: Option<String>,
    #[serde(default)]
    blob: Option<BlobId>,
}

/// One line of the extract.
#[derive(Debug, Serialize)]
struct Batch<'a> {
    page: &'a str,
    frame: &'a str,
    stream: &'a Option<Box<RawValue>>,
    generation: &'a Option<Box<RawValue>>,
    seq: u64,
    ts: f64,
    kind: &'a str,
    /// Why the events are not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'static str>,
    events: Box<RawValue>,
}

/// Writes the extract; answers how many batches it has.
pub(super) async fn rrweb(work: &Work<'_>) -> Result<usize, AppError> {
    let Work { app, job, prefix, .. } = work;
    let recorded = read::read(app, &job.org, job.trace, dom_events).await?;
    let batches = recorded.len();
    let mut encoder = zstd::Encoder::new(Vec::new(), 3)?;
    encoder.include_checksum(true)?;
    for event in recorded {
        let line = line(work, &event).await?;
        encoder.write_all(line.as_bytes())?;
    }
    let bytes = encoder.finish()?;
    work.publish_file("rrweb-events.ndjson.zst", &prefix.rrweb(), bytes.into()).await?;
    Ok(batches)
}

fn dom_events(source: &Source) -> Result<Vec<Event>, ReadFailure> {
    let mut found = Vec::new();
    for n in 0..source.n_frames() {
        for line in Lines::new(&source.lines(n)?) {
            let is_dom = envelope(line.bytes)
                .is_none_or(|head| matches!(head.kind, "dom.snapshot" | "dom.mutation"));
            found.extend(is_dom.then(|| decode_line(line.bytes).ok()).flatten());
        }
    }
    found.retain(|event| matches!(event.kind.as_str(), "dom.snapshot" | "dom.mutation"));
    Ok(found)
}

async fn line(work: &Work<'_>, event: &Event) -> Result<String, AppError> {
    let recorded: Option<Recorded> = serde_json::from_str(event.payload.as_str()).ok();
    let (text, missing) = match &recorded {
        Some(recorded) => events_text(work, &recorded.events).await?,
        None => (None, Some("not in the documented shape")),
    };
    let parsed = text.map(RawValue::from_string).transpose();
    let (events, missing) = match parsed {
        Ok(Some(events)) => (events, missing),
        Ok(None) => (RawValue::from_string("[]".to_owned())?, missing),
        Err(_) => (RawValue::from_string("[]".to_owned())?, Some("not JSON")),
    };
    let (page, frame, stream, generation) = match &recorded {
        Some(found) => {
            (found.page.as_str(), found.frame.as_str(), &found.stream, &found.generation)
        }
        None => ("", "", &None, &None),
    };
    let (seq, ts, kind) = (event.seq.get(), event.ts.as_ms(), event.kind.as_str());
    let batch = Batch { page, frame, stream, generation, seq, ts, kind, missing, events };
    Ok(serde_json::to_string(&batch)? + "\n")
}

/// The JSON text of the events, from wherever it is, or why it is nowhere. A blob counts only through this trace's own link.
async fn events_text(
    work: &Work<'_>,
    from: &Content,
) -> Result<(Option<String>, Option<&'static str>), AppError> {
    if let Some(text) = &from.text {
        return Ok((Some(text.clone()), None));
    }
    if let Some(base64) = &from.base64 {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(base64).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let missing = text.is_none().then_some("not base64 of UTF-8");
        return Ok((text, missing));
    }
    let Some(blob) = from.blob else { return Ok((None, Some("no content"))) };
    let (app, job) = (work.app, work.job);
    if app.catalog.trace_blob(&job.org, job.trace, &blob.hex()).await?.is_none() {
        return Ok((None, Some("blob was never received")));
    }
    let text = String::from_utf8(content(app, blob).await?.into()).ok();
    let missing = text.is_none().then_some("not UTF-8");
    Ok((text, missing))
}
