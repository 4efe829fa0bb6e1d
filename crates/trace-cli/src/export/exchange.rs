//! Requests joined with their answers, and sockets with their messages.

use std::collections::HashMap;

use serde_json::Value;
use trace_core::event::{Body, NetworkFailed, NetworkRequest, NetworkResponse, NetworkWs};
use trace_core::{Event, Timestamp};

/// One request and what came of it.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) seq: u64,
    pub(crate) ts: f64,
    pub(crate) step_id: Option<String>,
    pub(crate) request: NetworkRequest,
    pub(crate) outcome: Outcome,
}

/// How an exchange ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// An answer came.
    Answered(u64, Box<NetworkResponse>),
    /// None came.
    Failed(u64, Box<NetworkFailed>),
    /// The trace ended first.
    Open,
}

/// One web socket.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) seq: u64,
    pub(crate) ts: f64,
    pub(crate) url: String,
    pub(crate) end_ts: f64,
    pub(crate) messages: Vec<(f64, NetworkWs)>,
}

/// Every exchange and socket in the order of their beginning.
pub(crate) fn exchanges(events: &[Event]) -> (Vec<Exchange>, Vec<Socket>) {
    let mut book = Book::default();
    for event in events {
        if !event.kind.as_str().starts_with("network.") {
            continue;
        }
        match event.body() {
            Ok(Body::NetworkRequest(request)) => book.request(event, request),
            Ok(Body::NetworkResponse(response)) => {
                let found = book.of(event, &response.request_id, &response.method, &response.url);
                if let Some(exchange) = found {
                    exchange.outcome = Outcome::Answered(event.seq.get(), Box::new(response));
                }
            }
            Ok(Body::NetworkFailed(failed)) => {
                let found = book.of(event, &failed.request_id, &failed.method, &failed.url);
                if let Some(exchange) = found {
                    exchange.outcome = Outcome::Failed(event.seq.get(), Box::new(failed));
                }
            }
            Ok(Body::NetworkWs(message)) => book.message(event, message),
            _ => {}
        }
    }
    (book.exchanges, book.sockets)
}

#[derive(Default)]
struct Book {
    exchanges: Vec<Exchange>,
    sockets: Vec<Socket>,
    open: HashMap<String, usize>,
    open_sockets: HashMap<String, usize>,
}

impl Book {
    fn request(&mut self, event: &Event, request: NetworkRequest) {
        self.open.insert(request.request_id.clone(), self.exchanges.len());
        self.exchanges.push(Exchange {
            seq: event.seq.get(),
            ts: Timestamp::as_ms(event.ts),
            step_id: event.step_id.as_ref().map(ToString::to_string),
            request,
            outcome: Outcome::Open,
        });
    }

    /// The exchange that an answer belongs to; an answer without a request still tells that there was one.
    fn of(&mut self, event: &Event, id: &str, method: &str, url: &str) -> Option<&mut Exchange> {
        if !self.open.contains_key(id) {
            let field = |name: &str| event.payload.field(name);
            let request = serde_json::json!({
                "request_id": id, "method": method, "url": url, "page": field("page"), "headers": [],
                "resource_type": field("resource_type").unwrap_or_else(|| "other".into()),
            });
            self.request(event, serde_json::from_value(request).ok()?);
            let took = field("duration_ms").and_then(|ms| Value::as_f64(&ms)).unwrap_or(0.0);
            let added = self.exchanges.last_mut()?;
            added.ts = (added.ts - took).max(0.0);
        }
        self.exchanges.get_mut(*self.open.get(id)?)
    }

    fn message(&mut self, event: &Event, message: NetworkWs) {
        let at = *self.open_sockets.entry(message.request_id.clone()).or_insert_with(|| {
            self.sockets.push(Socket {
                seq: event.seq.get(),
                ts: Timestamp::as_ms(event.ts),
                url: message.url.clone(),
                end_ts: 0.0,
                messages: Vec::new(),
            });
            self.sockets.len() - 1
        });
        let socket = &mut self.sockets[at];
        socket.end_ts = Timestamp::as_ms(event.ts);
        socket.messages.push((Timestamp::as_ms(event.ts), message));
    }
}
