//! `diff`: a replay's trace beside its source.

use std::io::Write;

use trace_core::blob::{BlobId, ObjectKey, decode_stored};
use trace_core::diff::{Side, StepSide, TraceDiff, diff};
use trace_core::edge::{self, replay::certify};
use trace_core::{Event, Kind};

use crate::args::{Compared, Place};
use crate::error::{FAILED, Result, RunnerError};
use crate::out;
use crate::source::{self, Located};

/// No blob of a recorder is larger.
const MOST_BLOB_BYTES: usize = 1 << 30;

pub(crate) fn run(place: &Place, compared: &Compared) -> Result<u8> {
    let scratch = tempfile::tempdir()?;
    let locate = |trace: &str| source::locate(source::find(trace, &place.root)?, scratch.path());
    let (a, b) = (locate(&compared.source)?, locate(&compared.child)?);
    let (a_events, b_events) = (events(&a)?, events(&b)?);
    let found = diff(
        &Side { events: &a_events, blob: &|id| blob(&a, id) },
        &Side { events: &b_events, blob: &|id| blob(&b, id) },
    );
    let from_step = compared.from_step.or_else(|| began_at(&b_events)).unwrap_or(1);
    let certificate = certify((&a.dir, Some(&a.store)), (&b.dir, Some(&b.store)), from_step);
    let certificate = certificate.map_err(|error| RunnerError::usage(error.to_string()))?;
    let mut out = out::results();
    if place.json {
        let told = serde_json::json!({ "certificate": certificate, "diff": found, "differs": found.differs() });
        writeln!(out, "{told}")?;
    } else {
        let mut text = certificate.to_text().into_bytes();
        for_people(&mut text, &found)?;
        write!(out, "{}", out::plain(&String::from_utf8_lossy(&text)))?;
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

fn for_people(out: &mut impl Write, found: &TraceDiff) -> Result<()> {
    writeln!(out, "\nSteps")?;
    for row in found.steps.iter().filter(|row| row.category == "test.step" && row.depth == 0) {
        let side =
            |side: &Option<StepSide>| side.as_ref().map_or("absent", |side| side.status.as_str());
        let (a, b) = (side(&row.a), side(&row.b));
        let sign = if row.differs() { "~" } else { " " };
        let index = row.index.map(|index| format!("{index} ")).unwrap_or_default();
        writeln!(out, "{sign} {index}{}: {a} -> {b}", row.title)?;
    }
    writeln!(
        out,
        "Requests: {} the same, {} that differ",
        found.network.same,
        found.network.rows.len()
    )?;
    for row in &found.network.rows {
        let status = |side: &Option<trace_core::diff::NetworkSide>| {
            side.as_ref().map_or_else(
                || "absent".to_owned(),
                |side| {
                    side.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
                },
            )
        };
        let bodies = [("request", &row.request_body), ("answer", &row.response_body)];
        let changed: Vec<&str> =
            bodies.iter().filter(|(_, change)| change.is_some()).map(|(name, _)| *name).collect();
        let changed = if changed.is_empty() {
            String::new()
        } else {
            format!(", other {}", changed.join(" and "))
        };
        writeln!(out, "~ {}: {} -> {}{changed}", row.name, status(&row.a), status(&row.b))?;
    }
    for row in &found.console {
        writeln!(
            out,
            "~ console {}: {} ({} -> {} times)",
            row.level,
            row.text,
            row.a.len(),
            row.b.len()
        )?;
    }
    Ok(())
}
