//! `push`: finished traces of this machine, sent to a server.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use trace_core::TraceId;
use trace_core::edge::{self, PushError, ServerOptions};

use crate::args::{Place, Push};
use crate::error::{CliError, FOUND};
use crate::out::{self, Bar};
use crate::render::{self, Paint};
use crate::source::{self, LocalSource, ServerSource, Unpacked};

pub(crate) fn run(place: &Place, wanted: &Push) -> Result<u8, CliError> {
    let Some(url) = place.server.clone() else {
        let message =
            "name the server with --url or MOLAR_TRACE_URL, such as --url http://127.0.0.1:4173";
        return Err(CliError::Usage { message: message.to_owned() });
    };
    let server = ServerOptions { url, key: place.key.clone() };
    let mut results = out::results();
    let mut left = 0;
    for name in &wanted.traces {
        if let Some(sent) = whole(&server, Path::new(name))? {
            writeln!(results, "{}", told(place, &sent))?;
            results.flush()?;
            continue;
        }
        let found = Found::of(place, name)?;
        left += found.unfinished;
        for dir in &found.dirs {
            let sent = one(dir, &server)?;
            if wanted.delete_after && found.unpacked.is_none() {
                edge::remove_finished(dir).map_err(|error| failed(dir, error))?;
            }
            writeln!(results, "{}", told(place, &sent))?;
            results.flush()?;
        }
    }
    if left > 0 {
        out::note(&format!(
            "{left} traces are not finished and were left; `molar-trace recover` finishes them"
        ));
    }
    Ok(if left > 0 { FOUND } else { 0 })
}

/// The traces that one name means.
struct Found {
    dirs: Vec<PathBuf>,
    unfinished: usize,
    /// Keeps an unpacked bundle until it is sent.
    unpacked: Option<Unpacked>,
}

impl Found {
    fn of(place: &Place, name: &str) -> Result<Self, CliError> {
        let path = Path::new(name);
        let one = |dir: PathBuf| Self { dirs: vec![dir], unfinished: 0, unpacked: None };
        if path.join("traces").join("runs").is_dir() {
            return Ok(Self::below(path, None));
        }
        if path.is_dir() {
            return Ok(one(path.to_owned()));
        }
        if path.is_file() {
            let unpacked = Unpacked::open(path)?;
            let root = unpacked.root().to_owned();
            return Ok(Self::below(&root, Some(unpacked)));
        }
        LocalSource::new(&place.root).folder(name).map(one)
    }

    fn below(root: &Path, unpacked: Option<Unpacked>) -> Self {
        let all = edge::trace_dirs(root);
        let n = all.len();
        let dirs: Vec<_> =
            all.into_iter().filter(|dir| dir.join("summary.json").is_file()).collect();
        Self { unfinished: n - dirs.len(), dirs, unpacked }
    }
}

/// What is told of a trace that is there now.
struct Sent {
    id: String,
    short: String,
    url: Option<String>,
    bytes: u64,
    missing_blobs: u64,
}

/// A bundle of one trace goes in one request where the server takes that; none when it is something else or has to be unpacked.
fn whole(server: &ServerOptions, path: &Path) -> Result<Option<Sent>, CliError> {
    if !path.is_file() {
        return Ok(None);
    }
    let list = source::verified(path)?;
    if list.traces.len() != 1 {
        return Ok(None);
    }
    let taken = ServerSource::new(&server.url, server.key.as_deref())?.ingest(path)?;
    Ok(taken.map(|taken| Sent {
        id: taken.id,
        short: taken.short_id,
        url: Some(taken.url),
        bytes: list.bytes(),
        missing_blobs: taken.missing_blobs,
    }))
}

fn one(dir: &Path, server: &ServerOptions) -> Result<Sent, CliError> {
    let bar = Bar::bytes("sending");
    let pushed = edge::push(dir, server, |at| bar.at(at.done, at.total));
    let pushed = pushed.map_err(|error| failed(dir, error))?;
    let id = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let short = id.parse().map_or_else(|_| id.clone(), |id: TraceId| id.short().to_string());
    let (bytes, missing_blobs) = (pushed.bytes, pushed.missing_blobs);
    Ok(Sent { id, short, url: pushed.url, bytes, missing_blobs })
}

fn failed(dir: &Path, error: PushError) -> CliError {
    match error {
        PushError::Server(reason) => {
            let message = format!("`{}` was not sent: {reason}", dir.display());
            CliError::Server { message, source: None }
        }
        other => CliError::unreadable(dir, other),
    }
}

fn told(place: &Place, sent: &Sent) -> String {
    let Sent { id, short, url, bytes, missing_blobs } = sent;
    if place.json {
        let line = json!({ "id": id, "short_id": short, "url": url, "bytes": bytes, "missing_blobs": missing_blobs });
        return line.to_string();
    }
    let missing = match missing_blobs {
        0 => String::new(),
        n => format!(", {n} blobs were not here"),
    };
    format!(
        "{} {} {}{missing}  {}",
        Paint::Good.on("✓"),
        Paint::Strong.on(short),
        render::bytes(*bytes),
        url.as_deref().unwrap_or_default()
    )
}
