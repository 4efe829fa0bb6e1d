//! `show`: what happened in one trace, each claim with the event that proves it.

use serde_json::Value;
use trace_core::Event;
use trace_render::{one_line, status_sign};

use super::{Paint, bytes, duration, plain};
use crate::source::Row;

/// What `show` tells from.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) row: &'a Row,
    /// Steps from the outside in, in the order in which they began.
    pub(crate) steps: Vec<StepLine>,
    pub(crate) failing_assertion: Option<Event>,
    pub(crate) console_errors: Vec<Event>,
    pub(crate) failed_requests: Vec<Event>,
    pub(crate) notices: Vec<Event>,
    pub(crate) damage: Vec<String>,
}

/// One step as a line.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct StepLine {
    pub(crate) depth: usize,
    pub(crate) index: Option<u64>,
    pub(crate) title: String,
    pub(crate) status: String,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) error: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) seq: u64,
}

/// Repeats of one kind of evidence beyond this are counted, not printed.
const MOST: usize = 12;
/// Places of one repeated line beyond this are left out.
const MOST_CITED: usize = 4;

/// The whole page.
pub(crate) fn story(told: &Evidence<'_>) -> String {
    let mut page = head(told.row);
    page += &steps(&told.steps);
    page += &told.failing_assertion.as_ref().map(assertion).unwrap_or_default();
    page += &section("Failed requests", &told.failed_requests, request);
    page += &section("Console errors", &told.console_errors, console);
    page += &section("The record's own gaps", &told.notices, notice);
    page += &damage(&told.damage);
    page
}

fn head(row: &Row) -> String {
    let (sign, look) = status_sign(&row.status);
    let facts = [
        Some(row.short_id.clone()),
        row.project.clone(),
        row.duration_ms.map(duration),
        row.events.map(|n| format!("{n} events")),
        row.bytes.map(bytes),
        (row.retry > 0).then(|| format!("retry {}", row.retry)),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect();
    let signature = row
        .failure_signature
        .as_deref()
        .map(|slug| format!("  {}", Paint::Warn.on(plain(slug))))
        .unwrap_or_default();
    let title = Paint::Strong.on(plain(&row.scenario_title));
    format!(
        "\n{} {title}  {}{signature}\n  {}\n",
        look.on(sign),
        look.on(&row.status),
        Paint::Faint.on(facts.join(" · "))
    )
}

fn steps(steps: &[StepLine]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let lines: String = steps.iter().map(step).collect();
    format!("\n{}\n{lines}", Paint::Strong.on("Steps"))
}

fn step(step: &StepLine) -> String {
    let (sign, look) = match step.status.as_str() {
        "passed" => ("✓", Paint::Good),
        "failed" => ("✗", Paint::Bad),
        "skipped" => ("-", Paint::Faint),
        _ => ("…", Paint::Warn),
    };
    let number = step.index.map_or_else(|| "  ".to_owned(), |index| format!("{index:>2}"));
    let took = step.duration_ms.map(duration).unwrap_or_default();
    let indent = "  ".repeat(step.depth);
    let mut line = format!(
        "  {} {number} {indent}{}  {} {}\n",
        look.on(sign),
        one_line(&step.title),
        Paint::Faint.on(took),
        cite(step.seq)
    );
    if step.status == "failed" {
        for text in step.error.iter().flat_map(|error| told_lines(error)) {
            line += &format!("        {indent}{}\n", Paint::Bad.on(one_line(text)));
        }
        line += &step
            .location
            .as_ref()
            .map(|place| format!("        {indent}{}\n", Paint::Faint.on(plain(place))))
            .unwrap_or_default();
    }
    line
}

/// The error's own lines; Playwright's call log is in the record, event by event.
pub(crate) fn told_lines(error: &str) -> impl Iterator<Item = &str> {
    let own = error.lines().take_while(|line| !line.starts_with("Call log:"));
    own.filter(|line| !line.trim().is_empty()).take(6)
}

fn assertion(event: &Event) -> String {
    let fields = event.payload.fields();
    let part = |label: &str, key: &str| match &fields.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(value) => format!("  {label:<9} {}\n", one_line(&text_of(value))),
    };
    let place = location(fields.get("location"))
        .map(|place| format!("  {}\n", Paint::Faint.on(place)))
        .unwrap_or_default();
    let name = text_of(fields.get("name").unwrap_or(&Value::Null));
    format!(
        "\n{}\n  {} {}\n{}{}{}{place}",
        Paint::Strong.on("Failing assertion"),
        Paint::Bad.on(one_line(&name)),
        cite(event.seq.get()),
        part("locator", "locator"),
        part("expected", "expected"),
        part("received", "received"),
    )
}

