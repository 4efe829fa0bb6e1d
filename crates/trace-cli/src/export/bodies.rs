//! Contents of events as bytes, wherever they lie.

use trace_core::dom::TemplateError;
use trace_core::event::{Content, ContentData, TemplateRef};

use crate::error::CliError;
use crate::source::OpenTrace;

/// A document that is longer than that was recorded by nobody.
const MAX_DOCUMENT_BYTES: usize = 256 << 20;

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
            ContentData::Template(template) => self.rebuilt(template)?,
            _ => content.inline_bytes(),
        };
        if found.is_none() {
            self.missing.set(self.missing.get() + 1);
        }
        Ok(found)
    }

    /// A document from its template; none when a part is not there or the whole fails its check.
    fn rebuilt(&self, template: &TemplateRef) -> Result<Option<Vec<u8>>, CliError> {
        enum Gone {
            Part,
            Unread(CliError),
        }
        impl From<TemplateError> for Gone {
            fn from(_: TemplateError) -> Self {
                Self::Part
            }
        }
        let rebuilt = template.rebuild(MAX_DOCUMENT_BYTES, |id| match self.trace.blob(id) {
            Ok(found) => found.ok_or(Gone::Part),
            Err(error) => Err(Gone::Unread(error)),
        });
        match rebuilt {
            Ok(text) => Ok(Some(text.into_bytes())),
            Err(Gone::Part) => Ok(None),
            Err(Gone::Unread(error)) => Err(error),
        }
    }

    /// How many contents could not be had, for a note at the end.
    pub(crate) fn missing(&self) -> u64 {
        self.missing.get()
    }
}
