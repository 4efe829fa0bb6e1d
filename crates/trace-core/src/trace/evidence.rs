//! What a failure is judged by: the failing assertion, network errors, console errors and the errors of actions, steps and run.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read::{error_message, flag, number, of, raw, text, value};
use crate::event::{Event, Kind, Seq};
use crate::scan;

/// A failing `expect`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailingAssertion {
    /// Event number.
    pub seq: Seq,
    /// Milliseconds on the trace's axis.
    pub ts: f64,
    /// Step it stands in.
    pub step_id: Option<String>,
    /// Matcher, such as `toHaveURL`.
    pub name: String,
    /// Locator, when it had one.
    pub locator: Option<String>,
    /// What was wanted.
    pub expected: Option<Value>,
    /// What came.
    pub received: Option<Value>,
    /// A soft assertion lets the test go on.
    pub soft: bool,
    /// `file:line`.
    pub location: Option<String>,
    /// Message of the error.
    pub error: Option<String>,
    /// Stack of the error.
    pub stack: Option<String>,
}

/// An answer of status 400 or above, or a request that came to nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkError {
    /// Event number.
    pub seq: Seq,
    /// Milliseconds on the trace's axis.
    pub ts: f64,
    /// Step it stands in.
    pub step_id: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Full URL.
    pub url: String,
    /// HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// `xhr`, `document`, `webhook` …
    pub resource_type: String,
}

impl NetworkError {
    /// A clone's delivery to the app under test, which the browser never sees.
    pub fn is_webhook(&self) -> bool {
        self.resource_type == "webhook"
    }
}

/// An error of the console, an action, a step or the run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thrown {
    pub(super) seq: Seq,
    pub(super) ts: f64,
    pub(super) step_id: Option<String>,
    /// `pageerror`, `error`, an API name, or empty.
    pub(super) what: String,
    pub(super) message: String,
    pub(super) stack: Option<String>,
}

/// How many network errors are remembered; a page that polls a dead server makes thousands, all alike.
const MOST_ERRORS: usize = 512;

/// A webhook is sent within seconds of the change it tells about; half a minute leaves room for a clone's retries.
const CAUSE_WINDOW_MS: f64 = 30_000.0;

/// Collects while a trace is read.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    pub(super) hard: Option<FailingAssertion>,
    pub(super) soft: Option<FailingAssertion>,
    network: VecDeque<NetworkError>,
    /// When the page or the test last asked for a change, and whether it asked for anything at all.
    changes: VecDeque<f64>,
    has_requests: bool,
    pub(super) console: Option<Thrown>,
    pub(super) action: Option<Thrown>,
    pub(super) step: Option<Thrown>,
    pub(super) run: Option<Thrown>,
}

impl Evidence {
    pub(super) fn push(&mut self, event: &Event) {
        match event.kind {
            Kind::Assertion if flag(event, "pass") == Some(false) => self.assertion(event),
            Kind::NetworkResponse | Kind::NetworkFailed => self.network(event),
            Kind::NetworkRequest => self.request(event),
            Kind::CloneState => self.deliveries(event),
            Kind::ConsoleError => self.console(event),
            Kind::Action if raw(event, "error").is_some() => self.action = thrown(event, "api"),
            Kind::StepEnd if self.step.is_none() => self.step = thrown(event, ""),
            Kind::RunEnd => self.run = thrown(event, ""),
            _ => {}
        }
    }

    /// The assertion that ended the test: the last hard one, else the first soft one.
    pub(super) fn assertion_at_fault(&self) -> Option<&FailingAssertion> {
        self.hard.as_ref().or(self.soft.as_ref())
    }

    /// When the failure showed itself.
    pub(super) fn moment(&self) -> Option<(f64, Seq, Option<&str>)> {
        let assertion = self.assertion_at_fault().map(|a| (a.ts, a.seq, a.step_id.as_deref()));
        let thrown = || [&self.action, &self.step, &self.run].into_iter().flatten().next();
        assertion.or_else(|| thrown().map(|t| (t.ts, t.seq, t.step_id.as_deref())))
    }

    /// The network error that most probably explains the failure; noise such as a missing picture never does.
    pub(super) fn dominant_network_error(&self) -> Option<&NetworkError> {
        let moment = self.moment();
        let (end, step) = moment.map_or((f64::INFINITY, None), |(ts, _, step)| (ts, step));
        let before = |error: &&NetworkError| {
            if error.is_webhook() { self.answers_a_change(end) } else { error.ts <= end }
        };
        let scored =
            self.network.iter().filter(before).map(|error| (relevance(error, step), error));
        scored
            .filter(|(score, _)| *score > 0)
            .max_by_key(|(score, error)| (*score, error.seq))
            .map(|(_, error)| error)
    }

    /// Whether this trace asked for a change shortly before it failed.
    ///
    /// Parallel tests often share a clone's run, so a webhook in this record may answer somebody else's change; a test
    /// that only looked at a page is never blamed on one. A record without requests cannot tell, so it keeps the evidence.
    fn answers_a_change(&self, failed_at: f64) -> bool {
        !self.has_requests
            || self.changes.iter().any(|at| (failed_at - CAUSE_WINDOW_MS..=failed_at).contains(at))
            || (failed_at.is_infinite() && !self.changes.is_empty())
    }

    fn request(&mut self, event: &Event) {
        let from_clone = text(event, "source").as_deref() == Some("clone")
            || text(event, "resource_type").as_deref() == Some("webhook");
        if from_clone {
            return;
        }
        self.has_requests = true;
        let method = text(event, "method").unwrap_or_default();
        if matches!(method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE") {
            if self.changes.len() == MOST_ERRORS {
                self.changes.pop_front();
            }
            self.changes.push_back(event.ts.as_ms());
        }
    }

