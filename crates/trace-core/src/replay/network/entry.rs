//! Recorded requests with what became of them.

use std::collections::HashMap;

use super::fields::Shape;
use crate::event::{Event, Headers, Kind, NetworkFailed, NetworkRequest, NetworkResponse, Seq};
use crate::replay::beside::Beside;
use crate::replay::secrets::OPEN;

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
    /// What joins its events; each hop of a redirect has one of its own.
    pub request_id: String,
    /// When it was sent, in milliseconds on the trace's axis.
    pub sent_ms: f64,
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// The address as the record shows it, for people.
    pub shown_url: String,
    /// Its headers as they were sent.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// Names of the fields whose values the record keeps back, as the matcher names them.
    pub(super) redacted: Vec<String>,
    /// Milliseconds until the answer was whole.
    pub duration_ms: f64,
    /// What became of it, as recorded.
    pub answer: Answer,
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Pages and workers of the browser.
    Browser,
    /// The test itself, through an `APIRequestContext`.
    Test,
}

/// The requests of one client, in the order in which they were sent.
///
/// Left out: what the browser answered itself (its cache, a service worker, the test's own routes), because it does so again.
/// A body that cannot be had counts as empty.
pub fn entries(events: &[Event], beside: &dyn Beside, client: Client) -> Vec<Entry> {
    let mut all = Exchanges::default();
    for event in events {
        match event.kind {
            Kind::NetworkRequest => all.begin(begun(event, beside, client)),
            Kind::NetworkResponse => {
                if let Ok(response) = event.payload.read::<NetworkResponse>("network.response") {
                    all.answer(response);
                }
            }
            Kind::NetworkFailed => {
                if let Ok(failed) = event.payload.read::<NetworkFailed>("network.failed") {
                    all.fail(failed, event.ts.as_ms());
                }
            }
            _ => {}
        }
    }
    let mut found: Vec<Entry> = all.entries.into_iter().flatten().collect();
    // Sources have their own latency, so the order of numbers is not the order of sending.
    found.sort_by(|a, b| a.sent_ms.total_cmp(&b.sent_ms).then(a.seq.cmp(&b.seq)));
    found
}

/// Requests as their answers come in.
#[derive(Default)]
struct Exchanges {
    entries: Vec<Option<Entry>>,
    places: HashMap<String, Vec<usize>>,
}

impl Exchanges {
    fn begin(&mut self, entry: Option<Entry>) {
        let Some(entry) = entry else { return };
        self.places.entry(entry.request_id.clone()).or_default().push(self.entries.len());
        self.entries.push(Some(entry));
    }

    /// The request that an answer belongs to. A source that gives all hops of a redirect one id tells them apart by the address.
    fn place(&self, request_id: &str, url: &str) -> Option<usize> {
        let places = self.places.get(request_id)?;
        let open = |at: &&usize| {
            self.entries[**at].as_ref().is_some_and(|entry| entry.answer == Answer::Open)
        };
        let same = |at: &&usize| self.entries[**at].as_ref().is_some_and(|e| e.shown_url == url);
        let mut waiting = places.iter().filter(open);
        let found = waiting.clone().find(same).or_else(|| waiting.next_back());
        found.or(places.last()).copied()
    }

    fn answer(&mut self, response: NetworkResponse) {
        let Some(at) = self.place(&response.request_id, &response.url) else { return };
        if answers_itself(&response) {
            self.entries[at] = None;
        } else if let Some(entry) = &mut self.entries[at] {
            entry.duration_ms = response.duration_ms;
            entry.answer = Answer::Response(Box::new(response));
        }
    }

    fn fail(&mut self, failed: NetworkFailed, at_ms: f64) {
        let Some(at) = self.place(&failed.request_id, &failed.url) else { return };
        // Of an answer that broke, what had come is worth more than the reason.
        if let Some(entry) = self.entries[at].as_mut().filter(|entry| entry.answer == Answer::Open)
        {
            entry.duration_ms = (at_ms - entry.sent_ms).max(0.0);
            if failed.error != NetworkFailed::UNDER_WAY {
                entry.answer = Answer::Failed(failed.error);
            }
        }
    }
}

fn begun(event: &Event, beside: &dyn Beside, client: Client) -> Option<Entry> {
    let request: NetworkRequest = event.payload.read("network.request").ok()?;
    // Webhooks of simulators are recorded under a source of theirs and are nobody's requests here.
    let sent_by = match request.extra.get("source").map(|source| source.as_str()) {
        None => Client::Browser,
        Some(Some("api_request")) => Client::Test,
        Some(_) => return None,
    };
    if sent_by != client || request.preflight_for.is_some() {
        return None;
    }
    let NetworkRequest { request_id, method, url: shown_url, headers: shown, body, .. } = request;
    let recorded = body.as_ref().and_then(|content| beside.recorded(content)).unwrap_or_default();
    let redacted = redacted(&method, &shown_url, &shown, &recorded);
    let media_type = body.as_ref().map_or("", |content| content.media_type.as_str());
    Some(Entry {
        seq: event.seq,
        request_id,
        sent_ms: event.ts.as_ms(),
        url: beside.text(&shown_url),
        headers: beside.headers(&shown),
        body: beside.body(media_type, &recorded),
        redacted,
        method,
        shown_url,
        duration_ms: 0.0,
        answer: Answer::Open,
    })
}

fn redacted(method: &str, url: &str, headers: &Headers, body: &[u8]) -> Vec<String> {
    let has = |text: &[u8]| memchr::memmem::find(text, OPEN.as_bytes()).is_some();
    let any = has(url.as_bytes()) || has(body) || headers.iter().any(|(_, v)| v.contains(OPEN));
    if !any {
        return Vec::new();
    }
    let shape = Shape::of(method, url, headers, body);
    let hidden = shape.fields.iter().filter(|field| field.value.contains(OPEN));
    hidden.map(super::Field::name_in_place).collect()
}

fn answers_itself(response: &NetworkResponse) -> bool {
    response.from_cache == Some(true)
        || response.from_service_worker == Some(true)
        || response.routed.as_deref() == Some("fulfilled")
}
