//! Contents of events as bytes, wherever they lie.

use trace_core::event::{Content, ContentData};

use crate::error::CliError;
use crate::source::OpenTrace;

/// Gives contents of one trace and counts those that are gone.
pub(crate) struct Bodies<'t> {
    trace: &'t dyn OpenTrace,
    missing: std::cell::Cell<u64>,
}

impl<'t> Bodies<'t> {
    pub(crate) fn new(trace: &'t dyn OpenTrace) -> Self {
        Self { trace, missing: std::cell::Cell::new(0) }
    }

    /// The stored bytes; none when their blob is not there or their base64 is broken.
    pub(crate) fn bytes(&self, content: &Content) -> Result<Option<Vec<u8>>, CliError> {
        let found = match &content.data {
            ContentData::Blob(id) => self.trace.blob(id)?,
            _ => content.inline_bytes(),
        };
        if found.is_none() {
            self.missing.set(self.missing.get() + 1);
        }
        Ok(found)
    }

    /// How many contents could not be had, for a note at the end.
    pub(crate) fn missing(&self) -> u64 {
        self.missing.get()
    }
}
