//! Whether a replay came out as recorded: channel by channel, how much is identical, and where the first divergence is.
//!
//! - Identical never hides a difference: whatever differs only in what changes from run to run is called equivalent.
//! - What a replay had nobody to ask for never counts, because that it is missing says nothing about the test; it is named instead.
//! - Times never count, because they differ in every run; neither does how often Playwright looked, for the same reason.

mod alike;
mod boundary;
mod channel;
mod clones;
mod console;
mod icons;
mod leaving;
mod messages;
mod network;
mod order;
mod sockets;
mod steps;
mod storage;
mod streams;
#[cfg(test)]
mod tests;
mod text;
mod unasked;

use serde::Serialize;

use self::channel::Alike;
use self::leaving::Leaving;
use self::order::{Mark, Order};
pub use self::unasked::Unasked;
use super::beside::Beside;
use super::error::ReplayError;
use super::plan::Past;
use crate::event::{Event, Kind, ReplayStrategy};
use crate::trace::normalise::normalise;
use crate::trace::read::text;
use crate::trace::{FailureSignature, StepTree, Summary, SummaryBuilder};

/// One trace of the two.
#[derive(Clone, Copy)]
pub struct Run<'r> {
    /// Its events in the order of seq.
    pub events: &'r [Event],
    /// What lies beside them.
    pub beside: &'r dyn Beside,
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

/// How a replay came out beside its record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certificate {
    /// Of this value's own shape: 1.
    pub version: u32,
    /// The recorded trace.
    pub parent_trace_id: String,
    /// The trace of the replay.
    pub trace_id: String,
    /// Number of the step from which on both are compared.
    pub from_step: u64,
    /// The replay ended as the record did: with the same status, and a failure of the same kind or with the same message in the same step.
    /// What is left out does not decide it.
    pub reproduced: bool,
    /// How the record ended.
    pub recorded: Outcome,
    /// How the replay ended.
    pub replayed: Outcome,
    /// The worst of the channels.
    pub grade: Grade,
    /// Each channel that either side has something of.
    pub channels: Vec<ChannelReport>,
    /// What is left out of them, because the replay was on the record alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unasked: Vec<Unasked>,
    /// Where they first came apart; none when nothing diverged.
    pub first: Option<Divergence>,
    /// The first thing that differs in what changes from run to run, such as an id that is drawn anew; none when there is no such thing.
    pub varies: Option<Divergence>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// `passed`, `failed`, `error`, `aborted`.
    pub status: String,
    /// The kind of failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The message of the error that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How alike two runs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Nothing differs.
    Identical,
    /// Only what changes from run to run differs.
    Equivalent,
    /// Something came out otherwise.
    Diverged,
}

impl Grade {
    /// The word in certificates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Equivalent => "equivalent",
            Self::Diverged => "diverged",
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Steps of the test: whether they ran, and how they came out.
    Steps,
    /// `expect`s: what they found.
    Assertions,
    /// Requests and their answers.
    Network,
    /// Messages over sockets.
    Sockets,
    /// Console lines and page errors.
    Console,
    /// The clones at the end.
    CloneState,
    /// Cookies and storage at the end.
    Storage,
}

impl Channel {
    /// The word in certificates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Assertions => "assertions",
            Self::Network => "network",
            Self::Sockets => "sockets",
            Self::Console => "console",
            Self::CloneState => "clone-state",
            Self::Storage => "storage",
        }
    }
}

/// One channel of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelReport {
    /// Which.
    pub channel: Channel,
    /// The worst of its items.
    pub grade: Grade,
    /// Items that are the same.
    pub identical: usize,
    /// Items that differ only in what changes from run to run.
    pub equivalent: usize,
    /// Items that came out otherwise, or that one side alone has.
    pub diverged: usize,
    /// The first of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Divergence>,
    /// All of these, in the order of the channel.
    #[serde(skip)]
    found: Vec<Divergence>,
    /// Those that are equivalent and not identical.
    #[serde(skip)]
    varying: Vec<Divergence>,
    /// Each pair's places in both runs.
    #[serde(skip)]
    marks: Vec<Mark>,
}

/// Something that came out otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Divergence {
    /// Where.
    pub channel: Channel,
    /// The recorded event; none when only the replay has it.
    pub recorded_seq: Option<u64>,
    /// The replay's event; none when only the record has it.
    pub replayed_seq: Option<u64>,
    /// What differs, in words.
    pub what: String,
    /// By which the first of several is told: when the recorded item was known, or the one before it in its channel.
    #[serde(skip)]
    place_ms: f64,
    /// When it was known in the replay, on its axis.
    #[serde(skip)]
    replayed_ms: Option<f64>,
}

