//! Requests laid beside each other by method and address, in the order in which they were sent.

use std::collections::HashMap;

use serde::Serialize;

use super::Side;
use super::align::align;
use super::body::{BodyChange, change};
use crate::event::{Content, Event, Kind, Seq};
use crate::trace::normalise::{normalise, segment_shape, url_shape};
use crate::trace::read::{error_message, flag, number, raw, text};

/// One side's view of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkSide {
    /// The request's event; that of its answer when the request is missing.
    pub seq: Seq,
    /// The event of its answer or failure.
    pub answer_seq: Option<Seq>,
    /// The full address.
    pub url: String,
    /// HTTP status; none when no answer came.
    pub status: Option<u16>,
    /// Why no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds from request to end of body.
    pub duration_ms: Option<f64>,
    /// `xhr`, `document`, `webhook` …
    pub resource_type: String,
}

/// One request that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkRow {
    /// Method, host and path with ids replaced.
    pub name: String,
    /// A's view; none when only B sent it.
    pub a: Option<NetworkSide>,
    /// B's view; none when only A sent it.
    pub b: Option<NetworkSide>,
    /// The request's body differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<BodyChange>,
    /// The answer's body differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<BodyChange>,
}

impl NetworkRow {
    pub(super) fn swap(&mut self) {
        std::mem::swap(&mut self.a, &mut self.b);
        [&mut self.request_body, &mut self.response_body]
            .into_iter()
            .flatten()
            .for_each(BodyChange::swap);
    }

    /// The status or the way it failed differs.
    pub fn outcome_differs(&self) -> bool {
        self.a.as_ref().map(outcome) != self.b.as_ref().map(outcome)
    }
}

/// What the two traces have in common, and what not.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NetworkDiff {
    /// Requests that are the same on both sides, those that moved included.
    pub same: u64,
    /// Of these, how many stand elsewhere in the order; parallel requests always do.
    pub moved: u64,
    /// Requests that differ, or that one side alone has.
    pub rows: Vec<NetworkRow>,
}

fn outcome(side: &NetworkSide) -> (Option<u16>, Option<String>) {
    (side.status, side.error.as_deref().map(normalise))
}

/// A request with its answer.
struct Exchange {
    name: String,
    side: NetworkSide,
    request: Option<Content>,
    response: Option<Content>,
}

pub(super) fn compare(left: &Side<'_>, right: &Side<'_>) -> NetworkDiff {
    let (a, b) = (exchanges(left.events), exchanges(right.events));
    let names = |list: &[Exchange]| list.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let mut diff = NetworkDiff::default();
    for pair in align(&names(&a), &names(&b)) {
        let (one, other) = (pair.a.map(|at| &a[at]), pair.b.map(|at| &b[at]));
        let Some(shown) = one.or(other) else { continue };
        let bodies = |of: fn(&Exchange) -> Option<&Content>| {
            let (one, other) = one.zip(other)?;
            change((left, of(one)), (right, of(other)))
        };
        let row = NetworkRow {
            name: shown.name.clone(),
            a: one.map(|it| it.side.clone()),
            b: other.map(|it| it.side.clone()),
            request_body: bodies(|it| it.request.as_ref()),
            response_body: bodies(|it| it.response.as_ref()),
        };
        if row.outcome_differs() || row.request_body.is_some() || row.response_body.is_some() {
            diff.rows.push(row);
        } else {
            diff.same += 1;
            diff.moved += u64::from(pair.moved);
        }
    }
    diff
}

fn exchanges(events: &[Event]) -> Vec<Exchange> {
    let mut found: Vec<Exchange> = Vec::new();
    let mut open: HashMap<String, usize> = HashMap::new();
    for event in events {
        let id = || text(event, "request_id").unwrap_or_default();
        match event.kind {
            Kind::NetworkRequest => {
                open.insert(id(), found.len());
                found.push(begun(event));
            }
            Kind::NetworkResponse | Kind::NetworkFailed => {
                // An answer whose request was shed still tells that the request was sent.
                let at = *open.entry(id()).or_insert_with(|| {
                    found.push(begun(event));
                    found.len() - 1
                });
                answered(&mut found[at], event);
            }
            Kind::NetworkWs if text(event, "direction").as_deref() == Some("open") => {
                let name = format!("WS {}", address_shape(&text(event, "url").unwrap_or_default()));
                found.push(Exchange { name, ..begun(event) });
            }
            _ => {}
        }
    }
    found
}

fn begun(event: &Event) -> Exchange {
    let url = text(event, "url").unwrap_or_default();
    let method = text(event, "method").unwrap_or_else(|| "GET".to_owned());
    Exchange {
        name: format!("{method} {}", address_shape(&url)),
        side: NetworkSide {
            seq: event.seq,
            answer_seq: None,
            url,
            status: None,
            error: None,
            duration_ms: None,
            resource_type: text(event, "resource_type").unwrap_or_default(),
        },
        request: content(event).filter(|_| event.kind == Kind::NetworkRequest),
        response: None,
    }
}

fn answered(exchange: &mut Exchange, event: &Event) {
    let side = &mut exchange.side;
    side.answer_seq = Some(event.seq);
    side.duration_ms = number(event, "duration_ms");
    side.status = text_or_number(event, "status");
    if event.kind == Kind::NetworkFailed {
        side.error = Some(error_message(event).unwrap_or_else(|| "failed".to_owned()));
        // Given up by the page itself: whether that comes in time depends on the machine, not on the code.
        if flag(event, "canceled") == Some(true) {
            side.error = Some("canceled".to_owned());
        }
    }
    exchange.response = content(event);
}

fn text_or_number(event: &Event, name: &str) -> Option<u16> {
    std::str::from_utf8(raw(event, name)?).ok()?.parse().ok()
}

fn content(event: &Event) -> Option<Content> {
    serde_json::from_slice(raw(event, "body")?).ok()
}

/// Host without a port of this machine, path with ids replaced, the names of the query's parameters. A parameter without a name is
/// as good as a segment of the path.
pub(crate) fn address_shape(url: &str) -> String {
    let scheme = url.split(':').next().unwrap_or_default();
    if matches!(scheme, "data" | "blob" | "about") {
        return format!("{scheme}:");
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_here = matches!(name, "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0");
    let place = if is_here { "" } else { host };
    let query =
        rest.split('#').next().and_then(|rest| rest.split_once('?')).map(|(_, query)| query);
    let name = |pair: &str| match pair.split_once('=') {
        Some((name, _)) => name.to_owned(),
        None => segment_shape(pair),
    };
    let parts = query.into_iter().flat_map(|query| query.split('&'));
    let mut keys: Vec<String> = parts.map(name).collect();
    keys.sort_unstable();
    let asked = if keys.is_empty() { String::new() } else { format!("?{}", keys.join("&")) };
    format!("{place}{}{asked}", url_shape(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_in_every_run() {
        for (a, b) in [
            ("http://127.0.0.1:4000/api/orders/17", "http://localhost:51234/api/orders/4711"),
            ("https://api.stripe.com/v1/x?b=1&a=2", "https://api.stripe.com/v1/x?a=9&b=8#top"),
            ("blob:http://127.0.0.1/1-2", "blob:http://127.0.0.1/3-4"),
            ("http://127.0.0.1:1/a.png?1795342297438", "http://127.0.0.1:1/a.png?1795342297583"),
        ] {
            assert_eq!(address_shape(a), address_shape(b));
        }
        assert_ne!(address_shape("https://a.com/x"), address_shape("https://b.com/x"));
        assert_ne!(
            address_shape("http://localhost/x?a=1"),
            address_shape("http://localhost/x?b=1")
        );
    }
}
