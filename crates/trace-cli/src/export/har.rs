//! HTTP Archive 1.2, with the extensions that browsers' tools and Playwright read.

use serde_json::{Map, Value, json};
use trace_core::Event;
use trace_core::event::{Content, Headers, NetworkResponse, WsDirection};

use super::Bodies;
use super::exchange::{Exchange, Outcome, Socket, exchanges};
use crate::error::CliError;
use crate::source::{Row, rfc3339};

/// The archive of a trace.
pub(crate) fn har(events: &[Event], row: &Row, bodies: &Bodies<'_>) -> Result<Value, CliError> {
    let start = events.iter().find(|event| event.kind.as_str() == "run.start");
    let field = |name: &str| start.and_then(|event| event.payload.field(name)).unwrap_or_default();
    let clock = Clock::of(events);
    let entries = timed_entries(events, clock, bodies)?;
    let pages = pages(events, row, clock);
    let environment = field("environment");
    Ok(json!({ "log": {
        "version": "1.2",
        "creator": { "name": "molar-trace", "version": env!("CARGO_PKG_VERSION") },
        "browser": browser(&environment),
        "pages": pages,
        "entries": entries.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(),
        "comment": format!("{} ({})", row.scenario_title, row.id),
    }}))
}

/// Every entry in the order of time, with its time on the trace's axis.
pub(crate) fn timed_entries(
    events: &[Event],
    clock: Clock,
    bodies: &Bodies<'_>,
) -> Result<Vec<(f64, Value)>, CliError> {
    let (found, sockets) = exchanges(events);
    let mut entries: Vec<(f64, Value)> = Vec::with_capacity(found.len() + sockets.len());
    for exchange in &found {
        entries.push((exchange.ts, entry(exchange, clock, bodies)?));
    }
    for socket in &sockets {
        entries.push((socket.ts, socket_entry(socket, clock, bodies)?));
    }
    entries.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(entries)
}

/// The trace's axis on the wall.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    wall_ms: u64,
}

impl Clock {
    pub(crate) fn of(events: &[Event]) -> Self {
        let start = events.iter().find(|event| event.kind.as_str() == "run.start");
        let wall_ms = start.and_then(|event| event.payload.field("wall_ms"));
        Self { wall_ms: wall_ms.and_then(|ms| ms.as_u64()).unwrap_or_default() }
    }

    fn at(self, ts: f64) -> String {
        rfc3339((self.wall_ms as f64 + ts) * 1000.0)
    }
}

fn browser(environment: &Value) -> Value {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let browser = &environment["browser"];
    let name = text(&browser["name"]).or_else(|| text(browser));
    let version = text(&browser["version"]).or_else(|| text(&environment["browser_version"]));
    json!({ "name": name.unwrap_or_else(|| "unknown".to_owned()), "version": version.unwrap_or_default() })
}

fn pages(events: &[Event], row: &Row, clock: Clock) -> Vec<Value> {
    let mut pages: Vec<(String, f64)> = Vec::new();
    for event in events.iter().filter(|event| event.kind.as_str().starts_with("network.")) {
        let page = event.payload.field("page");
        let Some(page) = page.as_ref().and_then(Value::as_str) else { continue };
        if pages.iter().all(|(known, _)| known != page) {
            pages.push((page.to_owned(), event.ts.as_ms()));
        }
    }
    let told = |(id, ts): (String, f64)| {
        json!({ "startedDateTime": clock.at(ts), "id": id, "title": row.scenario_title,
            "pageTimings": { "onContentLoad": -1, "onLoad": -1 } })
    };
    pages.into_iter().map(told).collect()
}

fn entry(exchange: &Exchange, clock: Clock, bodies: &Bodies<'_>) -> Result<Value, CliError> {
    let request = &exchange.request;
    let answer = match &exchange.outcome {
        Outcome::Answered(_, response) => Some(response.as_ref()),
        _ => None,
    };
    let version = http_version(answer);
    let took = answer.map_or(0.0, |answer| answer.duration_ms.max(0.0));
    let timings = timings(answer, took);
    let mut entry = json!({
        "startedDateTime": clock.at(exchange.ts),
        "time": total(&timings),
        "request": request_of(exchange, &version, bodies)?,
        "response": match (answer, &exchange.outcome) {
            (Some(answer), _) => response_of(answer, &version, bodies)?,
            (None, Outcome::Failed(_, failed)) => no_response(&version, &failed.error),
            (None, _) => no_response(&version, "the trace ended before an answer came"),
        },
        "cache": {},
        "timings": timings,
        "_resourceType": request.resource_type,
        "_seq": exchange.seq,
    });
    let fields = entry.as_object_mut();
    let Some(fields) = fields else { return Ok(entry) };
    let mut put = |name: &str, value: Option<Value>| {
        value.into_iter().for_each(|value| drop(fields.insert(name.to_owned(), value)));
    };
    put("pageref", request.page.clone().map(Value::from));
    put("_stepId", exchange.step_id.clone().map(Value::from));
    put("serverIPAddress", answer.and_then(server_address).map(Value::from));
    put("_fromCache", answer.and_then(|a| a.from_cache).filter(|is| *is).map(Value::from));
    put(
        "_fromServiceWorker",
        answer.and_then(|a| a.from_service_worker).filter(|is| *is).map(Value::from),
    );
    if let Outcome::Answered(seq, _) | Outcome::Failed(seq, _) = &exchange.outcome {
        put("_answerSeq", Some((*seq).into()));
    }
    if let Some(answer) = answer.filter(|answer| is_event_stream(answer)) {
        put("_eventStream", Some(event_stream(answer, bodies)?));
    }
    Ok(entry)
}

