//! Documents of a trace at given times, page by page, out of segments that each begin with a keyframe.

use serde_json::Value;

use super::super::VirtualDom;
use super::super::json::parse;
use super::super::pages::RecordedPages;
use super::super::segment::{Contents, cut};
use super::Document;

/// What a page was at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageDocument {
    /// The page, as the recorder numbered it.
    pub page: String,
    /// Its document.
    pub document: Document,
}

/// For each of the times the document of every page that was there, in the order of pages.
pub fn documents_at(
    recorded: &RecordedPages,
    contents: &mut dyn Contents,
    times: &[f64],
) -> Vec<Vec<PageDocument>> {
    let mut reader = SegmentReader::new(times);
    cut(recorded, &[], contents, &mut |segment, _| {
        reader.push(segment.page, segment.start_ts, segment.events);
    });
    reader.finish()
}

/// Takes the segments of a trace as they come, page by page and in the order of time within a page.
#[derive(Debug)]
pub struct SegmentReader {
    times: Vec<f64>,
    found: Vec<Vec<PageDocument>>,
    held: Option<(String, f64, Vec<Value>)>,
}

impl SegmentReader {
    /// Asks for documents at these times.
    pub fn new(times: &[f64]) -> Self {
        Self { times: times.to_vec(), found: vec![Vec::new(); times.len()], held: None }
    }

    /// A line of an extract; the index at its end, or what else is no segment, is passed over.
    pub fn line(&mut self, line: &[u8]) {
        let Some(mut segment) = std::str::from_utf8(line).ok().and_then(|line| parse(line).ok())
        else {
            return;
        };
        let Some(Value::Array(events)) = segment.get_mut("events").map(Value::take) else { return };
        let (page, start) = (segment.get("page"), segment.get("start_ts"));
        if let Some((page, start)) = page.and_then(Value::as_str).zip(start.and_then(Value::as_f64))
        {
            self.push(page.to_owned(), start, events);
        }
    }

    /// A segment's page, the time of its keyframe, and its events.
    pub fn push(&mut self, page: String, start_ts: f64, events: Vec<Value>) {
        let before = self.held.replace((page, start_ts, events));
        let now = self.held.as_ref().map(|(page, start, _)| (page.clone(), *start));
        self.end(before, now);
    }

    /// The documents, one list for each time.
    pub fn finish(mut self) -> Vec<Vec<PageDocument>> {
        let last = self.held.take();
        self.end(last, None);
        self.found
    }

    /// A segment lasts until the page's next one.
    fn end(&mut self, segment: Option<(String, f64, Vec<Value>)>, next: Option<(String, f64)>) {
        let Some((page, start, events)) = segment else { return };
        let until = next.filter(|next| next.0 == page).map_or(f64::INFINITY, |next| next.1);
        for n in 0..self.times.len() {
            let at = self.times[n];
            if start <= at
                && at < until
                && let Some(document) = document_at(&events, at)
            {
                self.found[n].push(PageDocument { page: page.clone(), document });
            }
        }
    }
}

fn document_at(events: &[Value], at: f64) -> Option<Document> {
    let mut dom = VirtualDom::new();
    let is_before = |event: &&Value| event["timestamp"].as_f64().is_none_or(|ts| ts <= at);
    events.iter().filter(is_before).for_each(|event| dom.apply(event));
    Document::of(&dom)
}