    fn assertion(&mut self, event: &Event) {
        let soft = flag(event, "soft") == Some(true);
        let location = raw(event, "location").and_then(|at| {
            let line = scan::number_field(at, "line").unwrap_or(0.0);
            scan::string_field(at, "file").map(|file| format!("{file}:{line}"))
        });
        let failing = FailingAssertion {
            seq: event.seq,
            ts: event.ts.as_ms(),
            step_id: step_of(event),
            name: text(event, "name").unwrap_or_else(|| "expect".to_owned()),
            locator: text(event, "locator"),
            expected: value(event, "expected"),
            received: value(event, "received"),
            soft,
            location,
            error: error_message(event),
            stack: of(event, "error", "stack"),
        };
        if soft {
            self.soft.get_or_insert(failing);
        } else {
            self.hard = Some(failing);
        }
    }

    fn network(&mut self, event: &Event) {
        if !super::read::is_problem(event) {
            return;
        }
        let url = text(event, "url").unwrap_or_default();
        let from_clone = text(event, "source").as_deref() == Some("clone");
        let resource_type = text(event, "resource_type").unwrap_or_default();
        self.add(NetworkError {
            seq: event.seq,
            ts: event.ts.as_ms(),
            step_id: step_of(event),
            method: text(event, "method").unwrap_or_else(|| "GET".to_owned()),
            url,
            status: number(event, "status").and_then(status),
            error: error_message(event),
            resource_type: if from_clone { "webhook".to_owned() } else { resource_type },
        });
    }

    /// A clone's delivery log: webhooks are sent from server to server, so this is where a browser's trace sees them.
    fn deliveries(&mut self, event: &Event) {
        let Some(state) =
            raw(event, "state").and_then(|content| scan::string_field(content, "text"))
        else {
            return;
        };
        let mut found = Vec::new();
        collect_deliveries(state.as_bytes(), 0, &mut |delivery| {
            found.extend(failed_delivery(delivery, event));
        });
        for error in found {
            let known = |seen: &NetworkError| {
                seen.is_webhook() && (&seen.url, seen.status) == (&error.url, error.status)
            };
            if !self.network.iter().any(known) {
                self.add(error);
            }
        }
    }

    fn add(&mut self, error: NetworkError) {
        if self.network.len() == MOST_ERRORS {
            self.network.pop_front();
        }
        self.network.push_back(error);
    }

    fn console(&mut self, event: &Event) {
        let is_page_error = |thrown: &Thrown| thrown.what == "pageerror";
        let Some(thrown) = console_error(event) else { return };
        // An uncaught error says more than a logged one, and the last before the failure says most.
        if is_page_error(&thrown) || !self.console.as_ref().is_some_and(is_page_error) {
            self.console = Some(thrown);
        }
    }
}

fn relevance(error: &NetworkError, step: Option<&str>) -> i32 {
    let kind = match error.resource_type.as_str() {
        "webhook" => 6,
        "xhr" | "fetch" | "document" | "" => 2,
        _ => -4,
    };
    let same_step = if step.is_some() && error.step_id.as_deref() == step { 3 } else { 0 };
    let server = i32::from(error.status.is_some_and(|status| status >= 500));
    let icon = if error.url.contains("favicon") { -6 } else { 0 };
    kind + same_step + server + icon
}

fn step_of(event: &Event) -> Option<String> {
    event.step_id.as_ref().map(|id| id.as_str().to_owned())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked on the line before"
)]
fn status(number: f64) -> Option<u16> {
    (100.0..1000.0).contains(&number).then_some(number as u16)
}

fn thrown(event: &Event, what: &str) -> Option<Thrown> {
    Some(Thrown {
        seq: event.seq,
        ts: event.ts.as_ms(),
        step_id: step_of(event),
        what: text(event, what).unwrap_or_default(),
        message: error_message(event)?,
        stack: of(event, "error", "stack"),
    })
}

fn console_error(event: &Event) -> Option<Thrown> {
    Some(Thrown {
        seq: event.seq,
        ts: event.ts.as_ms(),
        step_id: step_of(event),
        what: text(event, "level").unwrap_or_default(),
        message: text(event, "text")?,
        stack: text(event, "stack"),
    })
}

/// Hands over every entry of a collection called `webhooks` or `webhook_deliveries`, wherever it lies in the state.
fn collect_deliveries(state: &[u8], depth: usize, each: &mut dyn FnMut(&[u8])) {
    const DEEPEST: usize = 8;
    if depth > DEEPEST {
        return;
    }
    for item in scan::items(state) {
        collect_deliveries(item.raw, depth + 1, each);
    }
    for (key, value) in scan::fields(state) {
        if matches!(key, b"webhooks" | b"webhook_deliveries" | b"deliveries") {
            scan::items(value.raw).for_each(|entry| each(entry.raw));
            // Collections are also written as objects by id.
            scan::fields(value.raw).for_each(|(_, entry)| each(entry.raw));
        }
        collect_deliveries(value.raw, depth + 1, each);
    }
}

fn failed_delivery(delivery: &[u8], event: &Event) -> Option<NetworkError> {
    let number = |name| scan::number_field(delivery, name);
    let answered =
        number("response_status").or_else(|| number("status")).or_else(|| number("status_code"));
    Some(NetworkError {
        seq: event.seq,
        ts: event.ts.as_ms(),
        step_id: step_of(event),
        method: "POST".to_owned(),
        url: scan::string_field(delivery, "url")?.into_owned(),
        status: Some(answered.and_then(status).filter(|status| *status >= 400)?),
        error: None,
        resource_type: "webhook".to_owned(),
    })
}
