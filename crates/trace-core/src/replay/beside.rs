//! What lies beside a trace's events: payloads in blobs, originals in the vault.

use super::secrets;
use crate::blob::BlobId;
use crate::event::{Content, Headers};

/// Gives what lies beside a trace's events.
pub trait Beside {
    /// A blob's bytes; none when they cannot be had.
    fn blob(&self, id: &BlobId) -> Option<Vec<u8>>;

    /// The original behind the inside of a placeholder, such as `bearer:3`; none when it cannot be had.
    fn original(&self, id: &str) -> Option<String>;

    /// A payload's bytes as the record has them; none when they cannot be had.
    fn recorded(&self, content: &Content) -> Option<Vec<u8>> {
        match content.blob_id() {
            Some(id) => self.blob(&id),
            None => content.inline_bytes(),
        }
    }

    /// A payload's bytes as they were, secrets put back.
    fn bytes(&self, content: &Content) -> Option<Vec<u8>> {
        let recorded = self.recorded(content)?;
        Some(self.body(&content.media_type, &recorded))
    }

    /// A body as it was, secrets put back.
    fn body(&self, media_type: &str, recorded: &[u8]) -> Vec<u8> {
        secrets::body(media_type, recorded, &|id| self.original(id)).into_owned()
    }

    /// A text as it was, secrets put back.
    fn text(&self, recorded: &str) -> String {
        secrets::text(recorded, &|id| self.original(id)).into_owned()
    }

    /// Headers as they were, one pair for each, repeats that were joined by line breaks taken apart.
    fn headers(&self, recorded: &Headers) -> Headers {
        let parts = recorded.iter().flat_map(|(name, value)| {
            value.split('\n').map(move |part| (name.clone(), part.trim_end_matches('\r')))
        });
        parts.map(|(name, value)| (name, self.text(value))).collect()
    }
}

/// A trace of which nothing but the events is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventsOnly;

impl Beside for EventsOnly {
    fn blob(&self, _: &BlobId) -> Option<Vec<u8>> {
        None
    }

    fn original(&self, _: &str) -> Option<String> {
        None
    }
}
