//! What is asked of the recording and what it answers.

use serde::Serialize;

use super::deltas::Delta;
use crate::event::Seq;

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
    /// The address as the record shows it.
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
