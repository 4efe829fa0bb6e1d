//! Pages that are being left. While the next document is on its way the page goes on, and what it still asks for, or writes on its
//! console, depends on how fast that document comes.

use std::collections::HashMap;

use super::Side;
use super::channel::Of;
use crate::event::{Event, Kind};
use crate::trace::read::{number, text};

/// The type of requests for documents.
pub(super) const DOCUMENT: &str = "document";

/// When the pages of both runs were being left.
pub(super) struct Leaving {
    record: Spans,
    replay: Spans,
}

/// By page: from the request for the next document to its answer, in milliseconds on the trace's axis.
type Spans = HashMap<String, Vec<(f64, f64)>>;

impl Leaving {
    pub(super) fn of(a: &Side<'_>, b: &Side<'_>) -> Self {
        Self { record: spans(a), replay: spans(b) }
    }

    /// Whether a page of one run was being left at that moment.
    pub(super) fn has(&self, of: Of, page: Option<&str>, at_ms: f64) -> bool {
        let spans = if of == Of::Record { &self.record } else { &self.replay };
        let spans = page.and_then(|page| spans.get(page));
        spans.is_some_and(|spans| spans.iter().any(|(from, to)| *from <= at_ms && at_ms <= *to))
    }
}

fn spans(side: &Side<'_>) -> Spans {
    let all = || side.run.events.iter();
    let took = |event: &Event| Some((text(event, "request_id")?, number(event, "duration_ms")?));
    let answers = all().filter(|event| event.kind == Kind::NetworkResponse);
    let took_ms: HashMap<String, f64> = answers.filter_map(took).collect();
    let mut spans = Spans::new();
    for event in all().filter(|event| leaves_its_page(event)) {
        let id = text(event, "request_id").unwrap_or_default();
        let from_ms = event.ts.as_ms();
        let to_ms = from_ms + took_ms.get(&id).copied().unwrap_or_default();
        let page = text(event, "page").unwrap_or_default();
        spans.entry(page).or_default().push((from_ms, to_ms));
    }
    spans
}

/// Documents of a page's frames leave the page where it is; its own frame is the first.
fn leaves_its_page(event: &Event) -> bool {
    event.kind == Kind::NetworkRequest
        && text(event, "resource_type").as_deref() == Some(DOCUMENT)
        && text(event, "page")
            .zip(text(event, "frame"))
            .is_some_and(|(page, frame)| frame.strip_prefix(&page) == Some("f1"))
}
