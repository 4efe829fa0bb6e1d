//! The lookup itself: pools in order, tiers from the same request to the likest.

use std::collections::HashMap;

use serde::Serialize;

use super::deltas::{Delta, deltas};
use super::entry::Entry;
use super::fields::Shape;
use super::score::{Distance, score};
use super::volatile::Volatile;
use crate::event::Seq;

/// A request is alike from this score on …
const ACCEPT: f64 = 0.85;
/// … if nothing else comes as near as this.
const MARGIN: f64 = 0.10;
/// Only so many candidates are scored, those nearest in order: a page that asks one address thousands of times must not slow down.
const MOST_SCORED: usize = 48;
const MOST_NEAR: usize = 3;

/// What a replay is doing when it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Putting the pages back to the moment before step N: answers as they last were before it, and none of step N is used up.
    Restoring,
    /// Carrying out step N and what follows: each recorded answer once, in order.
    Live,
}

/// A request of the replay.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// The address.
    pub url: &'a str,
    /// Its headers.
    pub headers: &'a [(String, String)],
    /// Its body.
    pub body: &'a [u8],
    /// Virtual time, in milliseconds on the recorded trace's axis.
    pub at_ms: f64,
}

/// How surely a recorded request is the one that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The same method, address, body and deciding headers.
    Exact,
    /// The same but for values that change from run to run.
    Normalised,
    /// The likest, by a clear margin.
    Scored,
}

/// Which recorded answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// The next one that was not used yet.
    Next,
    /// The one that was last given before step N.
    AsOf,
    /// All are used up, so the last is given once more.
    Overrun,
}

/// A recorded request that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Place in the list of entries whose answer is to be given.
    pub entry: usize,
    /// How surely.
    pub tier: Tier,
    /// Which answer.
    pub used: Use,
    /// Likeness; 1 for the first two tiers.
    pub score: f64,
    /// What differs; empty for an exact hit.
    pub deltas: Vec<Delta>,
    /// First and last byte to cut out of the answer, which was recorded whole.
    pub slice: Option<(u64, Option<u64>)>,
}

/// A recorded request that came near and does not answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Near {
    /// Its `network.request`.
    pub seq: Seq,
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// Likeness.
    pub score: f64,
    /// What differs.
    pub deltas: Vec<Delta>,
    /// It would answer, but its answers are used up and the method is not safe to repeat.
    pub used_up: bool,
}

/// Nothing recorded answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Miss {
    /// What came nearest, the nearest first.
    pub near: Vec<Near>,
}

/// What a lookup found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// An answer.
    Hit(Box<Hit>),
    /// None.
    Miss(Miss),
}

/// The recorded requests as they are used up.
#[derive(Debug)]
pub struct Matcher {
    entries: Vec<Entry>,
    shapes: Vec<Shape>,
    volatile: Volatile,
    /// First entry of step N.
    boundary: usize,
    used: Vec<bool>,
    exact: HashMap<String, Vec<usize>>,
    normalised: HashMap<String, Vec<usize>>,
    addresses: HashMap<String, Vec<usize>>,
    origins: Vec<(String, String)>,
    /// Entry that was used last, for the distance in order.
    cursor: usize,
}

impl Matcher {
    /// Over entries in the order in which they were sent; those from `boundary` (the first seq of step N) on are the future.
    pub fn new(entries: Vec<Entry>, boundary: Seq, mut volatile: Volatile) -> Self {
        let shapes: Vec<Shape> = entries
            .iter()
            .map(|entry| Shape::of(&entry.method, &entry.url, &entry.headers, &entry.body))
            .collect();
        volatile.learn(shapes.iter().map(|shape| (shape.address.as_str(), &shape.fields[..])));
        let at = entries.iter().position(|entry| entry.seq >= boundary).unwrap_or(entries.len());
        let mut matcher = Self {
            used: vec![false; entries.len()],
            exact: HashMap::new(),
            normalised: HashMap::new(),
            addresses: HashMap::new(),
            origins: Vec::new(),
            cursor: at,
            boundary: at,
            volatile,
            entries,
            shapes,
        };
        for (at, shape) in matcher.shapes.iter().enumerate() {
            matcher.exact.entry(shape.exact()).or_default().push(at);
            let key = shape.normalised(&matcher.volatile);
            matcher.normalised.entry(key).or_default().push(at);
            matcher.addresses.entry(shape.address.clone()).or_default().push(at);
        }
        matcher
    }

