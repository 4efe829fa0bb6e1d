//! The lookup itself: pools in order, tiers from the same request to the likest.

use std::collections::HashMap;
use std::sync::Arc;

use super::deltas::{Delta, deltas};
use super::entry::Entry;
use super::fields::Shape;
use super::found::{Asked, Found, Hit, Miss, Near, Phase, Tier, Use};
use super::redacted::Redacted;
use super::score::{Distance, score};
use super::volatile::Volatile;

/// A request is alike from this score on …
const ACCEPT: f64 = 0.85;
/// … if nothing else comes as near as this.
const MARGIN: f64 = 0.10;
/// Only so many candidates are scored, those nearest in order: a page that asks one address thousands of times must not slow down.
const MOST_SCORED: usize = 48;
const MOST_NEAR: usize = 3;

/// How alike an entry is, and its place.
type Scored = (f64, usize);

/// The recorded requests as they are used up.
#[derive(Debug)]
pub struct Matcher {
    entries: Vec<Entry>,
    shapes: Vec<Shape>,
    /// Each entry's key without what changes from run to run.
    keys: Vec<Arc<str>>,
    volatile: Volatile,
    redacted: Redacted,
    /// First entry of step N.
    boundary: usize,
    used: Vec<bool>,
    exact: HashMap<String, Vec<usize>>,
    normalised: HashMap<Arc<str>, Vec<usize>>,
    addresses: HashMap<String, Vec<usize>>,
    origins: Vec<(String, String)>,
    /// Entry that was used last, for the distance in order.
    cursor: usize,
}

impl Matcher {
    /// Over entries in the order in which they were sent; those from `boundary_ms` (when step N began) on are the future.
    ///
    /// A boundary in time, because an event of one step may be numbered behind the beginning of the next.
    pub fn new(entries: Vec<Entry>, boundary_ms: f64, mut volatile: Volatile) -> Self {
        let shapes: Vec<Shape> = entries
            .iter()
            .map(|entry| Shape::of(&entry.method, &entry.url, &entry.headers, &entry.body))
            .collect();
        volatile.learn(shapes.iter().map(|shape| (shape.address.as_str(), &shape.fields[..])));
        let redacted = Redacted::new(&entries, &shapes);
        let key = |shape: &Shape| Arc::from(shape.normalised(&volatile, &redacted));
        let keys: Vec<Arc<str>> = shapes.iter().map(key).collect();
        let first = entries.iter().position(|entry| entry.sent_ms >= boundary_ms);
        let at = first.unwrap_or(entries.len());
        let mut matcher = Self {
            used: vec![false; entries.len()],
            exact: HashMap::new(),
            normalised: HashMap::new(),
            addresses: HashMap::new(),
            origins: Vec::new(),
            cursor: at,
            boundary: at,
            volatile,
            redacted,
            entries,
            shapes,
            keys,
        };
        for (at, shape) in matcher.shapes.iter().enumerate() {
            matcher.exact.entry(shape.exact()).or_default().push(at);
            matcher.normalised.entry(Arc::clone(&matcher.keys[at])).or_default().push(at);
            matcher.addresses.entry(shape.address.clone()).or_default().push(at);
        }
        matcher
    }

    /// The replay's server stands elsewhere: what is asked of `replayed` was recorded of `recorded`.
    pub fn map_origin(&mut self, replayed: &str, recorded: &str) {
        let tidy = |origin: &str| origin.trim_end_matches('/').to_owned();
        self.origins.retain(|(known, _)| *known != tidy(replayed));
        self.origins.push((tidy(replayed), tidy(recorded)));
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
            .or_else(|| self.part_of_whole(&shape, phase, is_safe));
        let mut hit = match hit {
            Some(hit) => hit,
            None if !is_safe && phase == Phase::Live && self.is_used_up(&shape) => {
                return Found::Miss(self.miss(&shape, asked.at_ms, Vec::new()));
            }
            None => match self.alike(&shape, asked.at_ms, phase, is_safe) {
                Ok(hit) => hit,
                Err(scored) => return Found::Miss(self.miss(&shape, asked.at_ms, scored)),
            },
        };
        if hit.used == Use::Next {
            self.used[hit.entry] = true;
            self.cursor = hit.entry;
        }
        hit.entry = self.with_body(hit.entry);
        Found::Hit(Box::new(hit))
    }

    /// The address as it was when recorded: an origin that stands elsewhere now is the recorded one.
    pub fn recorded_url(&self, url: &str) -> String {
        let known = self.origins.iter().find_map(|(replayed, recorded)| {
            let rest = url.strip_prefix(replayed.as_str())?;
            let ends_there = rest.is_empty() || rest.starts_with(['/', '?', '#']);
            ends_there.then(|| format!("{recorded}{rest}"))
        });
        known.unwrap_or_else(|| url.to_owned())
    }

