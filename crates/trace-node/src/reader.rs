//! `TraceReader`: everything crosses as JSON text, which JavaScript parses faster than it builds objects call by call.

use std::path::Path;

use napi_derive::napi;
use serde::Serialize;
use trace_core::Event;
use trace_core::ndjson;
use trace_core::query::{Context, Query, Slice, StepIndex};
use trace_core::trace::{StepTreeBuilder, SummaryBuilder, TraceReader};

use crate::error::{Code, Error, Result, coded};
use crate::trace_files;

/// The addon's half of `TraceReader`.
#[napi]
#[derive(Debug)]
pub struct NativeTraceReader {
    reader: TraceReader<Vec<u8>>,
}

/// Which events are wanted; every condition given must hold.
#[napi(object)]
#[derive(Debug, Default)]
pub struct EventsOptions {
    /// A query such as `kind=network.response AND status>=400`.
    pub query: Option<String>,
    /// One kind, or a family such as `network.*`.
    pub kind: Option<String>,
    /// A step id, steps inside included, or the number of a top-level step.
    pub step: Option<String>,
    /// Lowest seq, inclusive.
    pub from_seq: Option<f64>,
    /// Highest seq, inclusive.
    pub to_seq: Option<f64>,
    /// At most so many, from the front.
    pub limit: Option<u32>,
}

#[napi]
impl NativeTraceReader {
    /// Reads the trace at `path`: its directory, or its file.
    #[napi(constructor)]
    pub fn new(path: String) -> Result<Self> {
        let bytes = trace_files::read(Path::new(&path))
            .map_err(|error| coded("TRACE_UNREADABLE", &error))?;
        let reader = TraceReader::open(bytes).map_err(|error| coded("TRACE_UNREADABLE", &error))?;
        Ok(Self { reader })
    }

    /// JSON of the list row: status, counts, failure.
    #[napi]
    pub fn summary(&self) -> Result<String> {
        let mut summary = SummaryBuilder::default();
        self.readable().for_each(|event| summary.push(&event));
        json(&summary.finish())
    }

    /// JSON array of the steps in order of start.
    #[napi]
    pub fn steps(&self) -> Result<String> {
        let mut steps = StepTreeBuilder::default();
        self.readable().for_each(|event| steps.push(&event));
        json(&steps.finish().steps)
    }

    /// JSON array of the wanted events.
    #[napi]
    pub fn events(&self, options: EventsOptions) -> Result<String> {
        let query = query(&options)?;
        let limit = options.limit.map_or(usize::MAX, |limit| limit as usize);
        let mut steps = StepIndex::default();
        let mut lines = Vec::new();
        let wanted = self.readable().filter(|event| {
            // A step starts before the events in it, so the index knows each step when it is asked about.
            steps.observe(event);
            query.matches(event, &Context { steps: Some(&steps) })
        });
        wanted.take(limit).for_each(|event| push(&mut lines, &event));
        Ok(array(lines))
    }

    /// JSON array of what is wrong with the record itself.
    #[napi]
    pub fn diagnostics(&self) -> Result<String> {
        let found: Vec<_> = self.reader.events().filter_map(std::result::Result::err).collect();
        json(&found)
    }
}

impl NativeTraceReader {
    fn readable(&self) -> impl Iterator<Item = Event> {
        self.reader.events().filter_map(std::result::Result::ok)
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| coded("TRACE_UNREADABLE", &error))
}

fn query(options: &EventsOptions) -> Result<Query> {
    let mut slice = Slice::default();
    if let Some(kind) = &options.kind {
        slice = slice.kinds(kind);
    }
    if let Some(step) = &options.step {
        slice = slice.step(step);
    }
    let seq = |n: Option<f64>| n.map(crate::options::whole);
    let by_fields = slice.seq(seq(options.from_seq), seq(options.to_seq)).query();
    match &options.query {
        None => Ok(by_fields),
        Some(text) => {
            let parsed = Query::parse(text)
                .map_err(|error| Error::new(Code("QUERY_INVALID"), error.render(text)))?;
            Ok(by_fields.and(parsed))
        }
    }
}

/// One event, its line break turned into the comma of an array.
fn push(lines: &mut Vec<u8>, event: &Event) {
    ndjson::encode(event, lines);
    lines.pop();
    lines.push(b',');
}

fn array(mut lines: Vec<u8>) -> String {
    lines.pop();
    // Lines are made of strings, so this replaces nothing.
    format!("[{}]", String::from_utf8_lossy(&lines))
}
