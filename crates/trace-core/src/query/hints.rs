//! What every answer must have, so that a reader can skip frames without decoding them. Never too narrow, maybe too wide.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::expr::{Condition, Expr, Literal, Relation, StepWanted, Test};
use super::{KindPattern, Query, StepIndex};
use crate::event::Timestamp;

/// Bounds of the answers, derived once when the query is parsed.
#[derive(Debug, Clone)]
pub(super) struct Hints {
    /// None: any kind.
    kinds: Option<Vec<KindPattern>>,
    /// None: any step or none.
    steps: Option<Vec<StepWanted>>,
    seq: (f64, f64),
    ts: (f64, f64),
}

const ANYWHERE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

impl Hints {
    const NONE: Self = Self { kinds: None, steps: None, seq: ANYWHERE, ts: ANYWHERE };

    pub(super) fn of(expr: &Expr) -> Self {
        match expr {
            Expr::And(parts) => parts.iter().map(Self::of).fold(Self::NONE, Self::both),
            Expr::Or(parts) => {
                parts.iter().map(Self::of).reduce(Self::either).unwrap_or(Self::NONE)
            }
            Expr::Not(_) => Self::NONE,
            Expr::Is(condition) => Self::of_condition(condition),
        }
    }

    fn of_condition(condition: &Condition) -> Self {
        match condition {
            Condition::Kind { any, negated: false } => {
                Self { kinds: Some(any.clone()), ..Self::NONE }
            }
            Condition::Step { any, negated: false } => {
                Self { steps: Some(any.clone()), ..Self::NONE }
            }
            Condition::Ts(test) => Self { ts: span(test), ..Self::NONE },
            Condition::Seq(test) => Self { seq: span(test), ..Self::NONE },
            _ => Self::NONE,
        }
    }

    fn both(self, other: Self) -> Self {
        let kinds = match (self.kinds, other.kinds) {
            (Some(a), Some(b)) => Some(KindPattern::both(&a, &b)),
            (a, b) => a.or(b),
        };
        Self {
            kinds,
            // Either list alone is a bound; taking one of them needs no knowledge of the tree.
            steps: self.steps.or(other.steps),
            seq: (self.seq.0.max(other.seq.0), self.seq.1.min(other.seq.1)),
            ts: (self.ts.0.max(other.ts.0), self.ts.1.min(other.ts.1)),
        }
    }

    fn either(self, other: Self) -> Self {
        Self {
            kinds: all(self.kinds, other.kinds),
            steps: all(self.steps, other.steps),
            seq: (self.seq.0.min(other.seq.0), self.seq.1.max(other.seq.1)),
            ts: (self.ts.0.min(other.ts.0), self.ts.1.max(other.ts.1)),
        }
    }
}

/// Both lists together; no bound when one side has none.
fn all<T>(left: Option<Vec<T>>, right: Option<Vec<T>>) -> Option<Vec<T>> {
    left.zip(right).map(|(mut left, right)| {
        left.extend(right);
        left
    })
}

/// Where numbers that pass can lie.
fn span(test: &Test) -> (f64, f64) {
    let number = |literal: &Literal| match literal {
        Literal::Number { value, .. } => Some(*value),
        _ => None,
    };
    match test {
        Test::Between(low, high) => (*low, *high),
        Test::Equals { any, negated: false } => any
            .iter()
            .filter_map(number)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(n), high.max(n))),
        Test::Compare(relation, literal) => match (relation, number(literal)) {
            (Relation::Less | Relation::AtMost, Some(n)) => (f64::NEG_INFINITY, n),
            (Relation::Greater | Relation::AtLeast, Some(n)) => (n, f64::INFINITY),
            (_, None) => ANYWHERE,
        },
        _ => ANYWHERE,
    }
}

impl Query {
    /// Kinds of which every answer is one; none when any kind may answer. An empty list: nothing can answer.
    pub fn required_kinds(&self) -> Option<&[KindPattern]> {
        self.hints.kinds.as_deref()
    }

    /// Between which event numbers, both included, every answer lies; none when nothing can answer.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the casts saturate, which is what open ends mean"
    )]
    pub fn required_seq(&self) -> Option<RangeInclusive<u64>> {
        let (low, high) = self.hints.seq;
        let range = (low.ceil() as u64).max(1)..=high.floor() as u64;
        (!range.is_empty()).then_some(range)
    }

    /// Between which times, both included, every answer lies; none when nothing can answer.
    pub fn required_ts(&self) -> Option<RangeInclusive<Timestamp>> {
        let (low, high) = self.hints.ts;
        let low = Timestamp::from_ms(low.max(0.0)).unwrap_or(Timestamp::from_us(u64::MAX));
        let high = if high < 0.0 {
            return None;
        } else {
            Timestamp::from_ms(high).unwrap_or(Timestamp::from_us(u64::MAX))
        };
        let range = low..=high;
        (!range.is_empty()).then_some(range)
    }

    /// Ids of the steps in one of which every answer lies; none when any step, or no step, may answer.
    pub fn required_steps(&self, index: &StepIndex) -> Option<BTreeSet<String>> {
        let ids = |wanted: &StepWanted| -> Vec<String> {
            match wanted {
                StepWanted::Exactly(id) => vec![id.clone()],
                StepWanted::Within(id) => {
                    let inside = index.ids_within(id).into_iter().map(str::to_owned);
                    inside.chain([id.clone()]).collect()
                }
                StepWanted::Numbers(low, high) => {
                    index.ids_in(*low, *high).into_iter().map(str::to_owned).collect()
                }
            }
        };
        self.hints.steps.as_ref().map(|steps| steps.iter().flat_map(ids).collect())
    }
}
