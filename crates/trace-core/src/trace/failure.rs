//! The failure's signature: a readable slug and a hash that stays the same from run to run.

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, NetworkError, Thrown};
use super::normalise::{normalise, stack_shape, url_shape};
use super::steps::StepTree;
use crate::event::Event;

/// What kind of failure this is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FailureSignature {
    /// For people: `webhook-404`, `tohaveurl-timeout`, `console-typeerror`.
    pub slug: String,
    /// For clusters: 16 hexadecimal digits over failing place, dominant network error and normalised stack.
    pub hash: String,
}

impl FailureSignature {
    /// The signature of a whole trace; none when nothing in it failed.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut summary = super::SummaryBuilder::default();
        events.into_iter().for_each(|event| summary.push(event));
        summary.finish().signature
    }

    /// The signature of what has been collected.
    pub(super) fn from_evidence(evidence: &Evidence, steps: &StepTree) -> Self {
        Self { slug: slug(evidence), hash: hash(evidence, steps) }
    }
}

/// Raised when the parts of the hash change, so that clusters of different versions never mix.
const HASH_VERSION: &str = "molar-failure-1";

fn hash(evidence: &Evidence, steps: &StepTree) -> String {
    let mut parts = vec![HASH_VERSION.to_owned()];
    if let Some(step) = steps.failed_step() {
        parts.extend(steps.deepest_failure(step).path.iter().map(|title| normalise(title)));
    }
    let assertion = evidence.assertion_at_fault();
    match assertion {
        Some(assertion) => {
            parts.push(assertion.name.clone());
            parts.push(assertion.locator.as_deref().map(normalise).unwrap_or_default());
            parts.push(
                assertion
                    .expected
                    .as_ref()
                    .map(|value| normalise(&value.to_string()))
                    .unwrap_or_default(),
            );
            let file = assertion
                .location
                .as_deref()
                .and_then(|at| at.rsplit_once(':'))
                .map(|(file, _)| file);
            parts.push(file.map(normalise).unwrap_or_default());
        }
        None => parts
            .extend(thrown_at_fault(evidence).map(|thrown| normalise(first_line(&thrown.message)))),
    }
    if let Some(error) = evidence.dominant_network_error() {
        parts.push(format!("{} {} {}", error.method, url_shape(&error.url), outcome(error)));
    }
    let thrown = thrown_at_fault(evidence).and_then(|thrown| thrown.stack.as_deref());
    let stack = assertion.and_then(|assertion| assertion.stack.as_deref()).or(thrown);
    parts.push(stack.map(stack_shape).unwrap_or_default());
    let mut hash = crate::blob::BlobId::of(parts.join("\u{1f}").as_bytes()).hex();
    hash.truncate(16);
    hash
}

/// The error of the call that failed, else of the step, the run or the page.
fn thrown_at_fault(evidence: &Evidence) -> Option<&Thrown> {
    [&evidence.action, &evidence.step, &evidence.run, &evidence.console]
        .into_iter()
        .flatten()
        .next()
}

fn first_line(message: &str) -> &str {
    message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

fn outcome(error: &NetworkError) -> String {
    match (error.status, &error.error) {
        (Some(status), _) => status.to_string(),
        (None, Some(reason)) => normalise(reason),
        (None, None) => "failed".to_owned(),
    }
}

fn slug(evidence: &Evidence) -> String {
    let failing_step = evidence.moment().and_then(|(_, _, step)| step);
    let network = evidence.dominant_network_error().filter(|error| {
        // Errors that an app lives with (a 401 before signing in) explain nothing in a later step.
        error.is_webhook() || failing_step.is_none() || error.step_id.as_deref() == failing_step
    });
    if let Some(error) = network {
        return network_slug(error);
    }
    if let Some(thrown) = evidence.console.as_ref().filter(|thrown| {
        thrown.what == "pageerror"
            && (failing_step.is_none() || thrown.step_id.as_deref() == failing_step)
    }) {
        return format!("console-{}", error_name(&thrown.message));
    }
    if let Some(assertion) = evidence.assertion_at_fault() {
        let end = if is_timeout(assertion.error.as_deref()) { "timeout" } else { "mismatch" };
        return format!("{}-{end}", word(&assertion.name));
    }
    match thrown_at_fault(evidence) {
        Some(thrown) if is_timeout(Some(&thrown.message)) => {
            let call = thrown.what.rsplit('.').next().unwrap_or_default();
            if call.is_empty() {
                "test-timeout".to_owned()
            } else {
                format!("{}-timeout", word(call))
            }
        }
        Some(thrown) => format!("error-{}", error_name(&thrown.message)),
        None => "unknown".to_owned(),
    }
}

fn network_slug(error: &NetworkError) -> String {
    let outcome = if let Some(status) = error.status {
        status.to_string()
    } else {
        let reason = error.error.as_deref().unwrap_or("failed");
        word(reason.trim_start_matches("net::").trim_start_matches("ERR_"))
    };
    if error.is_webhook() {
        return format!("webhook-{outcome}");
    }
    let shape = url_shape(&error.url);
    let named = shape.rsplit('/').find(|part| !part.is_empty() && !part.contains('<'));
    format!("{}-{outcome}", named.map_or_else(|| "page".to_owned(), word))
}

fn is_timeout(message: Option<&str>) -> bool {
    let message = message.unwrap_or_default().to_lowercase();
    message.contains("timed out") || message.contains("timeout")
}

/// `typeerror` of `Uncaught TypeError: x is not a function`.
fn error_name(message: &str) -> String {
    let line = first_line(message);
    let head = line.split(':').next().unwrap_or_default();
    let named = head
        .split_whitespace()
        .rev()
        .find(|word| word.ends_with("Error") || word.ends_with("Exception"));
    named.map_or_else(|| "error".to_owned(), word)
}

/// Lower-case letters and digits with single hyphens, at most 40.
fn word(text: &str) -> String {
    let mut out = String::new();
    for ch in text.chars().take(80) {
        match ch {
            ch if ch.is_ascii_alphanumeric() => out.push(ch.to_ascii_lowercase()),
            _ if out.ends_with('-') || out.is_empty() => {}
            _ => out.push('-'),
        }
    }
    out.truncate(40);
    let out = out.trim_end_matches('-');
    if out.is_empty() { "unknown".to_owned() } else { out.to_owned() }
}
