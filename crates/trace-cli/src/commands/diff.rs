//! `diff`: two traces side by side.

use std::io::Write;

use trace_core::blob::BlobId;
use trace_core::diff::{Compared, Side};

use crate::args::{Diff, Place};
use crate::error::{CliError, DAMAGED, FOUND};
use crate::source::OpenTrace;
use crate::{out, render, source};

pub(crate) fn run(place: &Place, asked: &Diff) -> Result<u8, CliError> {
    let options = asked.options.read();
    let options = options.map_err(|error| CliError::Usage { message: error.to_string() })?;
    let (a, b) = (source::open(place, &asked.a)?, source::open(place, &asked.b)?);
    let (a_events, b_events) = (a.events(None, usize::MAX)?, b.events(None, usize::MAX)?);
    let (a_blob, b_blob) = (blobs(a.as_ref()), blobs(b.as_ref()));
    let (a, b) = (
        Side { events: &a_events.events, blob: &a_blob },
        Side { events: &b_events.events, blob: &b_blob },
    );
    let found = Compared::of(&a, &b, &options);
    let damage = [a_events.damage, b_events.damage].concat();
    let mut out = out::results();
    if place.json {
        let mut value = found.to_json()?;
        value["damage"] = serde_json::to_value(&damage)?;
        writeln!(out, "{value}")?;
    } else {
        write!(out, "{}", render::diff(&found))?;
    }
    out.flush()?;
    damage.iter().for_each(|told| out::note(told));
    Ok(match (damage.is_empty(), found.differs()) {
        (false, _) => DAMAGED,
        (true, true) => FOUND,
        (true, false) => 0,
    })
}

/// A body that cannot be had is compared by its digest, so a missing blob is no error here.
fn blobs(trace: &dyn OpenTrace) -> impl Fn(&BlobId) -> Option<Vec<u8>> {
    |id| trace.blob(id).ok().flatten()
}
