//! The recorded documents just before a step. Rebuilding them costs time and is asked for seldom, so it is done when it is asked for.

use std::sync::OnceLock;

use super::super::open::open_trace;
use super::{ReplayOpenError, ReplayOptions, store};
use crate::diff::{Side, documents_of};
use crate::dom::PageDocument;
use crate::event::Event;
use crate::replay::Beside as _;

/// The pages of a trace at one time; may be shared with a thread.
#[derive(Debug)]
pub struct RecordedDocuments {
    options: ReplayOptions,
    at_ms: f64,
    found: OnceLock<Vec<PageDocument>>,
}

impl RecordedDocuments {
    pub(super) fn new(options: &ReplayOptions, at_ms: f64) -> Self {
        // Secrets stay placeholders: what is compared with them is told.
        let options = ReplayOptions { vault_key: None, ..options.clone() };
        Self { options, at_ms, found: OnceLock::new() }
    }

    /// Each page with its document, rebuilt when this is called first.
    pub fn pages(&self) -> Result<&[PageDocument], ReplayOpenError> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        let reader = open_trace(&self.options.directory)?;
        let is_document = |event: &Event| event.kind.as_str().starts_with("dom.");
        let events: Vec<Event> = reader.events().flatten().filter(is_document).collect();
        let store = store::Store::open(&self.options)?;
        let side = Side { events: &events, blob: &|id| store.blob(id) };
        let found = documents_of(&side, &[self.at_ms]).pop().unwrap_or_default();
        Ok(self.found.get_or_init(|| found))
    }
}
