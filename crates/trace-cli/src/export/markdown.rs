//! A report to paste into an issue or hand to a model: what failed, with the event that proves each line.
//!
//! Recorded text is data: it always stands in code, fenced by more backticks than it holds, so that it cannot become a
//! heading, a link or an instruction of the report itself.

use serde_json::Value;
use trace_core::trace::{Step, StepStatus, StepTree, Summary, SummaryBuilder};
use trace_core::{Event, Kind};

use crate::render::{duration, told_lines};
use crate::source::Row;

/// Evidence of one kind beyond this repeats itself.
const MOST: usize = 20;
/// The longest piece of recorded text.
const LONGEST: usize = 2000;

/// The report.
pub(crate) fn markdown(events: &[Event], row: &Row) -> String {
    let mut builder = SummaryBuilder::default();
    events.iter().for_each(|event| builder.push(event));
    let summary = builder.finish();
    let tree = StepTree::build(events);
    let mut page = head(events, row, &summary);
    page += &failure(&summary, &tree);
    page += &assertion(&summary);
    page += &section("Failed requests", events, failed_request);
    page += &section("Console errors", events, console_error);
    page += &steps(&tree);
    page += &section("Gaps of the record", events, gap);
    page
}

fn head(events: &[Event], row: &Row, summary: &Summary) -> String {
    let sign = if summary.status == "passed" { "✓" } else { "✗" };
    let start = events.first().filter(|event| event.kind == Kind::RunStart);
    let environment =
        start.and_then(|event| event.payload.field("environment")).unwrap_or_default();
    let environment: Vec<String> = environment
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some(format!("{name} {}", scalar(value)?)))
        .collect();
    let place = summary.scenario.file.as_ref().map(|file| match summary.scenario.line {
        Some(line) => format!("{file}:{line}"),
        None => file.clone(),
    });
    let signature =
        summary.signature.as_ref().map(|signature| format!(" ({})", code(&signature.slug)));
    let rows = [
        ("status", Some(format!("{}{}", summary.status, signature.unwrap_or_default()))),
        ("trace", Some(format!("{} ({})", code(&row.short_id), code(&row.id)))),
        ("test", place.map(|place| code(&place))),
        ("project", summary.project.as_deref().map(code)),
        ("retry", (summary.retry > 0).then(|| summary.retry.to_string())),
        ("took", Some(duration(summary.duration_ms))),
        ("recorded", Some(row.created_at.clone())),
        ("commit", summary.code_sha.as_deref().map(code)),
        ("branch", summary.branch.as_deref().map(code)),
        ("run", summary.run_id.as_deref().map(code)),
        ("environment", (!environment.is_empty()).then(|| code(&environment.join(", ")))),
    ];
    let rows: String = rows
        .into_iter()
        .filter_map(|(name, value)| Some(format!("| {name} | {} |\n", value?.replace('|', "\\|"))))
        .collect();
    format!("# {sign} {}\n\n| | |\n|---|---|\n{rows}", code(&summary.scenario.title))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn failure(summary: &Summary, tree: &StepTree) -> String {
    if summary.status == "passed" {
        return String::new();
    }
    let mut text = "\n## What failed\n\n".to_owned();
    if let Some(step) = &summary.failed_step {
        let number = step.index.map(|index| format!("Step {index}, ")).unwrap_or_default();
        text += &format!("{number}{} (seq:{})\n", code(&step.title), step.seq);
        let inner = tree.failed_step().map(|step| tree.deepest_failure(step));
        if let Some(inner) = inner.filter(|inner| inner.title != step.title) {
            text += &format!("\nin {} (seq:{})\n", code(&inner.title), inner.first_seq);
        }
    }
    let error = summary.error.as_deref().unwrap_or("the trace holds no error message");
    let told: Vec<&str> = told_lines(error).collect();
    text + &format!("\n{}", fence(&told.join("\n")))
}

