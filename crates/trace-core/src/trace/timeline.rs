//! Five ribbons on one time axis, the steps' bounds and the failure's diamond.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::read::{integer, number, raw, text};
use super::steps::{StepStatus, StepTree, StepTreeBuilder};
use crate::event::{Event, Kind, Seq};

/// A row of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Ribbon {
    /// Pictures and video files.
    Video,
    /// Snapshots and mutations.
    Dom,
    /// Requests, answers, WebSocket frames, clones' webhooks.
    Network,
    /// Console and page errors.
    Console,
    /// Thoughts and deeds of agents.
    Agent,
}

impl Ribbon {
    /// All five, from top to bottom.
    pub const ALL: [Self; 5] = [Self::Video, Self::Dom, Self::Network, Self::Console, Self::Agent];
}

/// How a mark is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing special.
    Info,
    /// Worth a look: a warning, a redirect loop's end, a request without an answer.
    Warn,
    /// A failure.
    Error,
}

/// One event on a ribbon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The event it stands for.
    pub seq: Seq,
    /// Where it begins, in milliseconds on the trace's axis.
    pub ts: f64,
    /// Where it ends, when it takes time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_ts: Option<f64>,
    /// How it is drawn.
    pub severity: Severity,
    /// A few words, at most 120 characters.
    pub label: String,
}

/// A row and its marks in order of their beginning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which row.
    pub ribbon: Ribbon,
    /// Its marks.
    pub marks: Vec<Mark>,
}

/// A step's place on the axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepBounds {
    /// The step's id.
    pub id: String,
    /// Its number, when it is a top-level `test.step`.
    pub index: Option<u64>,
    /// Its title.
    pub title: String,
    /// How many steps it lies in.
    pub depth: usize,
    /// Beginning in milliseconds.
    pub start_ts: f64,
    /// End in milliseconds; the end of the trace when it has none of its own.
    pub end_ts: f64,
    /// How it came out.
    pub status: StepStatus,
}

/// Where the failure showed itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diamond {
    /// Milliseconds on the trace's axis.
    pub ts: f64,
    /// The event: the failing assertion, or whatever else threw.
    pub seq: Seq,
    /// The step it lies in.
    pub step_id: Option<String>,
}

/// A trace drawn on one axis that begins at 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Where the axis ends, in milliseconds.
    pub duration_ms: f64,
    /// The five ribbons, from top to bottom.
    pub rows: Vec<Row>,
    /// Every step, in order of its beginning.
    pub steps: Vec<StepBounds>,
    /// The failure; none when nothing failed.
    pub failure: Option<Diamond>,
}

impl Timeline {
    /// Draws a whole trace.
    pub fn build<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut builder = TimelineBuilder::default();
        events.into_iter().for_each(|event| builder.push(event));
        builder.finish()
    }

    /// The marks of one ribbon.
    pub fn row(&self, ribbon: Ribbon) -> &[Mark] {
        self.rows.iter().find(|row| row.ribbon == ribbon).map_or(&[], |row| &row.marks)
    }
}

/// Draws while a trace is read.
#[derive(Debug, Clone, Default)]
pub struct TimelineBuilder {
    marks: HashMap<Ribbon, Vec<Mark>>,
    unanswered: HashMap<String, Mark>,
    steps: StepTreeBuilder,
    evidence: Evidence,
    last_ms: f64,
}

impl TimelineBuilder {
    /// Takes in the next event.
    pub fn push(&mut self, event: &Event) {
        self.last_ms = self.last_ms.max(event.ts.as_ms());
        self.steps.push(event);
        self.evidence.push(event);
        let request = text(event, "request_id");
        match (&event.kind, request) {
            (Kind::NetworkRequest, Some(request)) => {
                let label = format!("{} (no answer)", network_label(event));
                let mark =
                    Mark { severity: Severity::Warn, label: short(&label), ..mark(event, "") };
                self.unanswered.insert(request, mark);
            }
            (Kind::NetworkResponse | Kind::NetworkFailed, Some(request)) => {
                self.unanswered.remove(&request);
                self.draw(event);
            }
            _ => self.draw(event),
        }
    }

    fn draw(&mut self, event: &Event) {
        if let Some((ribbon, mark)) = drawn(event) {
            self.last_ms = self.last_ms.max(mark.end_ts.unwrap_or(0.0));
            self.marks.entry(ribbon).or_default().push(mark);
        }
    }

    /// The timeline as far as it has been read.
    pub fn finish(mut self) -> Timeline {
        self.marks.entry(Ribbon::Network).or_default().extend(self.unanswered.into_values());
        let rows = Ribbon::ALL.map(|ribbon| {
            let mut marks = self.marks.remove(&ribbon).unwrap_or_default();
            marks.sort_by(|a, b| a.ts.total_cmp(&b.ts).then(a.seq.cmp(&b.seq)));
            Row { ribbon, marks }
        });
        let tree = self.steps.finish();
        Timeline {
            duration_ms: self.last_ms,
            rows: rows.into(),
            steps: bounds(&tree, self.last_ms),
            failure: self.evidence.moment().map(|(ts, seq, step)| Diamond {
                ts,
                seq,
                step_id: step.map(str::to_owned),
            }),
        }
    }
}

