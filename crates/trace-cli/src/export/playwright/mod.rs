//! A zip for Playwright's trace viewer, put together from the record.
//!
//! Written in version 8 of Playwright's format, which every viewer from 1.53 on reads. DOM snapshots are not in it: the viewer
//! wants its own kind of snapshot; the record's pictures stand in the film strip instead.

mod lines;

use std::collections::BTreeMap;
use std::io::{Cursor, Seek, Write};

use serde_json::{Value, json};
use trace_core::Event;
use trace_core::blob::BlobId;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Bodies;
use super::har::{Clock, timed_entries};
use crate::error::CliError;
use crate::source::Row;

/// Playwright leaves out contexts whose clock stands at 0, so the axis begins a second later.
const ORIGIN_MS: f64 = 1000.0;

/// The zip's bytes.
pub(crate) fn zip(events: &[Event], row: &Row, bodies: &Bodies<'_>) -> Result<Vec<u8>, CliError> {
    let mut files = Files::default();
    let trace = lines::trace(events, row, bodies, &mut files)?;
    let network = network(events, bodies, &mut files)?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    put(&mut zip, "trace.trace", trace.as_bytes())?;
    put(&mut zip, "trace.network", network.as_bytes())?;
    for (name, bytes) in &files.by_name {
        put(&mut zip, &format!("resources/{name}"), bytes)?;
    }
    Ok(zip.finish().map_err(zip_error)?.into_inner())
}

/// Deflated, and without the hour at which it was made, so that equal traces give equal files.
fn put<W: Write + Seek>(zip: &mut ZipWriter<W>, name: &str, bytes: &[u8]) -> Result<(), CliError> {
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    zip.start_file(name, options).map_err(zip_error)?;
    Ok(zip.write_all(bytes)?)
}

fn zip_error(error: zip::result::ZipError) -> CliError {
    CliError::Output(std::io::Error::other(error))
}

/// The zip's resources. Playwright names them by SHA-1, but reads any name.
#[derive(Default)]
struct Files {
    by_name: BTreeMap<String, Vec<u8>>,
}

impl Files {
    fn add(&mut self, bytes: Vec<u8>, extension: &str) -> String {
        let name = format!("{}.{extension}", BlobId::of(&bytes).hex());
        self.by_name.insert(name.clone(), bytes);
        name
    }
}

fn network(events: &[Event], bodies: &Bodies<'_>, files: &mut Files) -> Result<String, CliError> {
    let mut lines = String::new();
    for (ts, mut entry) in timed_entries(events, Clock::of(events), bodies)? {
        entry["_monotonicTime"] = (ts + ORIGIN_MS).into();
        move_out(&mut entry["response"]["content"], files);
        if entry["request"].get("postData").is_some() {
            move_out(&mut entry["request"]["postData"], files);
        }
        lines += &json!({ "type": "resource-snapshot", "snapshot": entry }).to_string();
        lines.push('\n');
    }
    Ok(lines)
}

/// The viewer reads contents from files beside the lines.
fn move_out(content: &mut Value, files: &mut Files) {
    use base64::Engine;
    let Some(fields) = content.as_object_mut() else { return };
    let Some(Value::String(text)) = fields.remove("text") else { return };
    let is_base64 = fields.remove("encoding").is_some();
    let bytes = if is_base64 {
        base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
    } else {
        text.into_bytes()
    };
    fields.insert("_sha1".to_owned(), files.add(bytes, "dat").into());
}
