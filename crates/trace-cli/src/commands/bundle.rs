//! `bundle`: traces in one file, and the check of such a file.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use trace_core::edge::{self, BundleLimits, BundleList, BundleOptions};

use crate::args::{Bundle, Place};
use crate::error::{CliError, unwritable};
use crate::out::{self, Bar};
use crate::render::{self, Paint, plain};
use crate::source::LocalSource;

pub(crate) fn run(place: &Place, wanted: &Bundle) -> Result<u8, CliError> {
    let (list, path) = match &wanted.verify {
        Some(path) => (verify(path)?, path),
        None => (write(place, wanted)?, &wanted.output),
    };
    let mut out = out::results();
    if place.json {
        let told = json!({ "file": path, "traces": list.traces, "files": list.files.len(), "bytes": list.bytes(),
            "has_vault": list.has_vault(), "missing_blobs": list.missing_blobs });
        writeln!(out, "{told}")?;
    } else {
        write!(out, "{}", told(&list, path, wanted.verify.is_some()))?;
    }
    out.flush()?;
    if !list.missing_blobs.is_empty() {
        out::note(&format!("{} blobs were not there to be bundled", list.missing_blobs.len()));
    }
    Ok(0)
}

fn told(list: &BundleList, path: &Path, verified: bool) -> String {
    let deed = if verified { "whole" } else { "written" };
    let vault = if list.has_vault() { ", with the vault" } else { "" };
    let head = format!(
        "{} {} {deed}: {} traces, {} files, {}{vault}\n",
        Paint::Good.on("✓"),
        path.display(),
        list.traces.len(),
        list.files.len(),
        render::bytes(list.bytes())
    );
    let line = |trace: &edge::BundledTrace| {
        format!(
            "  {} {:<8} {}\n",
            Paint::Strong.on(&trace.short_id),
            plain(&trace.status),
            plain(&trace.title)
        )
    };
    head + &list.traces.iter().map(line).collect::<String>()
}

fn verify(path: &Path) -> Result<BundleList, CliError> {
    let file = BufReader::new(File::open(path).map_err(|error| CliError::unreadable(path, error))?);
    let bar = Bar::bytes("checking");
    let list =
        edge::verify_bundle(file, &BundleLimits::default(), |done, total| bar.at(done, total));
    list.map_err(|error| CliError::unreadable(path, error))
}

fn write(place: &Place, wanted: &Bundle) -> Result<BundleList, CliError> {
    let dirs =
        wanted.traces.iter().map(|trace| folder(place, trace)).collect::<Result<Vec<_>, _>>()?;
    let path = &wanted.output;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let options = BundleOptions { with_vault: wanted.with_vault };
    let bar = Bar::bytes("bundling");
    let written = File::create(&beside).map_err(unwritable(path)).and_then(|file| {
        let list = edge::write_bundle(&dirs, options, BufWriter::new(file), |done, total| {
            bar.at(done, total);
        });
        list.map_err(|error| CliError::unreadable(path, error))
    });
    let named = written.and_then(|list| {
        std::fs::rename(&beside, path).map_err(unwritable(path))?;
        Ok(list)
    });
    if named.is_err() {
        // Half a bundle serves nobody; when it cannot be removed either, the first error tells the story.
        drop(std::fs::remove_file(&beside));
    }
    named
}

/// The folder of a local trace.
fn folder(place: &Place, trace: &str) -> Result<PathBuf, CliError> {
    let path = Path::new(trace);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    if path.exists() {
        let message = format!("`{trace}` is a file; name the trace's folder or its id");
        return Err(CliError::Usage { message });
    }
    if place.server.is_some() {
        let message = "a bundle is made of the traces of this machine; run it without --server, or where the trace was recorded";
        return Err(CliError::Usage { message: message.to_owned() });
    }
    LocalSource::new(&place.root).folder(trace)
}
