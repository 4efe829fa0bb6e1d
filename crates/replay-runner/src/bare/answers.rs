//! What becomes of a request: the record answers it, or it is aborted and told. There is no third way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Instant;
use trace_core::edge::replay::ReplaySource;
use trace_core::replay::network::{
    AnswerReply, Asked, BodyReply, Client, HitReply, Miss, Phase, Reply,
};

/// Headers that describe how the body travelled; it is given decoded and whole.
const OF_THE_WIRE: &[&str] = &[
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "content-range",
];
const IMAGES: &[&str] = &[".ico", ".svg", ".png", ".gif", ".jpg", ".jpeg", ".webp", ".avif"];
/// Reasons with which the browser lets a request fail, by the names it records them under.
const REASONS: &[(&str, &str)] = &[
    ("net::ERR_ABORTED", "Aborted"),
    ("net::ERR_ACCESS_DENIED", "AccessDenied"),
    ("net::ERR_ADDRESS_UNREACHABLE", "AddressUnreachable"),
    ("net::ERR_BLOCKED_BY_CLIENT", "BlockedByClient"),
    ("net::ERR_BLOCKED_BY_RESPONSE", "BlockedByResponse"),
    ("net::ERR_CONNECTION_ABORTED", "ConnectionAborted"),
    ("net::ERR_CONNECTION_CLOSED", "ConnectionClosed"),
    ("net::ERR_CONNECTION_FAILED", "ConnectionFailed"),
    ("net::ERR_CONNECTION_REFUSED", "ConnectionRefused"),
    ("net::ERR_CONNECTION_RESET", "ConnectionReset"),
    ("net::ERR_CONNECTION_TIMED_OUT", "TimedOut"),
    ("net::ERR_EMPTY_RESPONSE", "ConnectionClosed"),
    ("net::ERR_INTERNET_DISCONNECTED", "InternetDisconnected"),
    ("net::ERR_NAME_NOT_RESOLVED", "NameNotResolved"),
    ("net::ERR_TIMED_OUT", "TimedOut"),
];

/// What is said to the browser of a request that it holds.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub(super) method: &'static str,
    pub(super) params: Value,
    /// The request that nothing recorded answers, in words.
    pub(super) missed: Option<String>,
}

/// What answers.
#[derive(Debug)]
pub(super) struct Answers {
    source: ReplaySource,
    /// Documents are empty and nothing else is there, while storages are filled.
    is_stub: bool,
    /// When the pages had come back to the moment of step N.
    arrived: Option<Instant>,
}

impl Answers {
    pub(super) fn new(source: ReplaySource) -> Self {
        Self { source, is_stub: false, arrived: None }
    }

    pub(super) fn source(&self) -> &ReplaySource {
        &self.source
    }

    pub(super) fn stub(&mut self, on: bool) {
        self.is_stub = on;
    }

    /// From here on each recorded answer of step N and what follows is given once, in order.
    pub(super) fn arrive(&mut self) {
        self.arrived = Some(Instant::now());
    }

    /// Answers a `Fetch.requestPaused`.
    pub(super) fn answer(&mut self, paused: &Value) -> Said {
        let request = &paused["request"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (url, method) = (text(&request["url"]), text(&request["method"]));
        let id = &paused["requestId"];
        if !["http:", "https:"].iter().any(|scheme| url.starts_with(scheme)) {
            return said("Fetch.continueRequest", id, json!({}));
        }
        let kind = paused["resourceType"].as_str().unwrap_or_default();
        if self.is_stub {
            let empty = json!({ "responseCode": 200, "responseHeaders": [{ "name": "content-type", "value": "text/html" }], "body": "" });
            return if kind == "Document" {
                fulfil(id, empty)
            } else {
                fail(id, "BlockedByClient")
            };
        }
        let headers = headers_of(&request["headers"]);
        let body = body_of(request);
        let plan = self.source.plan();
        let since_ms = self.arrived.map_or(0.0, |at| at.elapsed().as_secs_f64() * 1000.0);
        let at_ms = plan.step.ts_ms + since_ms;
        let phase = if self.arrived.is_some() { Phase::Live } else { Phase::Restoring };
        let asked = Asked { method: &method, url: &url, headers: &headers, body: &body, at_ms };
        match self.source.find(&asked, phase, Client::Browser) {
            Reply::Hit(hit) => self.give(id, &hit),
            // A browser asks for an icon once in its life, so most records have none; 404 would be a line on the page's console.
            Reply::Miss(_) if kind == "Other" && method == "GET" && is_image(&url) => {
                fulfil(id, json!({ "responseCode": 204, "responseHeaders": [] }))
            }
            Reply::Miss(_)
                if method == "OPTIONS"
                    && header(&headers, "access-control-request-method").is_some() =>
            {
                fulfil(id, leave(&headers))
            }
            Reply::Miss(miss) => {
                let missed = Some(told(&method, &url, &miss));
                Said { missed, ..fail(id, "BlockedByClient") }
            }
        }
    }

    fn give(&self, id: &Value, hit: &HitReply) -> Said {
        let AnswerReply::Response { status, status_text, headers, body, .. } = &hit.answer else {
            let AnswerReply::Failed { error, .. } = &hit.answer else { return fail(id, "Aborted") };
            return fail(id, reason(error));
        };
        let whole = match body {
            BodyReply::Whole => self.source.body(hit.entry).unwrap_or_default(),
            BodyReply::None | BodyReply::Missing => Vec::new(),
        };
        let mut given: Vec<Value> = Vec::new();
        for (name, value) in headers.iter().filter(|(name, _)| !name.starts_with(':')) {
            // The part of a body that the page asked for, as recorded.
            let is_part =
                *status == 206 && hit.slice.is_none() && name.eq_ignore_ascii_case("content-range");
            if is_part || !OF_THE_WIRE.iter().any(|wire| name.eq_ignore_ascii_case(wire)) {
                given.extend(value.split('\n').map(|one| json!({ "name": name, "value": one })));
            }
        }
        let Some((first, last)) = hit.slice else {
            let mut answer = json!({ "responseCode": status, "responseHeaders": given, "body": STANDARD.encode(&whole) });
            if !status_text.is_empty() {
                answer["responsePhrase"] = status_text.as_str().into();
            }
            return fulfil(id, answer);
        };
        let bytes = part(&whole, first, last);
        let (code, range) = match bytes {
            Some(part) => {
                (206, format!("bytes {first}-{}/{}", first + part.len() as u64 - 1, whole.len()))
            }
            None => (416, format!("bytes */{}", whole.len())),
        };
        given.push(json!({ "name": "content-range", "value": range }));
        fulfil(
            id,
            json!({ "responseCode": code, "responseHeaders": given, "body": STANDARD.encode(bytes.unwrap_or_default()) }),
        )
    }
}

/// The bytes from the first to the last one asked for; none where the body has none of them.
fn part(whole: &[u8], first: u64, last: Option<u64>) -> Option<&[u8]> {
    let end = last
        .map_or(whole.len(), |last| usize::try_from(last).unwrap_or(usize::MAX).saturating_add(1));
    let part = whole.get(usize::try_from(first).ok()?..end.min(whole.len()))?;
    (!part.is_empty()).then_some(part)
}

fn said(method: &'static str, id: &Value, mut params: Value) -> Said {
    params["requestId"] = id.clone();
    Said { method, params, missed: None }
}

fn fulfil(id: &Value, answer: Value) -> Said {
    said("Fetch.fulfillRequest", id, answer)
}

fn fail(id: &Value, reason: &str) -> Said {
    said("Fetch.failRequest", id, json!({ "errorReason": reason }))
}

fn reason(error: &str) -> &'static str {
    REASONS.iter().find(|(name, _)| error.contains(name)).map_or("Failed", |(_, reason)| reason)
}

