//! `ls`: traces, newest first.

use std::io::Write;

use crate::args::{List, Place};
use crate::error::CliError;
use crate::{out, render, source};

pub(crate) fn run(place: &Place, wanted: &List) -> Result<u8, CliError> {
    let rows = source::of(place)?.list(wanted)?;
    let mut out = out::results();
    if place.json {
        writeln!(out, "{}", serde_json::json!({ "items": rows }))?;
    } else if rows.is_empty() {
        out::note(&nothing(place));
    } else {
        write!(out, "{}", render::list(&rows))?;
    }
    out.flush()?;
    Ok(0)
}

/// An empty list is most often one of the wrong place, so it says which place that was.
fn nothing(place: &Place) -> String {
    match &place.server {
        Some(url) => format!("no such traces on {url}"),
        None => format!(
            "no such traces in `{}`; run the suite first, or name the folder that it writes to with --root",
            place.root.display()
        ),
    }
}
