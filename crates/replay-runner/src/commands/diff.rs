//! `diff`: a replay's trace beside its source.

use std::io::Write;

use trace_core::blob::{BlobId, ObjectKey, decode_stored};
use trace_core::diff::{Compared, Side};
use trace_core::edge::{self, replay::certify};
use trace_core::{Event, Kind};

use crate::args::{self, Place};
use crate::error::{FAILED, Result, RunnerError};
use crate::out;
use crate::source::{self, Located};

/// No blob of a recorder is larger.
const MOST_BLOB_BYTES: usize = 1 << 30;

pub(crate) fn run(place: &Place, compared: &args::Compared) -> Result<u8> {
    let scratch = tempfile::tempdir()?;
    let locate = |trace: &str| source::locate(source::find(trace, &place.root)?, scratch.path());
    let (a, b) = (locate(&compared.source)?, locate(&compared.child)?);
    let (a_events, b_events) = (events(&a)?, events(&b)?);
    let options = compared.options.read();
    let options = options.map_err(|error| RunnerError::usage(error.to_string()))?;
    let found = Compared::of(
        &Side { events: &a_events, blob: &|id| blob(&a, id) },
        &Side { events: &b_events, blob: &|id| blob(&b, id) },
        &options,
    );
    let from_step = compared.from_step.or_else(|| began_at(&b_events)).unwrap_or(1);
    let certificate = certify((&a.dir, Some(&a.store)), (&b.dir, Some(&b.store)), from_step);
    let certificate = certificate.map_err(|error| RunnerError::usage(error.to_string()))?;
    let mut out = out::results();
    if place.json {
        let diff = found.to_json()?;
        let told = serde_json::json!({ "certificate": certificate, "diff": diff, "differs": found.differs() });
        writeln!(out, "{told}")?;
    } else {
        write!(out, "{}{}", out::plain(&certificate.to_text()), trace_render::diff(&found))?;
    }
    out.flush()?;
    Ok(if found.differs() { FAILED } else { 0 })
}

fn events(trace: &Located) -> Result<Vec<Event>> {
    let reader = edge::open_trace(&trace.dir);
    Ok(reader.map_err(|error| RunnerError::usage(error.to_string()))?.read_all().events)
}

/// A body that cannot be had is compared by its digest, so a missing blob is no error here.
fn blob(trace: &Located, id: &BlobId) -> Option<Vec<u8>> {
    let stored = std::fs::read(trace.store.join(ObjectKey::blob(id).as_str())).ok()?;
    decode_stored(id, &stored, MOST_BLOB_BYTES).ok()
}

/// The step that a replay began at, as its trace says.
fn began_at(events: &[Event]) -> Option<u64> {
    let start = events.iter().find(|event| event.kind == Kind::RunStart)?;
    start.payload.field("replay.from_step")?.as_u64()
}
