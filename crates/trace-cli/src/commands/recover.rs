//! `recover`: what dead recorders left is finished where it lies, or shipped.

use std::io::Write;

use serde_json::json;
use trace_core::edge::{self, ServerOptions, Shipped};

use crate::args::Place;
use crate::error::CliError;
use crate::render::Paint;
use crate::{out, source};

pub(crate) fn run(place: &Place) -> Result<u8, CliError> {
    let server =
        place.server.as_ref().map(|url| ServerOptions { url: url.clone(), key: place.key.clone() });
    let mut results = out::results();
    let bar = out::Bar::count("recovering");
    let (mut done, total) = (0, source::unfinished(&place.root) as u64);
    bar.at(done, total);
    let report = edge::recover(&place.root, server.as_ref(), |trace| {
        done += 1;
        bar.at(done, total);
        if !place.json {
            out::note(&format!(
                "{} {} {} events, {}",
                Paint::Good.on("✓"),
                trace.trace_id.short(),
                trace.events,
                whereabouts(&trace.shipped)
            ));
        }
    });
    drop(bar);
    if place.json {
        let traces: Vec<_> = report
            .traces
            .iter()
            .map(|trace| json!({ "id": trace.trace_id, "short_id": trace.trace_id.short(), "folder": trace.dir, "status": trace.status,
                "events": trace.events, "lost_bytes": trace.lost_bytes, "shipped": whereabouts(&trace.shipped) }))
            .collect();
        writeln!(
            results,
            "{}",
            json!({ "traces": traces, "alive": report.alive, "problems": report.problems })
        )?;
    } else {
        writeln!(
            results,
            "{} recovered, {} still being recorded",
            report.traces.len(),
            report.alive
        )?;
        report.problems.iter().for_each(|problem| out::note(problem));
    }
    results.flush()?;
    let waiting =
        report.traces.iter().any(|trace| matches!(trace.shipped, Shipped::Spooled { .. }));
    Ok(u8::from(waiting || !report.problems.is_empty()))
}

fn whereabouts(shipped: &Shipped) -> String {
    match shipped {
        Shipped::Shipped { url } => {
            format!("shipped to {}", url.as_deref().unwrap_or("the server"))
        }
        Shipped::Spooled { reason, .. } => format!("kept in the spool: {reason}"),
        _ => "finished where it lies".to_owned(),
    }
}