fn http_version(answer: Option<&NetworkResponse>) -> String {
    match answer.and_then(|answer| answer.protocol.as_deref()) {
        Some("h2") => "HTTP/2.0".to_owned(),
        Some("h3") => "HTTP/3.0".to_owned(),
        Some("http/1.0") => "HTTP/1.0".to_owned(),
        _ => "HTTP/1.1".to_owned(),
    }
}

/// `-1` is the standard's word for "does not apply"; `send`, `wait` and `receive` are required to be 0 or more.
fn timings(answer: Option<&NetworkResponse>, took: f64) -> Value {
    let phase = |name: &str| {
        let timing = answer.and_then(|answer| answer.timing.as_ref());
        timing.and_then(|timing| timing.get(name)).and_then(Value::as_f64).filter(|ms| *ms >= 0.0)
    };
    let known: f64 = ["dns", "connect", "send", "wait"].iter().filter_map(|name| phase(name)).sum();
    json!({
        "blocked": -1,
        "dns": phase("dns").unwrap_or(-1.0),
        "connect": phase("connect").unwrap_or(-1.0),
        "ssl": phase("ssl").unwrap_or(-1.0),
        "send": phase("send").unwrap_or(0.0),
        "wait": phase("wait").unwrap_or(0.0),
        "receive": (took - known).max(0.0),
    })
}

/// The sum of the phases, as the standard wants it; `ssl` is part of `connect`.
fn total(timings: &Value) -> f64 {
    let phases = ["blocked", "dns", "connect", "send", "wait", "receive"];
    phases.iter().filter_map(|name| timings[*name].as_f64()).filter(|ms| *ms > 0.0).sum()
}

fn request_of(exchange: &Exchange, version: &str, bodies: &Bodies<'_>) -> Result<Value, CliError> {
    let request = &exchange.request;
    let mut value = json!({
        "method": request.method,
        "url": request.url,
        "httpVersion": version,
        "cookies": cookies(&request.headers, "cookie", ';'),
        "headers": headers(&request.headers),
        "queryString": query(&request.url),
        "headersSize": -1,
        "bodySize": request.body.as_ref().map_or(0, |body| body.size),
    });
    if let Some(body) = &request.body {
        let bytes = bodies.bytes(body)?.unwrap_or_default();
        let (text, encoding) = text_or_base64(bytes, &body.media_type);
        value["postData"] = json!({ "mimeType": body.media_type, "params": [], "text": text });
        if let Some(encoding) = encoding {
            value["postData"]["encoding"] = encoding.into();
        }
        note_truncation(&mut value["postData"], body);
    }
    Ok(value)
}

fn response_of(
    answer: &NetworkResponse,
    version: &str,
    bodies: &Bodies<'_>,
) -> Result<Value, CliError> {
    let header = |name: &str| answer.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let media_type = header("content-type").map_or("x-unknown", |(_, value)| value);
    let mut content = json!({ "size": 0, "mimeType": media_type });
    if let Some(body) = &answer.body {
        content["size"] = body.size.into();
        match bodies.bytes(body)? {
            Some(bytes) => {
                let (text, encoding) = text_or_base64(bytes, media_type);
                content["text"] = text.into();
                if let Some(encoding) = encoding {
                    content["encoding"] = encoding.into();
                }
                note_truncation(&mut content, body);
            }
            None => content["comment"] = "the record's blob of this body is not here".into(),
        }
    } else if let Some(why) = &answer.body_missing {
        content["comment"] = format!("not recorded: {why}").into();
    }
    Ok(json!({
        "status": answer.status,
        "statusText": answer.status_text,
        "httpVersion": version,
        "cookies": cookies(&answer.headers, "set-cookie", '\n'),
        // Bodies are recorded as the page saw them, so who serves them again must not announce a compression.
        "headers": headers(&answer.headers.iter().filter(|(name, _)| !is_transport(name)).cloned().collect()),
        "content": content,
        "redirectURL": header("location").map_or("", |(_, value)| value),
        "headersSize": -1,
        "bodySize": answer.body.as_ref().map_or(0, |body| body.size),
    }))
}

