//! The only place that prints: progress and outcome to standard output, the rest to standard error.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use trace_core::replay::Plan;
pub(crate) use trace_render::plain;

use crate::error::Result;
use crate::outcome::{Outcome, State};
use crate::pipeline::Action;
use crate::progress::Progress;

/// Help and usage errors as clap words them.
pub(crate) fn help(error: &clap::Error) {
    drop(error.print());
}

/// An error with its causes, one line each.
pub(crate) fn problem(error: &dyn Error) {
    let mut stderr = anstream::stderr();
    drop(writeln!(stderr, "replay-runner: {}", plain(&error.to_string())));
    let mut cause = error.source();
    while let Some(error) = cause {
        drop(writeln!(stderr, "  because: {}", plain(&error.to_string())));
        cause = error.source();
    }
}

/// A line for the person at the terminal, not part of the result.
pub(crate) fn note(text: &str) {
    drop(writeln!(anstream::stderr(), "replay-runner: {}", plain(text)));
}

/// Standard output that drops colours when nobody looks.
pub(crate) fn results() -> impl Write {
    std::io::BufWriter::new(anstream::stdout())
}

/// Tells a replay's way and end: JSON lines for programs, short lines for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Teller {
    pub(crate) json: bool,
}

impl Teller {
    /// What is replayed, and what its record will lack. `how` ends the sentence.
    pub(crate) fn opened(self, plan: &Plan, directory: &Path, how: &str) -> Result<()> {
        let Plan { trace_id, from_step, step, warnings, .. } = plan;
        let (place, title) = (directory.display(), &step.title);
        let what = format!("trace {trace_id} in `{place}`, from step {from_step} \"{title}\"{how}");
        self.progress(&Progress::of(State::Restoring, Action::Source, what))?;
        warnings.iter().try_for_each(|warning| {
            let mut line = Progress::of(State::Restoring, Action::Source, &warning.message);
            line.code = Some(warning.code.clone());
            self.progress(&line)
        })
    }

    /// One line of progress.
    pub(crate) fn progress(self, line: &Progress) -> Result<()> {
        let mut out = anstream::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(line)?)?;
        } else {
            let dim = Style::new().dimmed();
            let what = line.action.map_or("worker", |action| action.name());
            let step = line.step.map(|step| format!(" step {step}")).unwrap_or_default();
            let code = line.code.as_ref().map(|code| format!(" {}", plain(code)));
            let code = code.unwrap_or_default();
            let message = plain(line.message.as_deref().unwrap_or_default());
            let state = line.state.as_str();
            writeln!(out, "{dim}{state:9} {what:8}{dim:#}{step}{code} {message}")?;
        }
        out.flush()?;
        Ok(())
    }

    /// The end: `{"outcome":{…}}` as the last line for programs.
    pub(crate) fn outcome(self, outcome: &Outcome) -> Result<()> {
        let mut out = anstream::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::json!({ "outcome": outcome }))?;
        } else {
            for_people(&mut out, outcome)?;
        }
        out.flush()?;
        Ok(())
    }
}

fn for_people(out: &mut impl Write, outcome: &Outcome) -> Result<()> {
    let colour = match outcome.state {
        State::Passed | State::Held => AnsiColor::Green,
        State::Diverged => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let bold = Style::new().bold().fg_color(Some(colour.into()));
    let code = outcome.code.as_ref().map(|code| format!(" {}", plain(code))).unwrap_or_default();
    // A trace that does not open has told no id.
    let of = Some(plain(&outcome.parent_trace_id)).filter(|id| !id.is_empty());
    let of = of.map(|id| format!(" of {id}")).unwrap_or_default();
    let (state, step) = (outcome.state.as_str(), outcome.from_step);
    writeln!(out, "\n{bold}{state}{bold:#}{code} from step {step}{of}")?;
    if let Some(message) = &outcome.message {
        writeln!(out, "  {}", plain(message).replace('\n', "\n  "))?;
    }
    if let Some(child) = &outcome.child {
        writeln!(
            out,
            "  trace of the replay  {} in {}",
            plain(&child.trace_id),
            child.directory.display()
        )?;
    }
    if let Some(text) = outcome.certificate.as_ref().and_then(|found| found["text"].as_str()) {
        writeln!(out, "{}", plain(text))?;
    }
    if let Some(total) = outcome.timings_ms.get("total") {
        writeln!(out, "  took                 {total} ms")?;
    }
    Ok(())
}