    /// The replay's server stands elsewhere: what is asked of `replayed` was recorded of `recorded`.
    #[must_use]
    pub fn with_origin(mut self, replayed: &str, recorded: &str) -> Self {
        self.origins.push((replayed.to_owned(), recorded.to_owned()));
        self
    }

    /// The entries, in the order in which they were sent.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many recorded requests of step N and later nobody has asked for.
    pub fn unused(&self) -> impl Iterator<Item = &Entry> {
        (self.boundary..self.entries.len()).filter(|at| !self.used[*at]).map(|at| &self.entries[at])
    }

    /// Looks an answer up, and uses it up when it belongs to step N or later.
    pub fn find(&mut self, asked: &Asked<'_>, phase: Phase) -> Found {
        let url = self.recorded_url(asked.url);
        let shape = Shape::of(asked.method, &url, asked.headers, asked.body);
        let is_safe = matches!(asked.method, "GET" | "HEAD" | "OPTIONS");
        let hit = self
            .keyed(&shape, phase, is_safe)
            .or_else(|| self.part_of_whole(&shape, phase, is_safe))
            .or_else(|| self.alike(&shape, asked.at_ms, phase, is_safe));
        let Some(mut hit) = hit else { return Found::Miss(self.miss(&shape, asked.at_ms)) };
        if hit.used == Use::Next {
            self.used[hit.entry] = true;
            self.cursor = hit.entry;
        }
        hit.entry = self.with_body(hit.entry);
        Found::Hit(Box::new(hit))
    }

    fn recorded_url(&self, url: &str) -> String {
        let known = self.origins.iter().find_map(|(replayed, recorded)| {
            let rest = url.strip_prefix(replayed.as_str())?;
            let ends_there = rest.is_empty() || rest.starts_with(['/', '?', '#']);
            ends_there.then(|| format!("{recorded}{rest}"))
        });
        known.unwrap_or_else(|| url.to_owned())
    }

    fn keyed(&self, shape: &Shape, phase: Phase, is_safe: bool) -> Option<Hit> {
        let exact = self.exact.get(&shape.exact()).map_or(&[][..], Vec::as_slice);
        let key = shape.normalised(&self.volatile);
        let normalised = self.normalised.get(&key).map_or(&[][..], Vec::as_slice);
        let tiers = [(Tier::Exact, exact), (Tier::Normalised, normalised)];
        let order = Self::order(phase, is_safe);
        let mut found = order.iter().flat_map(|used| tiers.iter().map(move |tier| (*used, *tier)));
        found.find_map(|(used, (tier, places))| {
            let entry = self.pick(places, used)?;
            let differs = match tier {
                Tier::Exact => Vec::new(),
                _ => deltas(&self.shapes[entry], shape),
            };
            Some(Hit { entry, tier, used, score: 1.0, deltas: differs, slice: None })
        })
    }

