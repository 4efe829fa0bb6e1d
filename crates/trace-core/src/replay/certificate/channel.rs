//! One channel: items of both sides laid beside each other, each pair judged.

use super::order::Mark;
use super::{Channel, ChannelReport, Divergence, Grade};
use crate::diff::align;

/// One thing of a channel.
pub(super) struct Item<T> {
    /// What makes it the same one in another run.
    pub(super) key: String,
    /// Its words for people.
    pub(super) name: String,
    /// Its event.
    pub(super) seq: u64,
    /// When it was known how it came out, in milliseconds on its trace's axis: what led to that was known before.
    pub(super) known_ms: f64,
    /// What is compared.
    pub(super) content: T,
}

/// How alike two items are.
pub(super) enum Alike {
    Identical,
    Equivalent,
    /// What differs, in words.
    Diverged(String),
}

impl Alike {
    pub(super) const fn grade(&self) -> Grade {
        match self {
            Self::Identical => Grade::Identical,
            Self::Equivalent => Grade::Equivalent,
            Self::Diverged(_) => Grade::Diverged,
        }
    }

    /// The worse of both, the first where both diverged.
    pub(super) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Diverged(_) => self,
            Self::Equivalent => match other() {
                Self::Identical => Self::Equivalent,
                other => other,
            },
            Self::Identical => other(),
        }
    }
}

/// A pair's place in the order.
pub(super) struct Placed<'p> {
    /// Its places in both lists.
    pub(super) pair: (usize, usize),
    /// It stands elsewhere among the others.
    pub(super) moved: bool,
    /// All pairs.
    pub(super) pairs: &'p [(usize, usize)],
}

/// The report of one channel. `order` judges where a pair stands.
pub(super) fn report<T>(
    channel: Channel,
    a: &[Item<T>],
    b: &[Item<T>],
    compare: impl Fn(&T, &T) -> Alike,
    order: impl Fn(&Placed<'_>) -> Alike,
) -> ChannelReport {
    report_with(channel, a, b, compare, order, |_, _| false)
}

/// Which of both runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Record,
    Replay,
}

/// The same, where `may_lack` tells what one run has and the other need not have.
pub(super) fn report_with<T>(
    channel: Channel,
    a: &[Item<T>],
    b: &[Item<T>],
    compare: impl Fn(&T, &T) -> Alike,
    order: impl Fn(&Placed<'_>) -> Alike,
    may_lack: impl Fn(Of, &Item<T>) -> bool,
) -> ChannelReport {
    let keys = |list: &[Item<T>]| list.iter().map(|item| item.key.clone()).collect::<Vec<_>>();
    let rows = align::align(&keys(a), &keys(b));
    let pairs: Vec<(usize, usize)> = rows.iter().filter_map(|row| row.a.zip(row.b)).collect();
    let mut found = Counter::new(channel);
    let mut rows = rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        match (row.a, row.b) {
            (Some(at), Some(other)) => {
                let (one, two) = (&a[at], &b[other]);
                let placed = Placed { pair: (at, other), moved: row.moved, pairs: &pairs };
                let alike = compare(&one.content, &two.content).and(|| order(&placed));
                found.pair(alike, one, two);
            }
            (Some(at), None) => {
                let one = &a[at];
                found.place_ms = one.known_ms;
                found.replayed_ms = None;
                if may_lack(Of::Record, one) {
                    let what = format!("{} need not be in the replay", one.name);
                    found.varies(Some(one.seq), None, what);
                    continue;
                }
                // What stands at its place instead is told in the same breath.
                let instead = rows.next_if(|next| next.a.is_none()).and_then(|next| next.b);
                let what = match instead {
                    Some(other) => format!("{} became {}", one.name, b[other].name),
                    None => format!("{} is missing in the replay", one.name),
                };
                found.diverged(Some(one.seq), instead.map(|other| b[other].seq), what);
            }
            (None, Some(other)) => {
                let two = &b[other];
                found.replayed_ms = Some(two.known_ms);
                if may_lack(Of::Replay, two) {
                    let what = format!("{} need not be in the record", two.name);
                    found.varies(None, Some(two.seq), what);
                    continue;
                }
                let what = format!("{} is not in the record", two.name);
                found.diverged(None, Some(two.seq), what);
            }
            (None, None) => {}
        }
    }
    found.report
}

struct Counter {
    report: ChannelReport,
    /// That of the recorded item which was met last.
    place_ms: f64,
    /// That of the replay's item at hand.
    replayed_ms: Option<f64>,
}

impl Counter {
    fn new(channel: Channel) -> Self {
        let report = ChannelReport {
            channel,
            grade: Grade::Identical,
            identical: 0,
            equivalent: 0,
            diverged: 0,
            first: None,
            found: Vec::new(),
            varying: Vec::new(),
            marks: Vec::new(),
        };
        Self { report, place_ms: 0.0, replayed_ms: None }
    }

    fn pair<T>(&mut self, alike: Alike, one: &Item<T>, two: &Item<T>) {
        self.place_ms = one.known_ms;
        self.replayed_ms = Some(two.known_ms);
        let (then, now) = ((one.known_ms, one.seq), (two.known_ms, two.seq));
        self.report.marks.push(Mark { then, now });
        self.report.grade = self.report.grade.max(alike.grade());
        match alike {
            Alike::Identical => self.report.identical += 1,
            Alike::Equivalent => {
                let what = format!("{} differs in what changes from run to run", one.name);
                self.varies(Some(one.seq), Some(two.seq), what);
            }
            Alike::Diverged(what) => {
                self.diverged(Some(one.seq), Some(two.seq), format!("{}: {what}", one.name));
            }
        }
    }

    fn varies(&mut self, recorded_seq: Option<u64>, replayed_seq: Option<u64>, what: String) {
        self.report.grade = self.report.grade.max(Grade::Equivalent);
        self.report.equivalent += 1;
        self.report.varying.push(self.told(recorded_seq, replayed_seq, what));
    }

    fn diverged(&mut self, recorded_seq: Option<u64>, replayed_seq: Option<u64>, what: String) {
        self.report.grade = Grade::Diverged;
        self.report.diverged += 1;
        self.report.found.push(self.told(recorded_seq, replayed_seq, what));
    }

    const fn told(
        &self,
        recorded_seq: Option<u64>,
        replayed_seq: Option<u64>,
        what: String,
    ) -> Divergence {
        let channel = self.report.channel;
        let (place_ms, replayed_ms) = (self.place_ms, self.replayed_ms);
        Divergence { channel, recorded_seq, replayed_seq, what, place_ms, replayed_ms }
    }
}

/// In a channel whose order is the test's own, standing elsewhere is a divergence.
pub(super) fn order_counts(placed: &Placed<'_>) -> Alike {
    if !placed.moved {
        return Alike::Identical;
    }
    Alike::Diverged("stands elsewhere in the order".to_owned())
}