/// One side from the step on.
struct Side<'r> {
    run: Run<'r>,
    tree: StepTree,
    past: Past,
    summary: Summary,
    /// What other processes told is left out.
    is_on_record: bool,
}

impl<'r> Side<'r> {
    fn of(run: Run<'r>, from_step: u64, is_on_record: bool) -> Result<Self, ReplayError> {
        let tree = StepTree::build(run.events);
        let past = Past::of(&tree, from_step)?;
        let mut summary = SummaryBuilder::default();
        run.events.iter().for_each(|event| summary.push(event));
        Ok(Self { run, tree, past, summary: summary.finish(), is_on_record })
    }

    /// The events from the step on that count.
    fn events(&self) -> impl Iterator<Item = &'r Event> {
        self.all().filter(|event| !self.past.has(event))
    }

    /// The events of the whole run that count.
    fn all(&self) -> impl Iterator<Item = &'r Event> {
        let is_out = |event: &Event| self.is_on_record && unasked::is_foreign(event);
        self.run.events.iter().filter(move |event| !is_out(event))
    }

    /// Whether the event of that seq lies before the step.
    fn is_past(&self, seq: u64) -> bool {
        let events = self.run.events;
        let at = events.binary_search_by_key(&seq, |event| event.seq.get());
        at.is_ok_and(|at| self.past.has(&events[at]))
    }

    /// Whether its skipped steps were run, and not left out by restoring a browser.
    fn ran_all(&self) -> bool {
        let mut starts = self.run.events.iter().filter(|event| event.kind == Kind::ReplayStart);
        let restored = ReplayStrategy::Restore.as_str();
        !starts.any(|event| text(event, "strategy").as_deref() == Some(restored))
    }

    /// The kind of failure that shows in the events that count.
    fn kind_of_failure(&self) -> Option<String> {
        let signature = if self.is_on_record {
            FailureSignature::of(self.all())
        } else {
            self.summary.signature.clone()
        };
        signature.map(|signature| signature.slug)
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            status: self.summary.status.clone(),
            signature: self.summary.signature.as_ref().map(|signature| signature.slug.clone()),
            error: self.summary.error.clone(),
        }
    }
}

/// Whether both failed in the same step with the same message. A kind of failure is named after what was wrong near it, such as an answer
/// that came a moment sooner or later; the message is the failure itself.
fn fails_alike(a: &Side<'_>, b: &Side<'_>) -> bool {
    let step = |side: &Side<'_>| {
        side.summary.failed_step.as_ref().map(|step| (step.index, normalise(&step.title)))
    };
    let errors = a.summary.error.as_deref().zip(b.summary.error.as_deref());
    let is_alike = |(one, other): (&str, &str)| {
        !matches!(messages::messages("error", one, other), Alike::Diverged(_))
    };
    step(a).is_some() && step(a) == step(b) && errors.is_some_and(is_alike)
}

/// Compares a replay with its record from a top-level step on. Errors: one of them has no such step.
pub fn certificate(
    recorded: Run<'_>,
    replayed: Run<'_>,
    from_step: u64,
) -> Result<Certificate, ReplayError> {
    let is_on_record = unasked::is_on_record(replayed.events);
    let side = |run| Side::of(run, from_step, is_on_record);
    let (a, b) = (side(recorded)?, side(replayed)?);
    let unasked = if is_on_record { unasked::unasked(&a) } else { Vec::new() };
    let leaving = Leaving::of(&a, &b);
    let mut channels: Vec<ChannelReport> = [
        steps::steps(&a, &b),
        steps::assertions(&a, &b),
        network::network(&a, &b, &leaving),
        sockets::sockets(&a, &b),
        console::console(&a, &b, &leaving),
        clones::clones(&a, &b),
        storage::storage(&a, &b),
    ]
    .into_iter()
    .filter(|report| report.identical + report.equivalent + report.diverged > 0)
    .collect();
    let order = Order::of(&channels);
    for report in &mut channels {
        report.first = order.earliest(&report.found);
    }
    let first = order.earliest(channels.iter().flat_map(|report| &report.found));
    // What a storage holds is a secret, so it is never more than equivalent and that says nothing.
    let told = channels.iter().filter(|report| report.channel != Channel::Storage);
    let varies = order.earliest(told.flat_map(|report| &report.varying));
    let (recorded, replayed) = (a.outcome(), b.outcome());
    Ok(Certificate {
        version: 1,
        parent_trace_id: a.summary.trace_id.clone(),
        trace_id: b.summary.trace_id.clone(),
        from_step,
        reproduced: recorded.status == replayed.status
            && (a.kind_of_failure() == b.kind_of_failure() || fails_alike(&a, &b)),
        recorded,
        replayed,
        grade: channels.iter().map(|report| report.grade).max().unwrap_or(Grade::Identical),
        channels,
        unasked,
        first,
        varies,
    })
}
