//! The plan as a dry run that a person reads.

use std::fmt::{self, Display, Formatter};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::types::{Plan, PlannedStep};

/// More titles or origins than this are counted instead of listed.
const MOST_LISTED: usize = 30;

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { trace_id, from_step, step, test, .. } = self;
        writeln!(f, "replay of {trace_id} from step {from_step} `{}`", step.title)?;
        row(f, "test", &format!("{} {}", test.file, test.title_path.join(" › ")))?;
        row(f, "project", &format!("`{}`, attempt {}", test.project, test.retry + 1))?;
        if let Some(sha) = &self.code_sha {
            let branch = self.branch.as_deref().map(|name| format!(" of {name}"));
            row(f, "code", &format!("{sha}{}", branch.unwrap_or_default()))?;
        }
        let (skipped, run): (Vec<_>, Vec<_>) =
            self.steps.iter().partition(|step| step.index < *from_step);
        listed(f, "not anew", skipped.iter().map(|step| step_line(step)))?;
        listed(f, "anew", run.iter().map(|step| step_line(step)))?;
        row(f, "clock", &self.clock())?;
        if let Some(seed) = &self.seed {
            row(f, "seed", &seed.to_string())?;
        }
        listed(f, "clones", self.clones.iter().map(clone_line))?;
        let network = &self.network;
        let counts =
            format!("{} requests before, {} from the step on", network.past, network.future);
        row(f, "network", &counts)?;
        listed(
            f,
            "",
            network
                .origins
                .iter()
                .map(|it| format!("{:<11} {:>5}  {}", it.class.as_str(), it.requests, it.origin)),
        )?;
        row(f, "sockets", &self.sockets.to_string())?;
        listed(
            f,
            "browser",
            self.browser
                .contexts
                .iter()
                .map(|it| format!("{}: {}", it.context, it.parts.join(", "))),
        )?;
        let tape = self.tape.map_or("none".to_owned(), |tape| format!("{} calls", tape.calls));
        row(f, "tape", &tape)?;
        listed(f, "lacks", self.warnings.iter().map(|it| format!("{}: {}", it.code, it.message)))
    }
}

impl Plan {
    /// The dry run as a text of several lines.
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    fn clock(&self) -> String {
        let ns = i128::from(self.wall_ms_at_step) * 1_000_000;
        let date = OffsetDateTime::from_unix_timestamp_nanos(ns).ok();
        date.and_then(|date| date.format(&Rfc3339).ok())
            .unwrap_or_else(|| format!("{} ms", self.wall_ms_at_step))
    }
}

fn row(f: &mut Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    writeln!(f, "  {name:<9} {text}")
}

fn listed(
    f: &mut Formatter<'_>,
    name: &str,
    lines: impl ExactSizeIterator<Item = String>,
) -> fmt::Result {
    let more = lines.len().saturating_sub(MOST_LISTED);
    for (at, line) in lines.take(MOST_LISTED).enumerate() {
        row(f, if at == 0 { name } else { "" }, &line)?;
    }
    if more > 0 {
        row(f, "", &format!("and {more} more"))?;
    }
    Ok(())
}

fn step_line(step: &PlannedStep) -> String {
    format!("{:>3} {} ({})", step.index, step.title, step.status.as_str())
}

fn clone_line(clone: &super::ClonePlan) -> String {
    let at = clone.step_id.as_ref().map(|id| format!(" {} {id}", clone.when)).unwrap_or_default();
    let late = clone.late_ms.map(|ms| format!(", taken {ms:.0} ms after the step began"));
    format!(
        "{}: run {}, snapshot{at} at epoch {} rev {}, {} bytes{}",
        clone.clone,
        clone.run,
        clone.epoch,
        clone.rev,
        clone.snapshot.bytes,
        late.unwrap_or_default()
    )
}