fn assertion(summary: &Summary) -> String {
    let Some(failing) = &summary.failing_assertion else { return String::new() };
    let shown = |value: &Option<Value>| {
        value.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let rows = [
        ("locator", failing.locator.clone()),
        ("expected", shown(&failing.expected)),
        ("received", shown(&failing.received)),
        ("at", failing.location.clone()),
    ];
    let rows: String = rows
        .into_iter()
        .filter_map(|(name, value)| Some(format!("- {name}: {}\n", code(&value?))))
        .collect();
    format!("\n## Failing assertion\n\n{} (seq:{})\n\n{rows}", code(&failing.name), failing.seq)
}

fn failed_request(event: &Event) -> Option<String> {
    let text = |name: &str| event.payload.field(name).and_then(|value| scalar(&value));
    let outcome = match event.kind {
        Kind::NetworkResponse => text("status").filter(|status| status.as_str() >= "400")?,
        Kind::NetworkFailed => text("error")?,
        _ => return None,
    };
    let sender = text("clone").filter(|_| text("source").as_deref() == Some("clone"));
    let sender =
        sender.map(|clone| format!(", sent by clone {}", code(&clone))).unwrap_or_default();
    let step = event.step_id.as_ref().map(|step| format!(", step {}", code(step.as_str())));
    let request =
        format!("{} {}", text("method").unwrap_or_default(), text("url").unwrap_or_default());
    Some(format!("{} → {}{sender}{}", code(&request), code(&outcome), step.unwrap_or_default()))
}

fn console_error(event: &Event) -> Option<String> {
    let text = |name: &str| event.payload.field(name).and_then(|value| scalar(&value));
    (event.kind == Kind::ConsoleError).then(|| {
        let line = text("text").unwrap_or_default();
        format!("{} {}", text("level").unwrap_or_default(), code(&line))
    })
}

fn gap(event: &Event) -> Option<String> {
    let text = |name: &str| event.payload.field(name).and_then(|value| scalar(&value));
    (event.kind == Kind::CaptureNotice).then(|| {
        format!(
            "{}: {}",
            code(&text("code").unwrap_or_default()),
            code(&text("message").unwrap_or_default())
        )
    })
}

/// Equal lines are told once, with each place.
fn section(title: &str, events: &[Event], line: fn(&Event) -> Option<String>) -> String {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for event in events {
        let Some(text) = line(event) else { continue };
        let seq = format!("(seq:{})", event.seq);
        match told.iter_mut().find(|(known, _)| *known == text) {
            Some((_, seqs)) => seqs.push(seq),
            None => told.push((text, vec![seq])),
        }
    }
    if told.is_empty() {
        return String::new();
    }
    let lines: String = told
        .iter()
        .take(MOST)
        .map(|(text, seqs)| {
            let shown: Vec<&str> = seqs.iter().take(4).map(String::as_str).collect();
            let times = if seqs.len() > 1 { format!(" ×{}", seqs.len()) } else { String::new() };
            format!("- {text}{times} {}\n", shown.join(" "))
        })
        .collect();
    let more = told.len().saturating_sub(MOST);
    let more = if more > 0 { format!("- and {more} more\n") } else { String::new() };
    format!("\n## {title}\n\n{lines}{more}")
}

fn steps(tree: &StepTree) -> String {
    let lines: String = tree.roots.iter().map(|at| step(tree, *at, 0)).collect();
    if lines.is_empty() { lines } else { format!("\n## Steps\n\n{lines}") }
}

fn step(tree: &StepTree, at: usize, depth: usize) -> String {
    let Some(step) = tree.steps.get(at) else { return String::new() };
    let is_quiet =
        matches!(step.category.as_str(), "hook" | "fixture") && step.status != StepStatus::Failed;
    if is_quiet {
        return String::new();
    }
    let children: String =
        step.children.iter().map(|child| self::step(tree, *child, depth + 1)).collect();
    format!("{}- {}\n{children}", "  ".repeat(depth), step_line(step))
}

fn step_line(step: &Step) -> String {
    let sign = match step.status {
        StepStatus::Passed => "✓",
        StepStatus::Failed => "✗",
        StepStatus::Skipped => "skipped",
        _ => "unfinished",
    };
    let number = step.index.map(|index| format!("{index}. ")).unwrap_or_default();
    let took = step.end_ms.map(|end| format!(", {}", duration((end - step.start_ms).max(0.0))));
    format!(
        "{sign} {number}{}{} (seq:{})",
        code(&step.title),
        took.unwrap_or_default(),
        step.first_seq
    )
}

/// Recorded text on one line, as code.
fn code(text: &str) -> String {
    let flat = cut(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let fence = "`".repeat(longest_run(&flat) + 1);
    let pad = if flat.starts_with('`') || flat.ends_with('`') { " " } else { "" };
    if flat.is_empty() { "(empty)".to_owned() } else { format!("{fence}{pad}{flat}{pad}{fence}") }
}

/// Recorded text on lines of its own, as code.
fn fence(text: &str) -> String {
    let text = cut(text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    format!("{fence}text\n{text}\n{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn cut(text: &str) -> String {
    let safe: String =
        text.chars().filter(|c| !c.is_control() || *c == '\n').take(LONGEST + 1).collect();
    if safe.chars().count() <= LONGEST {
        return safe;
    }
    safe.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_text_cannot_leave_its_code() {
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(code("a\n\n# Heading"), "`a # Heading`");
        assert_eq!(fence("```\n# Heading"), "````text\n```\n# Heading\n````\n");
    }
}