fn bounds(tree: &StepTree, end: f64) -> Vec<StepBounds> {
    let depth = |step: &super::steps::Step| {
        std::iter::successors(step.parent, |at| tree.steps.get(*at).and_then(|step| step.parent))
            .count()
    };
    let bound = |step: &super::steps::Step| StepBounds {
        id: step.id.as_str().to_owned(),
        index: step.index,
        title: step.title.clone(),
        depth: depth(step),
        start_ts: step.start_ms,
        end_ts: step.end_ms.unwrap_or(end),
        status: step.status,
    };
    tree.steps.iter().map(bound).collect()
}

fn mark(event: &Event, label: &str) -> Mark {
    let label = short(label);
    Mark { seq: event.seq, ts: event.ts.as_ms(), end_ts: None, severity: Severity::Info, label }
}

/// On which ribbon and how an event is drawn; steps, clones and chaos have panes of their own.
fn drawn(event: &Event) -> Option<(Ribbon, Mark)> {
    let label = |name| text(event, name).unwrap_or_default();
    let plain = |ribbon, label: String| Some((ribbon, mark(event, &label)));
    match event.kind {
        Kind::Screenshot => plain(Ribbon::Video, label("reason")),
        Kind::Video => plain(Ribbon::Video, label("artifact")).map(|(row, mark)| {
            let (start, end) = (number(event, "start_ts"), number(event, "end_ts"));
            (row, Mark { ts: start.unwrap_or(mark.ts), end_ts: end, ..mark })
        }),
        Kind::DomSnapshot | Kind::DomMutation => {
            let what = if event.kind == Kind::DomSnapshot { "snapshot" } else { "mutation" };
            let count = integer(event, "count").unwrap_or(1);
            let (first, last) = (number(event, "first_ts"), number(event, "last_ts"));
            plain(Ribbon::Dom, format!("{what} ×{count}")).map(|(row, mark)| {
                (row, Mark { ts: first.unwrap_or(mark.ts), end_ts: last, ..mark })
            })
        }
        Kind::NetworkRequest => plain(Ribbon::Network, network_label(event)),
        Kind::NetworkResponse | Kind::NetworkFailed => Some((Ribbon::Network, answer(event))),
        Kind::NetworkWs => {
            let label = format!("ws {} {}", label("direction"), label("url"));
            plain(Ribbon::Network, label).map(|(row, mark)| {
                let bad = text(event, "direction").as_deref() == Some("error");
                (row, Mark { severity: if bad { Severity::Error } else { Severity::Info }, ..mark })
            })
        }
        Kind::ConsoleLog => plain(Ribbon::Console, label("text")).map(|(row, mark)| {
            let warns = matches!(text(event, "level").as_deref(), Some("warn" | "warning"));
            (row, Mark { severity: if warns { Severity::Warn } else { Severity::Info }, ..mark })
        }),
        Kind::ConsoleError => plain(Ribbon::Console, label("text"))
            .map(|(row, mark)| (row, Mark { severity: Severity::Error, ..mark })),
        Kind::AgentThought => plain(Ribbon::Agent, label("text")),
        Kind::AgentAction => plain(Ribbon::Agent, label("name")),
        _ => None,
    }
}

fn network_label(event: &Event) -> String {
    let part = |name| text(event, name).unwrap_or_default();
    format!("{} {}", part("method"), part("url"))
}

/// From the request's beginning to the answer's end.
fn answer(event: &Event) -> Mark {
    let end = event.ts.as_ms();
    let start = end - number(event, "duration_ms").unwrap_or(0.0);
    let status = number(event, "status");
    let outcome = match status {
        Some(status) => status.to_string(),
        None => text(event, "error").unwrap_or_else(|| "failed".to_owned()),
    };
    let canceled = raw(event, "canceled") == Some(b"true");
    let severity = match (event.kind == Kind::NetworkFailed, status) {
        (true, _) if canceled => Severity::Warn,
        (true, _) => Severity::Error,
        (false, Some(status)) if status >= 400.0 => Severity::Error,
        _ => Severity::Info,
    };
    let label = short(&format!("{outcome} {}", network_label(event)));
    Mark { seq: event.seq, ts: start.max(0.0), end_ts: Some(end), severity, label }
}

fn short(text: &str) -> String {
    const LONGEST: usize = 120;
    text.chars().map(|ch| if ch.is_control() { ' ' } else { ch }).take(LONGEST).collect()
}
