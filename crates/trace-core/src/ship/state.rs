//! The shipment of one trace as a value.

use std::collections::BTreeMap;

use crate::blob::{ArtifactName, BlobId};

use super::input::{Action, Answer, Ended, Input, Op, Outcome, Refusal};
use super::items::{Items, Stage};
use super::{Backoff, Ledger};

/// Requests on the way at the same time. More gains nothing on one connection and is unkind to a busy server.
pub const MAX_IN_FLIGHT: usize = 4;
/// Blobs asked for in one request.
const ASK_AT_ONCE: usize = 500;

/// Refusals that concern the whole trace: no other request of it would fare better.
const WHOLE_TRACE: &[&str] =
    &["unauthenticated", "forbidden", "missing_scope", "wrong_org", "not_found", "from_the_future"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Open,
    InFlight,
    Done,
}

/// The shipment of one trace: registered first, closed last, everything else in between in any order.
///
/// - A chunk is forgotten only when the server's gapless durable prefix covers it.
/// - Finalize is asked for only when every chunk, blob and artifact is acknowledged.
/// - Told the same thing twice, it does nothing twice.
#[derive(Debug, Clone)]
pub struct Ship {
    payload: Option<String>,
    register: Deed,
    finalize: Deed,
    chunks: Items<u64>,
    blobs: Items<BlobId>,
    artifacts: Items<ArtifactName>,
    claimed: u64,
    high_water: u64,
    forgotten: u64,
    watching: bool,
    ended: Option<Ended>,
    refusals: BTreeMap<String, String>,
    in_flight: usize,
    backoff: Backoff,
    not_before_ms: u64,
    over: bool,
}

impl Ship {
    /// A shipment that goes on from what `ledger` remembers (the default ledger for a new trace).
    pub fn new(ledger: Ledger, jitter_seed: u64) -> Self {
        let finalize = if ledger.finalized { Deed::Done } else { Deed::Open };
        Self {
            payload: None,
            register: Deed::Open,
            finalize,
            chunks: Items::new(ledger.chunks),
            blobs: Items::new(ledger.blobs),
            artifacts: Items::new(ledger.artifacts),
            claimed: ledger.high_water,
            high_water: ledger.high_water,
            forgotten: 0,
            watching: false,
            ended: None,
            refusals: BTreeMap::new(),
            in_flight: 0,
            backoff: Backoff::new(jitter_seed),
            not_before_ms: 0,
            over: false,
        }
    }

    /// Whether the last answer said that somebody watches live.
    pub const fn is_watched(&self) -> bool {
        self.watching
    }

    /// What to write to `ship.json`.
    pub fn ledger(&self) -> Ledger {
        Ledger {
            high_water: self.high_water,
            chunks: self.chunks.held().copied().collect(),
            blobs: self.blobs.held().copied().collect(),
            artifacts: self.artifacts.held().cloned().collect(),
            finalized: self.finalize == Deed::Done,
        }
    }

    /// Takes in what happened and answers what to do, in order.
    pub fn on(&mut self, input: Input, now_ms: u64) -> Vec<Action> {
        match input {
            Input::RunStarted(payload) => self.payload = Some(payload),
            Input::ChunkReady(chunk) if chunk.n > self.high_water => {
                self.chunks.add(chunk.n, Stage::Waiting);
            }
            Input::BlobReady(blob) => self.blobs.add(blob.id, Stage::Unasked),
            Input::ArtifactReady(artifact) => self.artifacts.add(artifact.name, Stage::Waiting),
            Input::Ended(ended) => self.ended = Some(ended),
            Input::Reply { op, outcome } => self.reply(&op, outcome, now_ms),
            Input::ChunkReady(_) | Input::Tick => {}
        }
        self.advance();
        if self.over { Vec::new() } else { self.next(now_ms) }
    }