fn headers_of(headers: &Value) -> Vec<(String, String)> {
    let pairs = headers.as_object().into_iter().flatten();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn header<'h>(headers: &'h [(String, String)], wanted: &str) -> Option<&'h str> {
    let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// The body as it is sent; empty where the browser does not hold all of it in memory, as of a chosen file.
fn body_of(request: &Value) -> Vec<u8> {
    let parts = request["postDataEntries"].as_array();
    let bytes = |part: &Value| STANDARD.decode(part["bytes"].as_str()?).ok();
    let whole = parts.and_then(|parts| parts.iter().map(bytes).collect::<Option<Vec<_>>>());
    whole.map_or_else(
        || request["postData"].as_str().unwrap_or_default().as_bytes().to_vec(),
        |parts| parts.concat(),
    )
}

/// The answer to a CORS preflight that was not recorded: leave for what it asks, since the request itself is looked up next.
fn leave(asked: &[(String, String)]) -> Value {
    let origin = header(asked, "origin");
    let allowed = [
        ("origin", Some(origin.unwrap_or("*"))),
        ("methods", header(asked, "access-control-request-method")),
        ("headers", header(asked, "access-control-request-headers")),
        ("credentials", origin.map(|_| "true")),
        ("private-network", header(asked, "access-control-request-private-network")),
    ];
    let mut headers: Vec<Value> = allowed
        .iter()
        .filter_map(|(name, value)| {
            Some(json!({ "name": format!("access-control-allow-{name}"), "value": (*value)? }))
        })
        .collect();
    headers.push(json!({ "name": "access-control-max-age", "value": "0" }));
    json!({ "responseCode": 204, "responseHeaders": headers })
}

fn is_image(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    IMAGES.iter().any(|ending| path.ends_with(ending))
}

/// A miss in words. An address may hold a secret that was put back, so its query is not told.
fn told(method: &str, url: &str, miss: &Miss) -> String {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let near = miss.near.first().map_or_else(String::new, |near| {
        let in_what =
            near.deltas.first().map(|delta| format!(", which differs in `{}`", delta.name));
        let in_what = in_what.unwrap_or_default();
        format!("; nearest is {} {} (seq:{}){in_what}", near.method, near.url, near.seq.get())
    });
    format!("{method} {shown} is not in the record, and was aborted{near}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_out_of_the_whole() {
        let check =
            |first, last, expect: Option<&[u8]>| assert_eq!(part(b"abcdef", first, last), expect);
        check(0, None, Some(b"abcdef"));
        check(2, Some(3), Some(b"cd"));
        check(4, Some(99), Some(b"ef"));
        check(0, Some(u64::MAX), Some(b"abcdef"));
        check(6, None, None);
        check(9, Some(3), None);
        check(3, Some(2), None);
    }

    #[test]
    fn leave_is_given_for_what_is_asked() {
        let asked = [
            ("Origin".to_owned(), "https://a.example".to_owned()),
            ("Access-Control-Request-Method".to_owned(), "PUT".to_owned()),
        ];
        let told = leave(&asked);
        let names: Vec<_> = told["responseHeaders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| format!("{}={}", it["name"].as_str().unwrap(), it["value"].as_str().unwrap()))
            .collect();
        assert_eq!(
            names,
            [
                "access-control-allow-origin=https://a.example",
                "access-control-allow-methods=PUT",
                "access-control-allow-credentials=true",
                "access-control-max-age=0"
            ]
        );
    }
}
