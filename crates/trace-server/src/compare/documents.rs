//! The documents of a trace at given times, out of its extract: each segment begins with a keyframe, so no document is rebuilt from
//! its beginning.

use std::io::{BufRead, BufReader, Read};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use trace_core::dom::VirtualDom;

use crate::app::App;
use crate::catalog::{Form, TraceRecord};
use crate::error::AppError;
use crate::org::OrgScope;
use crate::store::StoreError;

/// More text than this is no recording that anybody looks at; what lies beyond is not compared.
const MAX_BYTES: u64 = 1 << 30;
/// Lines of one page's outline.
const MAX_LINES: usize = 20_000;
/// Text of one line.
const MAX_TEXT: usize = 500;
/// Made anew for every answer, so they say nothing.
const VOLATILE: [&str; 2] = ["nonce", "integrity"];

/// The extract as it lies in the store; empty for a trace without documents.
pub(super) async fn extract(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
) -> Result<Bytes, AppError> {
    match app.store.get(&App::prefix(org, record)?.rrweb()).await {
        Err(StoreError::NotFound { .. }) if record.form == Form::Archived => Ok(Bytes::new()),
        Err(StoreError::NotFound { .. }) => {
            let message =
                format!("the documents of trace `{}` are not extracted yet", record.trace.id);
            let detail = "ask again when its `archived` is true";
            Err(AppError::conflict("unfinished", message, detail)
                .with("trace_status", record.status.as_str())
                .into())
        }
        other => Ok(other?),
    }
}

#[derive(Deserialize)]
struct Segment {
    page: String,
    start_ts: f64,
    events: Vec<Value>,
}

/// For each of the times (which ascend) the outline of every page that was there, one below the other.
pub(super) fn outlines(extract: &[u8], times: &[f64]) -> std::io::Result<Vec<Vec<String>>> {
    let mut found = vec![Vec::new(); times.len()];
    if extract.is_empty() || times.is_empty() {
        return Ok(found);
    }
    let mut reader = BufReader::new(zstd::Decoder::new(extract)?.take(MAX_BYTES));
    let (mut held, mut line) = (None::<Segment>, Vec::new());
    loop {
        line.clear();
        let n = reader.read_until(b'\n', &mut line)?;
        // The index at the end is no segment; neither is nothing.
        let next = (n > 0).then(|| serde_json::from_slice::<Segment>(&line).ok()).flatten();
        if n > 0 && next.is_none() {
            continue;
        }
        if let Some(segment) = held.take() {
            let follows = next.as_ref().filter(|next| next.page == segment.page);
            let until = follows.map_or(f64::INFINITY, |next| next.start_ts);
            let of = |at: &f64| segment.start_ts <= *at && *at < until;
            for (n, _) in times.iter().enumerate().filter(|(_, at)| of(at)) {
                found[n].extend(outline(&segment, times[n]));
            }
        }
        if next.is_none() {
            return Ok(found);
        }
        held = next;
    }
}

/// The document of a segment at that time.
fn outline(segment: &Segment, at: f64) -> Vec<String> {
    let mut dom = VirtualDom::new();
    let is_before = |event: &&Value| event["timestamp"].as_f64().is_none_or(|ts| ts <= at);
    segment.events.iter().filter(is_before).for_each(|event| dom.apply(event));
    let keyframe = dom.keyframe(&Value::from(at));
    let of_type = |n: u64| keyframe.iter().find(move |event| event["type"] == n);
    let href = of_type(4).and_then(|meta| meta["data"]["href"].as_str()).unwrap_or_default();
    let mut writer = Writer { origin: origin(href), lines: Vec::new() };
    let address = writer.plain(href);
    writer.say(0, &format!("page {address}"));
    if let Some(snapshot) = of_type(2) {
        writer.node(&snapshot["data"]["node"], 0);
    }
    writer.lines
}

/// Scheme, host and port: another run has another port.
fn origin(href: &str) -> String {
    let rest = href.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let end = href.len() - rest.len() + host.len();
    if host.is_empty() { String::new() } else { href[..end].to_owned() }
}

struct Writer {
    origin: String,
    lines: Vec<String>,
}

