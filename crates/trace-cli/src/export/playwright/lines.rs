//! The lines of `trace.trace`: steps, actions, assertions, console, pictures, output, errors.

use serde_json::{Map, Value, json};
use trace_core::event::{
    Action, Assertion, Body, ConsoleError, ConsoleLog, Location, PageLocation, RunEnd,
    ScenarioEvent, Screenshot, StepEnd, StepStart, TraceError,
};
use trace_core::{Event, Timestamp};

use super::super::Bodies;
use super::{Files, ORIGIN_MS};
use crate::error::CliError;
use crate::source::Row;

/// Every line of the trace.
pub(super) fn trace(
    events: &[Event],
    row: &Row,
    bodies: &Bodies<'_>,
    files: &mut Files,
) -> Result<String, CliError> {
    let mut lines = vec![context(events, row)];
    for event in events {
        let at = Place {
            ts: Timestamp::as_ms(event.ts) + ORIGIN_MS,
            seq: event.seq.get(),
            step: event.step_id.as_ref().map(ToString::to_string),
        };
        match event.body() {
            Ok(Body::StepStart(step)) => lines.push(step_start(&at, step)),
            Ok(Body::StepEnd(step)) => lines.push(step_end(&at, step)),
            Ok(Body::Action(action)) => lines.extend(self::action(&at, action)),
            Ok(Body::Assertion(assertion)) => lines.extend(self::assertion(&at, assertion)),
            Ok(Body::ConsoleLog(line)) => lines.push(console(&at, line)),
            Ok(Body::ConsoleError(line)) => lines.push(console_error(&at, &line)),
            Ok(Body::Screenshot(picture)) => lines.extend(frame(&at, &picture, bodies, files)?),
            Ok(Body::ScenarioEvent(event)) => lines.extend(output(&at, &event)),
            Ok(Body::RunEnd(end)) => lines.extend(errors(end)),
            _ => {}
        }
    }
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// Where an event stands.
struct Place {
    ts: f64,
    seq: u64,
    step: Option<String>,
}

fn context(events: &[Event], row: &Row) -> Value {
    let start = events.iter().find(|event| event.kind.as_str() == "run.start");
    let field = |name: &str| start.and_then(|event| event.payload.field(name)).unwrap_or_default();
    let environment = field("environment");
    let browser =
        environment["browser"]["name"].as_str().or_else(|| environment["browser"].as_str());
    json!({
        "type": "context-options", "version": 8, "origin": "library",
        "browserName": browser.unwrap_or("chromium"), "platform": environment["os"], "options": {},
        "wallTime": field("wall_ms"), "monotonicTime": ORIGIN_MS, "sdkLanguage": "javascript",
        "title": row.scenario_title, "contextId": row.id,
    })
}

fn step_start(at: &Place, step: StepStart) -> Value {
    let id = at.step.clone().unwrap_or_default();
    before(
        &id,
        step.parent_id.map(|id| id.to_string()),
        at.ts,
        &Call {
            class: "Test",
            method: "test.step".to_owned(),
            title: step.title,
            params: json!({}),
            page: None,
            location: step.location,
        },
    )
}

fn step_end(at: &Place, step: StepEnd) -> Value {
    after(&at.step.clone().unwrap_or_default(), at.ts, step.error, None)
}

/// What the viewer lists as one action.
struct Call {
    class: &'static str,
    method: String,
    title: String,
    params: Value,
    page: Option<String>,
    location: Option<Location>,
}

fn before(id: &str, parent: Option<String>, start: f64, call: &Call) -> Value {
    let stack: Vec<Value> = call
        .location
        .iter()
        .map(|place| json!({ "file": place.file, "line": place.line, "column": place.column.unwrap_or(1), "function": "" }))
        .collect();
    let mut line = json!({
        "type": "before", "callId": id, "stepId": id, "startTime": start, "class": call.class, "method": call.method,
        "title": call.title, "params": call.params, "stack": stack,
    });
    if let Some(parent) = parent {
        line["parentId"] = parent.into();
    }
    if let Some(page) = &call.page {
        line["pageId"] = page.clone().into();
    }
    line
}

fn after(id: &str, end: f64, error: Option<TraceError>, result: Option<Value>) -> Value {
    let mut line = json!({ "type": "after", "callId": id, "endTime": end });
    if let Some(error) = error {
        line["error"] = json!({ "name": error.name.as_deref().unwrap_or("Error"), "message": error.message, "stack": error.stack });
    }
    if let Some(result) = result {
        line["result"] = result;
    }
    line
}

fn action(at: &Place, action: Action) -> [Value; 2] {
    let id = format!("call@{}", at.seq);
    let (subject, method) = action.api.rsplit_once('.').unwrap_or(("", &action.api));
    let class = match subject {
        "browserContext" | "context" => "BrowserContext",
        "page" => "Page",
        "request" | "apiRequestContext" => "APIRequestContext",
        _ => "Frame",
    };
    let mut params = match action.params {
        Some(Value::Object(params)) => params,
        Some(other) => Map::from_iter([("value".to_owned(), other)]),
        None => Map::new(),
    };
    if let Some(locator) = action.locator {
        params.insert("selector".to_owned(), locator.into());
    }
    let start = action.start_ts + ORIGIN_MS;
    let call = Call {
        class,
        method: method.to_owned(),
        title: action.title,
        params: params.into(),
        page: action.page,
        location: action.location,
    };
    let end = start + action.duration_ms;
    [before(&id, at.step.clone(), start, &call), after(&id, end, action.error, action.result)]
}

fn assertion(at: &Place, assertion: Assertion) -> [Value; 2] {
    let id = format!("expect@{}", at.seq);
    let negated = if assertion.negated == Some(true) { "not." } else { "" };
    let failed = !assertion.pass;
    let error = assertion.error.or_else(|| {
        failed.then(|| TraceError {
            message: format!(
                "expected {}, received {}",
                shown(assertion.expected.as_ref()),
                shown(assertion.received.as_ref())
            ),
            name: None,
            stack: None,
            extra: Map::new(),
        })
    });
    let call = Call {
        class: "Test",
        method: "expect".to_owned(),
        title: format!("Expect \"{negated}{}\"", assertion.name),
        params: json!({ "expected": assertion.expected, "selector": assertion.locator }),
        page: None,
        location: assertion.location,
    };
    let start = (at.ts - assertion.duration_ms).max(ORIGIN_MS);
    let result = assertion.received.map(|received| json!({ "received": received }));
    [
        before(&id, at.step.clone(), start, &call),
        after(&id, at.ts, error.filter(|_| failed), result),
    ]
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

fn console(at: &Place, line: ConsoleLog) -> Value {
    let level = if line.level == "warn" { "warning".to_owned() } else { line.level };
    json!({
        "type": "console", "time": at.ts, "pageId": line.page, "messageType": level, "text": line.text,
        "args": [], "location": spot(line.location.as_ref()),
    })
}

fn console_error(at: &Place, line: &ConsoleError) -> Value {
    if line.level == "pageerror" {
        let (name, message) = line.text.split_once(": ").unwrap_or(("Error", &line.text));
        let error = json!({ "name": name, "message": message, "stack": line.stack });
        return json!({
            "type": "event", "time": at.ts, "class": "BrowserContext", "method": "pageError", "pageId": line.page,
            "params": { "error": { "error": error } },
        });
    }
    json!({
        "type": "console", "time": at.ts, "pageId": line.page, "messageType": "error", "text": line.text,
        "args": [], "location": spot(line.location.as_ref()),
    })
}

fn spot(place: Option<&PageLocation>) -> Value {
    json!({
        "url": place.map_or("", |place| place.url.as_str()),
        "lineNumber": place.and_then(|place| place.line).unwrap_or_default(),
        "columnNumber": place.and_then(|place| place.column).unwrap_or_default(),
    })
}

fn frame(
    at: &Place,
    picture: &Screenshot,
    bodies: &Bodies<'_>,
    files: &mut Files,
) -> Result<Option<Value>, CliError> {
    let extension = match picture.image.media_type.as_str() {
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "jpeg",
    };
    let Some(bytes) = bodies.bytes(&picture.image)? else { return Ok(None) };
    Ok(Some(json!({
        "type": "screencast-frame", "pageId": picture.page, "sha1": files.add(bytes, extension),
        "width": picture.width, "height": picture.height, "timestamp": at.ts,
    })))
}

fn output(at: &Place, event: &ScenarioEvent) -> Option<Value> {
    let stream @ ("stdout" | "stderr") = event.name.as_str() else { return None };
    Some(json!({ "type": stream, "timestamp": at.ts, "text": event.text.as_ref()? }))
}

fn errors(end: RunEnd) -> Vec<Value> {
    let all = end.errors.filter(|errors| !errors.is_empty());
    let all = all.unwrap_or_else(|| end.error.into_iter().collect());
    all.iter()
        .map(|error| json!({ "type": "error", "message": error.message, "stack": [] }))
        .collect()
}
