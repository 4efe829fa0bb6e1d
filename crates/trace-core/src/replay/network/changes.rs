//! Recorded requests that changed something at the application, for whoever brings its server to where it was.

use base64::Engine as _;
use serde::Serialize;

use super::entry::{Answer, Entry};
use crate::event::{Headers, Seq};
use crate::replay::beside::Beside;
use crate::replay::origins::{OriginClass, Origins};

/// Methods that change nothing where servers keep to HTTP.
const SAFE: &[&str] = &["GET", "HEAD", "OPTIONS", "TRACE"];

/// A request that changed something, secrets put back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Its `network.request`.
    pub seq: Seq,
    /// When it was sent, in milliseconds on the trace's axis.
    pub sent_ms: f64,
    /// The method.
    pub method: String,
    /// The recorded address.
    pub url: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body in base64; empty when there was none, or it cannot be had.
    pub body: String,
    /// The status of its answer.
    pub status: u16,
    /// The cookies that its answer set.
    pub set_cookie: Vec<String>,
}

/// The changes among entries that were sent before a moment of the axis, in order. A safe request whose answer set a cookie is one: it may
/// have begun the session that the others belong to. One that was never answered changed nothing that anybody saw.
pub fn changes(
    entries: &[Entry],
    before_ms: f64,
    origins: &Origins,
    beside: &dyn Beside,
) -> Vec<Change> {
    let past = entries.iter().filter(|entry| entry.sent_ms < before_ms);
    let of_app = past.filter(|entry| origins.class(&entry.url) == OriginClass::App);
    of_app.filter_map(|entry| change(entry, beside)).collect()
}

fn change(entry: &Entry, beside: &dyn Beside) -> Option<Change> {
    let Answer::Response(response) = &entry.answer else { return None };
    let answered = beside.headers(&response.headers).into_iter();
    let set_cookie: Vec<String> = answered
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .map(|(_, value)| value)
        .collect();
    if SAFE.contains(&entry.method.as_str()) && set_cookie.is_empty() {
        return None;
    }
    Some(Change {
        seq: entry.seq,
        sent_ms: entry.sent_ms,
        method: entry.method.clone(),
        url: entry.url.clone(),
        headers: entry.headers.clone(),
        body: base64::engine::general_purpose::STANDARD.encode(&entry.body),
        status: response.status,
        set_cookie,
    })
}