    fn keyed(&self, shape: &Shape, phase: Phase, is_safe: bool) -> Option<Hit> {
        let exact = self.exact.get(&shape.exact()).map_or(&[][..], Vec::as_slice);
        let key = shape.normalised(&self.volatile, &self.redacted);
        let normalised = self.normalised.get(key.as_str()).map_or(&[][..], Vec::as_slice);
        let fits = |at: &usize| self.redacted.fits(&self.shapes[*at], shape, &self.volatile);
        let normalised: Vec<usize> = normalised.iter().copied().filter(fits).collect();
        let tiers = [(Tier::Exact, exact), (Tier::Normalised, &normalised[..])];
        let order = Self::order(phase, is_safe);
        // Live, an answer of this very request, though given before, is better than another request's that is due: with two items asked
        // for in turn, their ids look like what changes from run to run, and one would be shown as the other.
        let found = match phase {
            Phase::Live => tiers.iter().find(|(_, places)| !places.is_empty()).and_then(|tier| {
                order.iter().find_map(|used| Some((*used, tier.0, self.pick(tier.1, *used)?)))
            }),
            Phase::Restoring => order.iter().find_map(|used| {
                let mut tiers = tiers.iter();
                tiers.find_map(|tier| Some((*used, tier.0, self.pick(tier.1, *used)?)))
            }),
        };
        found.map(|(used, tier, entry)| {
            let differs = match tier {
                Tier::Exact => Vec::new(),
                _ => self.deltas(entry, shape),
            };
            Hit { entry, tier, used, score: 1.0, deltas: differs, slice: None }
        })
    }

    /// Whether this very request was recorded, and all its answers are used up: then nothing else may answer what changes the server.
    fn is_used_up(&self, shape: &Shape) -> bool {
        self.exact.contains_key(&shape.exact())
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
            // What was answered after it is newer.
            Use::AsOf if places.clone().any(|at| at >= self.boundary && self.used[at]) => None,
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

    /// The likest by a clear margin; otherwise everything that was scored, the best first.
    fn alike(
        &self,
        shape: &Shape,
        at_ms: f64,
        phase: Phase,
        is_safe: bool,
    ) -> Result<Hit, Vec<Scored>> {
        let order = Self::order(phase, is_safe);
        let used = |at: usize| if at < self.boundary { Use::AsOf } else { Use::Next };
        // A part answers for no other part, and the whole for none by likeness.
        let range = shape.without_range().map(|(_, range)| range);
        let same_part = |at: usize| self.shapes[at].without_range().map(|(_, part)| part) == range;
        let fits = |at: usize| order.contains(&used(at)) && !self.used[at] && same_part(at);
        let places = self.addresses.get(&shape.address).map_or(&[][..], Vec::as_slice);
        let scored = self.scored(places, shape, at_ms, &fits);
        let mut fitting = scored.iter().filter(|(_, at)| fits(*at));
        let Some((best, entry)) = fitting.next().copied() else { return Err(scored) };
        let own = &self.keys[entry];
        // Repeats of one request are no rivals of each other.
        let rival = fitting.find(|(_, at)| self.keys[*at] != *own).map_or(0.0, |(score, _)| *score);
        if best < ACCEPT || best - rival < MARGIN {
            return Err(scored);
        }
        let (used, deltas) = (used(entry), self.deltas(entry, shape));
        Ok(Hit { entry, tier: Tier::Scored, used, score: best, deltas, slice: None })
    }

    fn deltas(&self, entry: usize, shape: &Shape) -> Vec<Delta> {
        deltas(&self.shapes[entry], shape, &|field| self.redacted.hides(shape, field))
    }

    /// Scores of the candidates, those first that fit and then the nearest in order; the best first, of equals the earlier one.
    fn scored(
        &self,
        candidates: &[usize],
        shape: &Shape,
        at_ms: f64,
        fits: &dyn Fn(usize) -> bool,
    ) -> Vec<Scored> {
        let apart = |at: usize| at.abs_diff(self.cursor);
        let mut nearest = candidates.to_vec();
        nearest.sort_by_key(|at| (!fits(*at), apart(*at)));
        nearest.truncate(MOST_SCORED);
        let mut scored: Vec<Scored> = nearest
            .into_iter()
            .map(|at| {
                let time_ms = (self.entries[at].sent_ms - at_ms).abs();
                let apart = Distance { order: apart(at) as f64, time_ms };
                (score(&self.shapes[at], shape, (&self.volatile, &self.redacted), apart), at)
            })
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored
    }

    /// The nearest of what was scored; where nothing has that address, of what has the same method and origin.
    fn miss(&self, shape: &Shape, at_ms: f64, scored: Vec<Scored>) -> Miss {
        let scored = if scored.is_empty() {
            let all = 0..self.entries.len();
            let same: Vec<_> = all.filter(|at| self.shapes[*at].origin == shape.origin).collect();
            self.scored(&same, shape, at_ms, &|_| true)
        } else {
            scored
        };
        let near = scored.into_iter().take(MOST_NEAR).map(|(score, at)| {
            let entry = &self.entries[at];
            Near {
                seq: entry.seq,
                method: entry.method.clone(),
                url: entry.shown_url.clone(),
                score,
                deltas: self.deltas(at, shape),
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
