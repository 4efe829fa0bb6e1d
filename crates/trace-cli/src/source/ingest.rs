//! A bundle sent whole, where the server takes one.

use std::path::Path;

use reqwest::{Response, StatusCode};
use serde::Deserialize;
use trace_core::edge::{BundleLimits, BundleList, verify_bundle};

use super::server::ServerSource;
use crate::error::CliError;
use crate::out::Bar;

/// What a server answers to a bundle.
#[derive(Debug, Deserialize)]
pub(crate) struct Taken {
    pub(crate) id: String,
    pub(crate) short_id: String,
    pub(crate) url: String,
    pub(crate) missing_blobs: u64,
}

/// What the bundle holds, once all of it was compared with its list.
pub(crate) fn verified(path: &Path) -> Result<BundleList, CliError> {
    let file = std::fs::File::open(path).map_err(|error| CliError::unreadable(path, error))?;
    let bar = Bar::bytes("reading the bundle");
    let reader = std::io::BufReader::new(file);
    let list = verify_bundle(reader, &BundleLimits::default(), |done, total| bar.at(done, total));
    list.map_err(|error| CliError::unreadable(path, error))
}

impl ServerSource {
    /// Sends the bundle in one request. None means that it has to go piece by piece: the server is older, is not there at this
    /// moment, or takes no bundle of this size.
    pub(crate) fn ingest(&self, path: &Path) -> Result<Option<Taken>, CliError> {
        let connection = self.connection()?;
        let sent = connection.post_file("/v1/traces/ingest", path);
        match sent.map_err(|error| CliError::unreadable(path, error))? {
            Ok(answer) if answer.status().is_success() => {
                Ok(Some(serde_json::from_str(&connection.read(answer)?)?))
            }
            Ok(answer) if is_final(&answer) => Err(connection.refusal(answer)),
            Ok(_) | Err(_) => Ok(None),
        }
    }
}

/// Piece by piece it would be refused for the same reason.
fn is_final(answer: &Response) -> bool {
    matches!(
        answer.status(),
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::CONFLICT
            | StatusCode::UNPROCESSABLE_ENTITY
    )
}
