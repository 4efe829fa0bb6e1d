//! Where traces come from. Both sources answer with the same values, so every command works on both.

mod bundle;
mod ingest;
mod local;
mod row;
mod server;

use std::collections::BTreeSet;
use std::io::Write;

use trace_core::Event;
use trace_core::blob::{ArtifactName, BlobId};
use trace_core::trace::ArtifactRef;

pub(crate) use bundle::Unpacked;
pub(crate) use ingest::verified;
pub(crate) use local::{LocalSource, unfinished};
pub(crate) use row::{FailedStep, Row, rfc3339};
pub(crate) use server::ServerSource;

use crate::args::{List, Place};
use crate::error::CliError;

/// A collection of traces.
pub(crate) trait Source {
    /// The collection in words, for messages.
    fn place(&self) -> String;
    /// Rows, newest first.
    fn list(&self, wanted: &List) -> Result<Vec<Row>, CliError>;
    /// One trace by UUID or short id.
    fn open(&self, id: &str) -> Result<Box<dyn OpenTrace>, CliError>;
}

/// One trace.
pub(crate) trait OpenTrace {
    /// What a list would say about it.
    fn row(&self) -> &Row;
    /// Events in the order of seq that match a query (all for none), at most `limit`.
    fn events(&self, query: Option<&str>, limit: usize) -> Result<Found, CliError>;
    /// Every line as it is stored; gives what was damaged.
    fn copy_lines(&self, out: &mut dyn Write) -> Result<Vec<String>, CliError>;
    /// A blob's original bytes; none when it is not there.
    fn blob(&self, id: &BlobId) -> Result<Option<Vec<u8>>, CliError>;
    /// The named files beside it.
    fn artifacts(&self) -> Result<Vec<ArtifactRef>, CliError>;
    /// Copies one of them; answers whether it is there.
    fn copy_artifact(&self, name: &ArtifactName, out: &mut dyn Write) -> Result<bool, CliError>;
    /// SHA-256 of the blobs that other traces of the same folder need; none where that is not known.
    fn blobs_of_others(&self) -> Option<BTreeSet<String>> {
        None
    }
}

/// Events and what the reader had to complain about.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) events: Vec<Event>,
    pub(crate) damage: Vec<String>,
}

/// The source that the options mean: a server if one is named, else the local folder.
pub(crate) fn of(place: &Place) -> Result<Box<dyn Source>, CliError> {
    Ok(match &place.server {
        Some(url) => Box::new(ServerSource::new(url, place.key.as_deref())?),
        None => Box::new(LocalSource::new(&place.root)),
    })
}

/// One trace by path or by id; a path that exists wins, because nobody names a file like an id by accident.
pub(crate) fn open(place: &Place, trace: &str) -> Result<Box<dyn OpenTrace>, CliError> {
    let path = std::path::Path::new(trace);
    if path.is_file() && bundle::is_bundle(path) {
        return bundle::open(path);
    }
    if path.exists() {
        return local::open_path(path);
    }
    of(place)?.open(trace)
}