fn request(event: &Event) -> String {
    let fields = event.payload.fields();
    let text = |key: &str| fields.get(key).map(text_of).unwrap_or_default();
    let status = if text("status").is_empty() { text("error") } else { text("status") };
    let sender = if text("source") == "clone" {
        Paint::Faint.on(format!(" sent by clone {} ", one_line(&text("clone"))).trim_end())
    } else {
        String::new()
    };
    format!(
        "{} {} {}{sender}",
        Paint::Bad.on(one_line(&status)),
        text("method"),
        one_line(&text("url"))
    )
}

fn console(event: &Event) -> String {
    let fields = event.payload.fields();
    let text = |key: &str| fields.get(key).map(text_of).unwrap_or_default();
    let place = fields.get("location").and_then(|at| at["url"].as_str()).unwrap_or_default();
    let level = Paint::Bad.on(one_line(&text("level")));
    format!("{level} {} {}", one_line(&text("text")), Paint::Faint.on(one_line(place)))
}

fn notice(event: &Event) -> String {
    let fields = event.payload.fields();
    let text = |key: &str| fields.get(key).map(text_of).unwrap_or_default();
    format!("{} {}", Paint::Warn.on(text("code")), one_line(&text("message")))
}

/// Equal lines are told once, with their number and the first few places.
fn section(title: &str, events: &[Event], line: fn(&Event) -> String) -> String {
    if events.is_empty() {
        return String::new();
    }
    let mut told: Vec<(String, Vec<u64>)> = Vec::new();
    for event in events {
        let text = line(event);
        match told.iter_mut().find(|(known, _)| *known == text) {
            Some((_, seqs)) => seqs.push(event.seq.get()),
            None => told.push((text, vec![event.seq.get()])),
        }
    }
    let lines: String = told.iter().take(MOST).map(|(text, seqs)| repeated(text, seqs)).collect();
    let more = told.len().saturating_sub(MOST);
    let rest = if more > 0 {
        format!("  {}\n", Paint::Faint.on(format!("and {more} more")))
    } else {
        String::new()
    };
    format!("\n{}\n{lines}{rest}", Paint::Strong.on(title))
}

fn repeated(text: &str, seqs: &[u64]) -> String {
    let times = if seqs.len() > 1 { format!(" ×{}", seqs.len()) } else { String::new() };
    let cited: String = seqs.iter().take(MOST_CITED).map(|seq| cite(*seq)).collect();
    let rest = if seqs.len() > MOST_CITED { Paint::Faint.on("…") } else { String::new() };
    format!("  {text}{times} {cited}{rest}\n")
}

fn damage(told: &[String]) -> String {
    let lines: String = told.iter().map(|line| format!("  {}\n", plain(line))).collect();
    if lines.is_empty() { lines } else { format!("\n{}\n{lines}", Paint::Bad.on("Damaged")) }
}

pub(super) fn cite(seq: u64) -> String {
    Paint::Faint.on(format!("(seq:{seq})"))
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `tests/upgrade.spec.ts:42:7`.
pub(crate) fn location(value: Option<&Value>) -> Option<String> {
    let value = value?;
    let file = value["file"].as_str()?;
    Some(plain(&format!("{file}:{}:{}", value["line"], value["column"])))
}
