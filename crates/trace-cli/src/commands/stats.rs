//! `stats`: what a trace, or all of them, consist of.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use crate::args::{List, Place};
use crate::error::{CliError, DAMAGED};
use crate::source::{self, LocalSource, OpenTrace, Source};
use crate::stats::StatsBuilder;
use crate::{out, render};

pub(crate) fn run(place: &Place, trace: Option<&str>) -> Result<u8, CliError> {
    let mut builder = StatsBuilder::default();
    let mut damage = Vec::new();
    let mut others: Option<BTreeSet<String>> = None;
    if let Some(source) = collection(place, trace)? {
        let every = List { status: None, signature: None, limit: usize::MAX };
        let rows = source.list(&every)?;
        if rows.is_empty() {
            return Err(CliError::NotFound { id: "any".to_owned(), place: source.place() });
        }
        for row in rows {
            count(source.open(&row.id)?.as_ref(), &mut builder, &mut damage)?;
        }
    } else {
        let trace = source::open(place, trace.unwrap_or_default())?;
        count(trace.as_ref(), &mut builder, &mut damage)?;
        others = trace.blobs_of_others();
    }
    let stats = builder.finish(others.as_ref());
    let mut out = out::results();
    if place.json {
        writeln!(out, "{}", serde_json::to_value(&stats)?)?;
    } else {
        write!(out, "{}", render::stats(&stats))?;
    }
    out.flush()?;
    damage.iter().for_each(|told| out::note(told));
    Ok(if damage.is_empty() { 0 } else { DAMAGED })
}

/// All traces of a place: no trace was named, or the name is a recorder's folder.
fn collection(place: &Place, trace: Option<&str>) -> Result<Option<Box<dyn Source>>, CliError> {
    match trace {
        None => source::of(place).map(Some),
        Some(name) if Path::new(name).join("traces").join("runs").is_dir() => {
            Ok(Some(Box::new(LocalSource::new(Path::new(name)))))
        }
        Some(_) => Ok(None),
    }
}

fn count(
    trace: &dyn OpenTrace,
    builder: &mut StatsBuilder,
    damage: &mut Vec<String>,
) -> Result<(), CliError> {
    let found = trace.events(None, usize::MAX)?;
    found.events.iter().for_each(|event| builder.push(event));
    damage.extend(found.damage);
    builder.end_trace(&trace.row().short_id, &trace.row().status, &trace.artifacts()?);
    Ok(())
}
