//! `query`: the events that match, as lines.

use std::io::Write;

use trace_core::ndjson;
use trace_core::query::Query;

use crate::args::Place;
use crate::error::{CliError, DAMAGED};
use crate::{out, source};

pub(crate) fn run(place: &Place, trace: &str, query: &str, limit: usize) -> Result<u8, CliError> {
    // Parsed here as well as at the source, so that the place of a fault is shown without a round trip.
    Query::parse(query).map_err(|error| CliError::Query { rendered: error.render(query) })?;
    let found = source::open(place, trace)?.events(Some(query), limit)?;
    let mut bytes = Vec::new();
    for event in &found.events {
        ndjson::encode(event, &mut bytes);
    }
    let mut lines = std::io::BufWriter::new(std::io::stdout().lock());
    lines.write_all(&bytes)?;
    lines.flush()?;
    if found.events.len() == limit {
        out::note(&format!("stopped at {limit} events; --limit takes more"));
    }
    found.damage.iter().for_each(|told| out::note(told));
    Ok(if found.damage.is_empty() { 0 } else { DAMAGED })
}
