//! Whether a replay came out as recorded: channel by channel, how much is identical, and where the first divergence is.
//!
//! - Identical never hides a difference: whatever differs only in what changes from run to run is called equivalent.
//! - Times never count, because they differ in every run; neither does how often Playwright looked, for the same reason.

mod alike;
mod channel;
mod clones;
mod console;
mod icons;
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

use serde::Serialize;

use self::order::{Mark, Order};
use super::beside::Beside;
use super::error::ReplayError;
use super::plan::Past;
use crate::event::Event;
use crate::trace::{StepTree, Summary, SummaryBuilder};

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
    /// The replay ended as the record did: with the same status and the same kind of failure.
    pub reproduced: bool,
    /// How the record ended.
    pub recorded: Outcome,
    /// How the replay ended.
    pub replayed: Outcome,
    /// The worst of the channels.
    pub grade: Grade,
    /// Each channel that either side has something of.
    pub channels: Vec<ChannelReport>,
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
}

impl<'r> Side<'r> {
    fn of(run: Run<'r>, from_step: u64) -> Result<Self, ReplayError> {
        let tree = StepTree::build(run.events);
        let past = Past::of(&tree, from_step)?;
        let mut summary = SummaryBuilder::default();
        run.events.iter().for_each(|event| summary.push(event));
        Ok(Self { run, tree, past, summary: summary.finish() })
    }

    /// The events from the step on.
    fn events(&self) -> impl Iterator<Item = &'r Event> {
        self.run.events.iter().filter(|event| !self.past.has(event))
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            status: self.summary.status.clone(),
            signature: self.summary.signature.as_ref().map(|signature| signature.slug.clone()),
            error: self.summary.error.clone(),
        }
    }
}

/// Compares a replay with its record from a top-level step on. Errors: one of them has no such step.
pub fn certificate(
    recorded: Run<'_>,
    replayed: Run<'_>,
    from_step: u64,
) -> Result<Certificate, ReplayError> {
    let (a, b) = (Side::of(recorded, from_step)?, Side::of(replayed, from_step)?);
    let mut channels: Vec<ChannelReport> = [
        steps::steps(&a, &b),
        steps::assertions(&a, &b),
        network::network(&a, &b),
        sockets::sockets(&a, &b),
        console::console(&a, &b),
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
        reproduced: recorded.status == replayed.status && recorded.signature == replayed.signature,
        recorded,
        replayed,
        grade: channels.iter().map(|report| report.grade).max().unwrap_or(Grade::Identical),
        channels,
        first,
        varies,
    })
}
