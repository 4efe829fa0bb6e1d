//! By kind, step, number and time: the parameters of an API call as a query.

use super::expr::{Condition, Expr, StepWanted, Test};
use super::{KindPattern, Query};

/// A cut through a trace. Empty means everything; every part that is set must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slice {
    /// Kinds, with `*`; an event of any of them passes.
    pub kinds: Vec<String>,
    /// A step's id, or the number of a top-level step.
    pub step: Option<String>,
    /// First number, included.
    pub from_seq: Option<u64>,
    /// Last number, included.
    pub to_seq: Option<u64>,
    /// First time in milliseconds, included.
    pub from_ts: Option<f64>,
    /// Last time in milliseconds, included.
    pub to_ts: Option<f64>,
    /// How many answers at most.
    pub limit: Option<usize>,
}

impl Slice {
    /// Adds a kind, or several with commas between them.
    #[must_use]
    pub fn kinds(mut self, kinds: &str) -> Self {
        let named = kinds.split(',').map(str::trim).filter(|kind| !kind.is_empty());
        self.kinds.extend(named.map(str::to_owned));
        self
    }

    /// Only this step and what lies in it: an id such as `s7`, or a number.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Self {
        self.step = Some(step.into());
        self
    }

    /// Only these event numbers, both ends included.
    #[must_use]
    pub fn seq(mut self, from: Option<u64>, to: Option<u64>) -> Self {
        (self.from_seq, self.to_seq) = (from, to);
        self
    }

    /// Only these times in milliseconds, both ends included.
    #[must_use]
    pub fn ts(mut self, from: Option<f64>, to: Option<f64>) -> Self {
        (self.from_ts, self.to_ts) = (from, to);
        self
    }

    /// At most so many answers.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The query that these parameters mean; the limit is the caller's to pass on.
    pub fn query(&self) -> Query {
        let mut parts = Vec::new();
        if !self.kinds.is_empty() {
            let any = self.kinds.iter().map(KindPattern::new).collect();
            parts.push(Condition::Kind { any, negated: false });
        }
        if let Some(step) = &self.step {
            parts.push(Condition::Step { any: vec![step_wanted(step)], negated: false });
        }
        if self.from_seq.is_some() || self.to_seq.is_some() {
            let end = |seq: Option<u64>, open| seq.map_or(open, |seq| seq as f64);
            let (low, high) = (end(self.from_seq, 0.0), end(self.to_seq, f64::INFINITY));
            parts.push(Condition::Seq(Test::Between(low, high)));
        }
        if self.from_ts.is_some() || self.to_ts.is_some() {
            let (low, high) = (self.from_ts.unwrap_or(0.0), self.to_ts.unwrap_or(f64::INFINITY));
            parts.push(Condition::Ts(Test::Between(low, high)));
        }
        Query::of(Expr::And(parts.into_iter().map(Expr::Is).collect()), Vec::new())
    }
}

fn step_wanted(step: &str) -> StepWanted {
    match step.parse() {
        Ok(number) => StepWanted::Numbers(number, number),
        Err(_) => StepWanted::Within(step.to_owned()),
    }
}
