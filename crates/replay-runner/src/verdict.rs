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
        Some(line) if line.state == State::Passed && child.status == "passed" => {
            return ended_badly(remains.output);
        }
        _ => {}
    }
    let error = child.error.clone().or_else(|| {
        let ended = if remains.succeeded { "ended well" } else { "ended with an error" };
        Some(format!("Playwright {ended}, but the trace says `{}`", child.status))
    });
    (State::Failed, None, error)
}

/// The test passed and something beside it did not: a global teardown, a reporter, a full disk.
fn ended_badly(output: &str) -> Verdict {
    let what =
        format!("the test passed, but Playwright itself ended with an error:\n{}", said(output));
    (State::Blocked, Some(Code::BuildFailed.to_string()), Some(what))
}

/// The end of an output, or what its being empty may mean.
fn said(output: &str) -> &str {
    if output.trim().is_empty() {
        "it wrote nothing; see whether the disk of the replay's folder (--home) is full"
    } else {
        output
    }
}

/// Playwright says that it finds no tests also where a file of them does not load; the reason stands before that.
fn does_not_load(output: &str) -> bool {
    let before = output.split("Error: No tests found").next().unwrap_or_default();
    let kinds = ["Error: ", "SyntaxError: ", "TypeError: ", "ReferenceError: "];
    before.lines().any(|line| kinds.iter().any(|kind| line.trim_start().starts_with(kind)))
}

/// What a recorder writes when it cannot write its trace.
const NO_RECORD: &str = "molar-trace: the record has gaps";

/// The test passed, and nobody says that it was replayed.
fn without_word() -> Verdict {
    let what = "the test passed, but its worker ended before it told how the replay went, so this proves nothing; replay once more";
    (State::Blocked, Some(Code::NoTest.to_string()), Some(what.to_owned()))
}

/// Playwright ended before a test began.
fn without_trace(remains: &Remains<'_>) -> Verdict {
    let output = remains.output;
    let (code, what) = if output.contains("No tests found") && does_not_load(output) {
        (Code::BuildFailed, "the spec cannot be loaded")
    } else if output.contains("No tests found") {
        (
            Code::NoTest,
            "Playwright finds no test of the recorded file, title and project; an edit may have renamed it",
        )
    } else if output.contains("Executable doesn't exist") || output.contains("Failed to launch") {
        (
            Code::BrowserMissing,
            "Playwright finds no browser; install one with `npx playwright install chromium`, or name yours in the suite's configuration",
        )
    } else if output.contains(NO_RECORD) {
        (Code::NoTest, "the replay could not write its trace")
    } else if remains.succeeded {
        (
            Code::NoTest,
            "the test ran without leaving a trace of this replay; the suite's configuration has to import `@molar/trace-capture/register`, in a release that knows replays",
        )
    } else {
        (Code::BuildFailed, "Playwright ended before the test began")
    };
    (State::Blocked, Some(code.to_string()), Some(format!("{what}:\n{}", said(output))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_without_a_trace_has_its_reason() {
        let check = |succeeded: bool, output: &str, code: &str, says: &str| {
            let remains = Remains { succeeded, told: &[], child: None, output };
            let (state, told, message) = of(&remains);
            assert_eq!((state, told.as_deref()), (State::Blocked, Some(code)), "{output}");
            assert!(message.unwrap().contains(says), "{output}");
        };
        let nothing = "Error: No tests found.\nMake sure that arguments are regular expressions.";
        check(false, nothing, "NO_TEST", "renamed");
        let syntax = "SyntaxError: a.spec.ts: Unexpected token, expected \",\" (98:25)\n\n  96 |";
        check(false, &format!("{syntax}\n{nothing}"), "BUILD_FAILED", "cannot be loaded");
        let import = "Error: import time\n   at a.spec.ts:2\n";
        check(false, &format!("{import}\n{nothing}"), "BUILD_FAILED", "cannot be loaded");
        check(false, " ", "BUILD_FAILED", "disk");
        check(true, "1 passed", "NO_TEST", "register");
        let full = format!("{NO_RECORD} (ENOSPC)\n1 passed");
        check(true, &full, "NO_TEST", "could not write its trace");
    }
}