fn is_transport(name: &str) -> bool {
    ["content-encoding", "transfer-encoding", "content-length"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Playwright's own archives have status -1 for a request that came to nothing.
fn no_response(version: &str, why: &str) -> Value {
    json!({
        "status": -1, "statusText": "", "httpVersion": version, "cookies": [], "headers": [],
        "content": { "size": 0, "mimeType": "x-unknown" },
        "redirectURL": "", "headersSize": -1, "bodySize": -1, "_failureText": why,
    })
}

fn headers(headers: &Headers) -> Vec<Value> {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// Names and values only: attributes stand in the headers. Redacted values stay redacted.
fn cookies(headers: &Headers, header: &str, between: char) -> Vec<Value> {
    let lines = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header));
    let pairs = lines.flat_map(|(_, value)| value.split(between));
    pairs
        .filter_map(|pair| pair.split(';').next()?.split_once('='))
        .map(|(name, value)| json!({ "name": name.trim(), "value": value.trim() }))
        .collect()
}

fn query(url: &str) -> Vec<Value> {
    let Ok(url) = reqwest::Url::parse(url) else { return Vec::new() };
    url.query_pairs().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn text_or_base64(bytes: Vec<u8>, media_type: &str) -> (String, Option<&'static str>) {
    use base64::Engine;
    let is_binary =
        ["image/", "font/", "audio/", "video/"].iter().any(|kind| media_type.starts_with(kind))
            && !media_type.contains("svg");
    match String::from_utf8(bytes) {
        Ok(text) if !is_binary => (text, None),
        Ok(text) => (base64::engine::general_purpose::STANDARD.encode(text), Some("base64")),
        Err(error) => {
            (base64::engine::general_purpose::STANDARD.encode(error.as_bytes()), Some("base64"))
        }
    }
}

fn note_truncation(value: &mut Value, content: &Content) {
    if let Some(missing) = content.truncated.filter(|missing| *missing > 0) {
        value["comment"] = format!("{missing} bytes of the original are missing").into();
    }
}

fn server_address(answer: &NetworkResponse) -> Option<String> {
    let remote = answer.remote.as_ref()?;
    if let Some(ip) = remote["ip"].as_str() {
        return Some(ip.to_owned());
    }
    let text = remote.as_str()?;
    Some(text.rsplit_once(':').map_or(text, |(ip, _)| ip).to_owned())
}

fn is_event_stream(answer: &NetworkResponse) -> bool {
    let is_header = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("content-type") && value.starts_with("text/event-stream")
    };
    answer.headers.iter().any(is_header)
}

/// The messages of a server-sent event stream, as its body holds them.
fn event_stream(answer: &NetworkResponse, bodies: &Bodies<'_>) -> Result<Value, CliError> {
    let body = answer.body.as_ref().map(|body| bodies.bytes(body)).transpose()?.flatten();
    let text = String::from_utf8_lossy(&body.unwrap_or_default()).replace("\r\n", "\n");
    let messages = text.split("\n\n").filter_map(|block| {
        let mut message = Map::new();
        for line in block.lines().filter(|line| !line.starts_with(':')) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match (name, message.get_mut("data")) {
                ("data", Some(Value::String(data))) => data.push_str(&format!("\n{value}")),
                ("data" | "event" | "id", _) => drop(message.insert(name.to_owned(), value.into())),
                _ => {}
            }
        }
        message.contains_key("data").then_some(Value::Object(message))
    });
    Ok(messages.collect())
}

fn socket_entry(socket: &Socket, clock: Clock, bodies: &Bodies<'_>) -> Result<Value, CliError> {
    let mut messages = Vec::new();
    for (ts, message) in &socket.messages {
        let direction = match message.direction {
            WsDirection::Sent => "send",
            WsDirection::Received => "receive",
            _ => continue,
        };
        let content = message.data.as_ref();
        let bytes = content.map(|content| bodies.bytes(content)).transpose()?.flatten();
        let opcode = message.opcode.unwrap_or(1);
        // A binary message stands in base64, as browsers' tools write it.
        let media_type = if opcode == 2 { "image/" } else { "text/plain" };
        let (data, _) = text_or_base64(bytes.unwrap_or_default(), media_type);
        let time = (clock.wall_ms as f64 + ts) / 1000.0;
        messages.push(json!({ "type": direction, "time": time, "opcode": opcode, "data": data }));
    }
    let took = (socket.end_ts - socket.ts).max(0.0);
    Ok(json!({
        "startedDateTime": clock.at(socket.ts),
        "time": took,
        "request": { "method": "GET", "url": socket.url, "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
            "queryString": query(&socket.url), "headersSize": -1, "bodySize": 0 },
        "response": { "status": 101, "statusText": "Switching Protocols", "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": [], "content": { "size": 0, "mimeType": "x-unknown" }, "redirectURL": "", "headersSize": -1, "bodySize": -1 },
        "cache": {},
        "timings": { "blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0, "receive": took },
        "_resourceType": "websocket",
        "_seq": socket.seq,
        "_webSocketMessages": messages,
    }))
}
