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
    } else {
        write!(out, "{}", render::list(&rows))?;
    }
    out.flush()?;
    Ok(0)
}