impl Writer {
    fn say(&mut self, depth: usize, text: &str) {
        if self.lines.len() < MAX_LINES {
            let short: String = text.chars().take(MAX_TEXT).collect();
            self.lines.push(format!("{}{short}", "  ".repeat(depth.min(60))));
        }
    }

    fn plain(&self, text: &str) -> String {
        if self.origin.is_empty() {
            text.to_owned()
        } else {
            text.replace(&self.origin, "{origin}")
        }
    }

    fn node(&mut self, node: &Value, depth: usize) {
        let children = node["childNodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let below = match node["type"].as_u64() {
            Some(0) => depth,
            Some(2) => {
                let line = self.element(node);
                self.say(depth, &line);
                depth + 1
            }
            Some(3 | 4) => {
                let text = node["textContent"].as_str().unwrap_or_default();
                let words: Vec<&str> = text.split_whitespace().collect();
                if !words.is_empty() {
                    let text = self.plain(&words.join(" "));
                    self.say(depth, &text);
                }
                return;
            }
            _ => return,
        };
        // A script never runs in a rebuilt document, and the text of a style is long and says little.
        let tag = node["tagName"].as_str().unwrap_or_default();
        if !["script", "noscript", "style"].contains(&tag) {
            children.iter().for_each(|child| self.node(child, below));
        }
    }

    fn element(&self, node: &Value) -> String {
        let mut line = format!("<{}", node["tagName"].as_str().unwrap_or("?"));
        let attributes = node["attributes"].as_object();
        let mut named: Vec<_> = attributes.into_iter().flatten().collect();
        named.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in named {
            if VOLATILE.contains(&name.as_str()) || name.starts_with("rr_") || name.starts_with('_')
            {
                continue;
            }
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            line += &format!(" {name}=\"{}\"", self.plain(&text));
        }
        line + ">"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn extract(segments: &[Value]) -> Vec<u8> {
        let index = json!({"segments": []});
        let lines = segments.iter().chain([&index]);
        let frames = lines.map(|line| zstd::encode_all(format!("{line}\n").as_bytes(), 1).unwrap());
        frames.collect::<Vec<_>>().concat()
    }

    fn segment(page: &str, start: f64, port: u16, text: &str) -> Value {
        let html = json!({"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [
            {"type": 2, "id": 3, "tagName": "body", "attributes": {"class": "shop", "nonce": text}, "childNodes": [
                {"type": 2, "id": 4, "tagName": "a", "attributes": {"href": format!("http://127.0.0.1:{port}/cart")}, "childNodes": [
                    {"type": 3, "id": 5, "textContent": format!("  {text}\n ")}]}]}]});
        json!({"page": page, "segment": 1, "start_ts": start, "end_ts": start + 5.0, "events": [
            {"type": 4, "timestamp": start, "data": {"href": format!("http://127.0.0.1:{port}/shop"), "width": 1, "height": 1}},
            {"type": 2, "timestamp": start, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]}, "initialOffset": {"left": 0, "top": 0}}},
            {"type": 3, "timestamp": start + 5.0, "data": {"source": 0, "texts": [{"id": 5, "value": format!("{text} later")}], "attributes": [], "removes": [], "adds": []}},
        ]})
    }

    #[test]
    fn a_document_is_what_its_segment_had_come_to_and_its_port_is_no_part_of_it() {
        let expect = |text: &str| {
            vec![
                "page {origin}/shop".to_owned(),
                "<html>".to_owned(),
                "  <body class=\"shop\">".to_owned(),
                "    <a href=\"{origin}/cart\">".to_owned(),
                format!("      {text}"),
            ]
        };
        let file = extract(&[segment("p1", 0.0, 4000, "one"), segment("p1", 10.0, 4000, "two")]);
        let found = outlines(&file, &[-1.0, 1.0, 6.0, 12.0]).unwrap();
        assert_eq!(found, [vec![], expect("one"), expect("one later"), expect("two")]);
        let other = extract(&[segment("p9", 0.0, 5000, "one")]);
        assert_eq!(outlines(&other, &[1.0]).unwrap(), [expect("one")]);
        assert_eq!(outlines(&[], &[1.0]).unwrap(), [Vec::<String>::new()]);
        assert!(outlines(b"no zstd", &[1.0]).is_err());
    }
}
