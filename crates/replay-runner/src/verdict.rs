//! What a replay came to, out of what its processes left. Pure.

use crate::child::FoundChild;
use crate::codes::Code;
use crate::outcome::State;
use crate::progress::Progress;

/// State, reason, message.
pub(crate) type Verdict = (State, Option<String>, Option<String>);

/// What the processes left behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remains<'a> {
    /// Whether Playwright ended by itself and with code 0.
    pub(crate) succeeded: bool,
    /// What the worker told, in order.
    pub(crate) told: &'a [Progress],
    /// The replay's own trace.
    pub(crate) child: Option<&'a FoundChild>,
    /// The end of Playwright's output.
    pub(crate) output: &'a str,
}

/// Decides. A block or a divergence that the worker named wins over the bare failure that follows from it; a pass needs all to agree.
pub(crate) fn of(remains: &Remains<'_>) -> Verdict {
    let named = |state| {
        let line = remains.told.iter().rfind(|line| line.state == state)?;
        Some((state, line.code.clone(), line.message.clone()))
    };
    let Some(child) = remains.child else {
        return named(State::Blocked).unwrap_or_else(|| without_trace(remains));
    };
    if let Some(blocked) = named(State::Blocked) {
        return blocked;
    }
    if remains.succeeded && child.status == "passed" {
        return (State::Passed, None, None);
    }
    let error = child.error.clone().or_else(|| {
        let ended = if remains.succeeded { "ended well" } else { "ended with an error" };
        Some(format!("Playwright {ended}, but the trace says `{}`", child.status))
    });
    match named(State::Diverged) {
        Some((state, code, message)) => (state, code, message.or(error)),
        None => (State::Failed, None, error),
    }
}

/// Playwright ended before a test began.
fn without_trace(remains: &Remains<'_>) -> Verdict {
    let output = remains.output;
    let (code, what) = if output.contains("No tests found") {
        (
            Code::NoTest,
            "Playwright finds no test of the recorded file, title and project; an edit may have renamed it",
        )
    } else if output.contains("Executable doesn't exist") || output.contains("Failed to launch") {
        (
            Code::BrowserMissing,
            "Playwright finds no browser; install one with `npx playwright install chromium`, or name yours in the suite's configuration",
        )
    } else if remains.succeeded {
        (
            Code::NoTest,
            "the test ran without leaving a trace; the suite's configuration has to import `@molar/trace-capture/register`",
        )
    } else {
        (Code::BuildFailed, "Playwright ended before the test began")
    };
    (State::Blocked, Some(code.to_string()), Some(format!("{what}:\n{output}")))
}