    /// In which order answers are taken. What changes the server is never answered twice.
    fn order(phase: Phase, is_safe: bool) -> &'static [Use] {
        match (phase, is_safe) {
            (Phase::Live, true) => &[Use::Next, Use::AsOf, Use::Overrun],
            (Phase::Live, false) => &[Use::Next],
            (Phase::Restoring, true) => &[Use::AsOf, Use::Overrun],
            (Phase::Restoring, false) => &[],
        }
    }

    fn pick(&self, places: &[usize], used: Use) -> Option<usize> {
        let mut places = places.iter().copied();
        match used {
            Use::Next => places.find(|at| *at >= self.boundary && !self.used[*at]),
            // A page may leave a request unanswered and ask again; what was answered last counts.
            Use::AsOf => places
                .filter(|at| *at < self.boundary)
                .max_by_key(|at| (self.entries[*at].answer.status().is_some(), *at)),
            Use::Overrun => places.filter(|at| *at >= self.boundary).max_by_key(|at| {
                let is_used = self.used[*at];
                // Of those that were used the last; before any was, the first.
                (is_used, if is_used { *at } else { usize::MAX - *at })
            }),
        }
    }

    /// A part of what was recorded whole.
    fn part_of_whole(&self, shape: &Shape, phase: Phase, is_safe: bool) -> Option<Hit> {
        let (whole, range) = shape.without_range()?;
        let slice = range_of(&range)?;
        let hit = self.keyed(&whole, phase, is_safe)?;
        let is_whole = self.entries[self.with_body(hit.entry)].answer.status() == Some(200);
        is_whole.then_some(Hit { slice: Some(slice), ..hit })
    }

    fn alike(&self, shape: &Shape, at_ms: f64, phase: Phase, is_safe: bool) -> Option<Hit> {
        let places = self.addresses.get(&shape.address)?;
        let order = Self::order(phase, is_safe);
        let fits = |at: &usize| {
            let used = if *at < self.boundary { Use::AsOf } else { Use::Next };
            order.contains(&used) && !self.used[*at]
        };
        let candidates: Vec<usize> = places.iter().copied().filter(fits).collect();
        let scored = self.scored(&candidates, shape, at_ms);
        let (best, entry) = *scored.first()?;
        let key = |at: usize| self.shapes[at].normalised(&self.volatile);
        let own = key(entry);
        // Repeats of one request are no rivals of each other.
        let rival =
            scored.iter().skip(1).find(|(_, at)| key(*at) != own).map_or(0.0, |(score, _)| *score);
        if best < ACCEPT || best - rival < MARGIN {
            return None;
        }
        let used = if entry < self.boundary { Use::AsOf } else { Use::Next };
        let differs = deltas(&self.shapes[entry], shape);
        Some(Hit { entry, tier: Tier::Scored, used, score: best, deltas: differs, slice: None })
    }

    /// Scores of the candidates nearest in order, the best first; of equals the earlier one.
    fn scored(&self, candidates: &[usize], shape: &Shape, at_ms: f64) -> Vec<(f64, usize)> {
        let apart = |at: usize| at.abs_diff(self.cursor);
        let mut nearest = candidates.to_vec();
        nearest.sort_by_key(|at| apart(*at));
        nearest.truncate(MOST_SCORED);
        let mut scored: Vec<(f64, usize)> = nearest
            .into_iter()
            .map(|at| {
                let time_ms = (self.entries[at].sent_ms - at_ms).abs();
                let apart = Distance { order: apart(at) as f64, time_ms };
                (score(&self.shapes[at], shape, &self.volatile, apart), at)
            })
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored
    }

    fn miss(&self, shape: &Shape, at_ms: f64) -> Miss {
        let same_origin = || {
            let all = 0..self.entries.len();
            all.filter(|at| self.shapes[*at].origin == shape.origin).collect::<Vec<_>>()
        };
        let candidates = self.addresses.get(&shape.address).cloned().unwrap_or_else(same_origin);
        let near = self.scored(&candidates, shape, at_ms).into_iter().take(MOST_NEAR);
        let near = near.map(|(score, at)| {
            let Entry { seq, method, url, .. } = &self.entries[at];
            Near {
                seq: *seq,
                method: method.clone(),
                url: url.clone(),
                score,
                deltas: deltas(&self.shapes[at], shape),
                used_up: self.used[at],
            }
        });
        Miss { near: near.collect() }
    }

    /// A 304 has no body of its own: the answer is the last whole one of the same request.
    fn with_body(&self, at: usize) -> usize {
        if self.entries[at].answer.status() != Some(304) {
            return at;
        }
        let same = self.exact.get(&self.shapes[at].exact()).map_or(&[][..], Vec::as_slice);
        let whole = |other: &&usize| self.entries[**other].answer.status() == Some(200);
        same.iter().rev().filter(|other| **other < at).find(whole).copied().unwrap_or(at)
    }
}

/// First and last byte of a request for one range (RFC 9110, section 14); several ranges and suffixes are not cut out.
fn range_of(range: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    let last = last.trim();
    let last = if last.is_empty() { None } else { Some(last.parse().ok()?) };
    Some((first.trim().parse().ok()?, last))
}