    fn reply(&mut self, op: &Op, outcome: Outcome, now_ms: u64) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match outcome {
            Outcome::Ok(answer) => {
                self.backoff.succeeded();
                self.accepted(op, &answer);
            }
            Outcome::Retry { after_ms } => {
                self.not_before_ms =
                    self.not_before_ms.max(now_ms.saturating_add(self.backoff.failed(after_ms)));
                self.again(op);
            }
            Outcome::Permanent(refusal) => self.refused(op, &refusal),
            Outcome::Conflict(refusal) => self.conflict(op, &refusal, now_ms),
        }
    }

    fn accepted(&mut self, op: &Op, answer: &Answer) {
        match op {
            Op::Register => self.register = Deed::Done,
            Op::Chunk(n) => self.chunks.set(n, Stage::Held),
            Op::Missing(asked) => {
                for id in asked {
                    let lacks = answer.missing.contains(id);
                    self.blobs.set(id, if lacks { Stage::Waiting } else { Stage::Held });
                }
            }
            Op::Blob(id) => self.blobs.set(id, Stage::Held),
            Op::Artifact(name) => self.artifacts.set(name, Stage::Held),
            Op::Finalize => self.finalize = Deed::Done,
        }
        self.watching = answer.watching.unwrap_or(self.watching);
        self.claimed = self.claimed.max(answer.high_water.unwrap_or(0));
    }

    /// Believes the server's high-water mark as far as chunks were ever cut; a broken server that claims more is harmless.
    fn advance(&mut self) {
        let high_water = self.claimed.min(self.last_known_chunk());
        if high_water > self.high_water {
            for n in self.high_water + 1..=high_water {
                self.chunks.set(&n, Stage::Held);
            }
            self.high_water = high_water;
            self.chunks.forget_held_below(&(high_water + 1));
        }
    }

    fn last_known_chunk(&self) -> u64 {
        let ended = self.ended.as_ref().map_or(0, |ended| ended.chunks);
        self.chunks.last().copied().unwrap_or(0).max(ended)
    }

    /// The same request has to be made again.
    fn again(&mut self, op: &Op) {
        match op {
            Op::Register => self.register = Deed::Open,
            Op::Chunk(n) => self.chunks.set(n, Stage::Waiting),
            Op::Missing(asked) => asked.iter().for_each(|id| self.blobs.set(id, Stage::Unasked)),
            Op::Blob(id) => self.blobs.set(id, Stage::Waiting),
            Op::Artifact(name) => self.artifacts.set(name, Stage::Waiting),
            Op::Finalize => self.finalize = Deed::Open,
        }
    }

    fn refused(&mut self, op: &Op, refusal: &Refusal) {
        let whole = WHOLE_TRACE.contains(&refusal.code.as_str());
        let what = match op {
            Op::Chunk(n) if !whole => {
                self.chunks.set(n, Stage::Refused);
                format!("chunk {n}")
            }
            Op::Blob(id) if !whole => {
                self.blobs.set(id, Stage::Refused);
                format!("blob {id}")
            }
            Op::Artifact(name) if !whole => {
                self.artifacts.set(name, Stage::Refused);
                format!("artifact `{name}`")
            }
            _ => String::new(),
        };
        self.refusals.insert(what, format!("{} (`{}`)", refusal.message, refusal.code));
    }

    /// A finalize that found chunks missing sends those that are still in the spool again; every other conflict is a refusal.
    fn conflict(&mut self, op: &Op, refusal: &Refusal, now_ms: u64) {
        let missing = &refusal.missing_chunks;
        let have_all = missing.iter().all(|n| *n > self.forgotten && self.chunks.is_known(n));
        if *op == Op::Finalize && !missing.is_empty() && have_all {
            for n in missing {
                self.chunks.reopen(n);
            }
            self.finalize = Deed::Open;
            self.not_before_ms = now_ms.saturating_add(self.backoff.failed(None));
        } else {
            self.refused(op, refusal);
        }
    }

    fn next(&mut self, now_ms: u64) -> Vec<Action> {
        let mut actions = Vec::new();
        for n in self.forgotten + 1..=self.high_water {
            actions.push(Action::ForgetChunk(n));
        }
        self.forgotten = self.forgotten.max(self.high_water);
        if self.finalize == Deed::Done {
            self.over = true;
            actions.push(Action::Done);
        } else if let Some(reason) = self.hopeless() {
            self.over = true;
            actions.push(Action::GiveUp { reason });
        } else if now_ms < self.not_before_ms {
            actions.push(Action::WakeAt(self.not_before_ms));
        } else {
            self.requests(&mut actions);
        }
        actions
    }

    /// Why going on is of no use: a refusal of the whole trace at once, one of a part when the rest is across.
    fn hopeless(&self) -> Option<String> {
        if let Some(reason) = self.refusals.get("") {
            return Some(format!("the server refuses this trace: {reason}"));
        }
        let ended = self.ended.as_ref().filter(|_| self.register == Deed::Done)?;
        let is_here = |n: &u64| *n <= self.high_water || self.chunks.is_known(n);
        if let Some(hole) = (self.high_water + 1..=ended.chunks).find(|n| !is_here(n)) {
            return Some(format!("chunk {hole} is neither in the spool nor on the server"));
        }
        let settled = self.in_flight == 0
            && self.chunks.is_settled()
            && self.blobs.is_settled()
            && self.artifacts.is_settled();
        let (what, why) = self.refusals.first_key_value().filter(|_| settled)?;
        let more = self.refusals.len() - 1;
        let others = if more == 0 { String::new() } else { format!(" and {more} more") };
        Some(format!("the server refuses {what}{others}: {why}"))
    }

    fn requests(&mut self, actions: &mut Vec<Action>) {
        match (self.register, &self.payload) {
            (Deed::Open, Some(payload)) => {
                self.register = Deed::InFlight;
                actions.push(Action::Register(payload.clone()));
                self.in_flight += 1;
                return;
            }
            (Deed::Done, _) => {}
            _ => return,
        }
        let before = actions.len();
        let room = |actions: &Vec<Action>, busy: usize| {
            MAX_IN_FLIGHT.saturating_sub(busy + actions.len() - before)
        };
        let busy = self.in_flight;
        // Asking comes first: it is one small request that saves many.
        if room(actions, busy) > 0 {
            let unasked = self.blobs.take(Stage::Unasked, ASK_AT_ONCE);
            actions.extend((!unasked.is_empty()).then_some(Action::AskMissing(unasked)));
        }
        let chunks = self.chunks.take(Stage::Waiting, room(actions, busy));
        actions.extend(chunks.into_iter().map(Action::PutChunk));
        let blobs = self.blobs.take(Stage::Waiting, room(actions, busy));
        actions.extend(blobs.into_iter().map(Action::PutBlob));
        let artifacts = self.artifacts.take(Stage::Waiting, room(actions, busy));
        actions.extend(artifacts.into_iter().map(Action::PutArtifact));
        self.in_flight += actions.len() - before;
        actions.extend(self.closing());
    }

    fn closing(&mut self) -> Option<Action> {
        let ended = self.ended.clone()?;
        let complete = self.finalize == Deed::Open
            && self.in_flight == 0
            && (self.high_water + 1..=ended.chunks).all(|n| self.chunks.is_held(&n))
            && self.blobs.is_across()
            && self.artifacts.is_across();
        complete.then(|| {
            self.finalize = Deed::InFlight;
            self.in_flight += 1;
            Action::Finalize(ended)
        })
    }
}
