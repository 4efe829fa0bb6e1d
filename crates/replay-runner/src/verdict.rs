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

/// Decides. The worker's last word names the reason of a bare failure, and a pass needs the worker, the trace and Playwright to agree: a test
/// can pass that never came to step N, or that nobody replayed.
pub(crate) fn of(remains: &Remains<'_>) -> Verdict {
    let of_worker = |line: &&Progress| line.action.is_none() && line.state.is_final();
    let word = remains.told.iter().rfind(of_worker);
    let named = |line: &Progress| (line.state, line.code.clone(), line.message.clone());
    if let Some(blocked) = word.filter(|line| line.state == State::Blocked) {
        return named(blocked);
    }
    let Some(child) = remains.child else { return without_trace(remains) };
    if let Some(diverged) = word.filter(|line| line.state == State::Diverged) {
        let (state, code, message) = named(diverged);
        return (state, code, message.or_else(|| child.error.clone()));
    }
    let passed = remains.succeeded && child.status == "passed";
    match word {
        Some(line) if passed && line.state == State::Passed => return (State::Passed, None, None),
        None if passed => return without_word(),
        _ => {}
    }
    let error = child.error.clone().or_else(|| {
        let ended = if remains.succeeded { "ended well" } else { "ended with an error" };
        Some(format!("Playwright {ended}, but the trace says `{}`", child.status))
    });
    (State::Failed, None, error)
}

/// The test passed, and nobody says that it was replayed.
fn without_word() -> Verdict {
    let what = "the test passed, but its worker ended before it told how the replay went, so this proves nothing; replay once more";
    (State::Blocked, Some(Code::NoTest.to_string()), Some(what.to_owned()))
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
            "the test ran without leaving a trace of this replay; the suite's configuration has to import `@molar/trace-capture/register`, in a release that knows replays",
        )
    } else {
        (Code::BuildFailed, "Playwright ended before the test began")
    };
    (State::Blocked, Some(code.to_string()), Some(format!("{what}:\n{output}")))
}
