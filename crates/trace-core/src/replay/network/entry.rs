//! Recorded requests with what became of them.

use std::collections::HashMap;

use crate::blob::BlobId;
use crate::event::{
    Content, Event, Headers, Kind, NetworkFailed, NetworkRequest, NetworkResponse, Seq,
};

/// What became of a recorded request.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It was answered.
    Response(Box<NetworkResponse>),
    /// It failed, for the recorded reason.
    Failed(String),
    /// The record ends before an answer; a replay gives it up at once instead of waiting for ever.
    Open,
}

impl Answer {
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Response(response) => Some(response.status),
            Self::Failed(_) | Self::Open => None,
        }
    }
}

/// A recorded request with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its `network.request`.
    pub seq: Seq,
    /// When it was sent, in milliseconds on the trace's axis.
    pub sent_ms: f64,
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// Its headers as they were sent.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// Milliseconds until the answer was whole.
    pub duration_ms: f64,
    /// What became of it.
    pub answer: Answer,
}

/// The requests that pages and workers sent, in the order in which they were sent.
///
/// Left out: what the browser answered itself (its cache, a service worker, the test's own routes), because it does so again,
/// and what did not go through the browser. A body that `blob` does not give counts as empty.
pub fn entries(events: &[Event], blob: &dyn Fn(&BlobId) -> Option<Vec<u8>>) -> Vec<Entry> {
    let mut found: Vec<Option<Entry>> = Vec::new();
    let mut open: HashMap<String, usize> = HashMap::new();
    for event in events {
        match event.kind {
            Kind::NetworkRequest => {
                let Some((id, entry)) = begun(event, blob) else { continue };
                open.insert(id, found.len());
                found.push(Some(entry));
            }
            Kind::NetworkResponse => {
                let Ok(response) = event.payload.read::<NetworkResponse>("network.response") else {
                    continue;
                };
                let Some(at) = open.get(&response.request_id) else { continue };
                if answers_itself(&response) {
                    found[*at] = None;
                } else if let Some(entry) = &mut found[*at] {
                    entry.duration_ms = response.duration_ms;
                    entry.answer = Answer::Response(Box::new(response));
                }
            }
            Kind::NetworkFailed => {
                let Ok(failed) = event.payload.read::<NetworkFailed>("network.failed") else {
                    continue;
                };
                let Some(entry) = open.get(&failed.request_id).and_then(|at| found[*at].as_mut())
                else {
                    continue;
                };
                // Of an answer that broke, what had come is worth more than the reason.
                if entry.answer == Answer::Open {
                    entry.answer = Answer::Failed(failed.error);
                }
            }
            _ => {}
        }
    }
    found.into_iter().flatten().collect()
}

fn begun(event: &Event, blob: &dyn Fn(&BlobId) -> Option<Vec<u8>>) -> Option<(String, Entry)> {
    let request: NetworkRequest = event.payload.read("network.request").ok()?;
    // Playwright's own client and webhooks of simulators are recorded under a source of theirs.
    if request.extra.contains_key("source") || request.preflight_for.is_some() {
        return None;
    }
    let bytes = |content: &Content| match content.blob_id() {
        Some(id) => blob(&id),
        None => content.inline_bytes(),
    };
    let entry = Entry {
        seq: event.seq,
        sent_ms: event.ts.as_ms(),
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body.as_ref().and_then(bytes).unwrap_or_default(),
        duration_ms: 0.0,
        answer: Answer::Open,
    };
    Some((request.request_id, entry))
}

fn answers_itself(response: &NetworkResponse) -> bool {
    response.from_cache == Some(true)
        || response.from_service_worker == Some(true)
        || response.routed.as_deref() == Some("fulfilled")
}
