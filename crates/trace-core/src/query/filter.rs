//! Query and event to yes or no: the envelope first, the payload only when that has not settled it.

use std::cmp::Ordering;

use super::expr::{Condition, Expr, Literal, Relation, StepWanted, Test};
use super::target::Target;
use super::{Query, StepIndex, lookup};
use crate::event::Event;
use crate::scan;

/// What a query needs to know beside the event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The trace's steps; without them numbers of steps match nothing and a step holds only its own events.
    pub steps: Option<&'a StepIndex>,
}

impl Query {
    /// True when the event answers the query.
    pub fn matches(&self, event: &Event, context: &Context<'_>) -> bool {
        holds(&self.expr, &Target::of_event(event), *context)
    }

    /// True when the raw line (with or without its line break) answers the query; a line without an envelope never does.
    pub fn matches_line(&self, line: &[u8], context: &Context<'_>) -> bool {
        Target::of_line(line).is_some_and(|target| holds(&self.expr, &target, *context))
    }
}

impl Query {
    /// True when the answer depends on which step lies in which.
    pub fn asks_steps(&self) -> bool {
        asks_steps(&self.expr)
    }
}

fn asks_steps(expr: &Expr) -> bool {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(asks_steps),
        Expr::Not(inner) => asks_steps(inner),
        Expr::Is(condition) => matches!(condition, Condition::Step { .. }),
    }
}

fn holds(expr: &Expr, target: &Target<'_>, context: Context<'_>) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|part| holds(part, target, context)),
        Expr::Or(parts) => parts.iter().any(|part| holds(part, target, context)),
        Expr::Not(inner) => !holds(inner, target, context),
        Expr::Is(condition) => satisfied(condition, target, context),
    }
}

fn satisfied(condition: &Condition, target: &Target<'_>, context: Context<'_>) -> bool {
    match condition {
        Condition::Kind { any, negated } => {
            any.iter().any(|kind| kind.matches(&target.kind)) != *negated
        }
        Condition::Step { any, negated } => target.step.as_deref().is_some_and(|step| {
            any.iter().any(|wanted| in_step(step, wanted, context)) != *negated
        }),
        Condition::Ts(test) => target.ts().is_some_and(|ts| number_passes(test, ts)),
        Condition::Seq(test) => target.seq().is_some_and(|seq| number_passes(test, seq)),
        Condition::Payload { path, test } => {
            let (mut found, mut passed) = (false, false);
            lookup::any(target.object, path, &mut |raw| {
                found = true;
                passed = value_passes(test, raw);
                passed
            });
            // `!=` and `!~` ask that the field is there and none of its values is the unwanted one.
            if is_negated(test) { found && !passed } else { passed }
        }
    }
}

fn in_step(step: &str, wanted: &StepWanted, context: Context<'_>) -> bool {
    match wanted {
        StepWanted::Exactly(id) => step == id,
        StepWanted::Within(id) => {
            step == id || context.steps.is_some_and(|steps| steps.is_within(step, id))
        }
        StepWanted::Numbers(low, high) => context
            .steps
            .and_then(|steps| steps.number(step))
            .is_some_and(|number| (*low..=*high).contains(&number)),
    }
}

fn is_negated(test: &Test) -> bool {
    matches!(test, Test::Equals { negated: true, .. } | Test::Pattern { negated: true, .. })
}

fn number_passes(test: &Test, number: f64) -> bool {
    match test {
        Test::Equals { any, negated } => {
            any.iter().any(|literal| compare_number(number, literal).is_some_and(Ordering::is_eq))
                != *negated
        }
        Test::Compare(relation, literal) => {
            compare_number(number, literal).is_some_and(|order| relation.holds(order))
        }
        Test::Between(low, high) => (*low..=*high).contains(&number),
        Test::Exists => true,
        Test::Pattern { .. } => false,
    }
}

fn compare_number(number: f64, literal: &Literal) -> Option<Ordering> {
    match literal {
        Literal::Number { value, .. } => number.partial_cmp(value),
        _ => None,
    }
}

/// True when the value, or for arrays one of its elements, passes; negated tests are asked positively here.
fn value_passes(test: &Test, raw: &[u8]) -> bool {
    let is_container = matches!(raw.first(), Some(b'{' | b'['));
    match test {
        Test::Exists => raw != b"null",
        Test::Equals { any, .. } => scalars(raw, &mut |leaf| any.iter().any(|l| equals(leaf, l))),
        Test::Compare(relation, literal) => {
            scalars(raw, &mut |leaf| compare(leaf, literal, *relation))
        }
        Test::Between(low, high) => {
            scalars(raw, &mut |leaf| as_number(leaf).is_some_and(|n| (*low..=*high).contains(&n)))
        }
        Test::Pattern { regex, .. } if is_container => scan::any_leaf(raw, &mut |leaf| {
            leaf_text(leaf).is_some_and(|text| regex.is_match(&text))
        }),
        Test::Pattern { regex, .. } => leaf_text(raw).is_some_and(|text| regex.is_match(&text)),
    }
}

/// The value itself when it is a scalar, the scalar elements when it is an array; an object has none.
fn scalars(raw: &[u8], visit: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    match raw.first() {
        Some(b'[') => scan::items(raw).any(|item| visit(item.raw)),
        Some(b'{') => false,
        _ => visit(raw),
    }
}

fn leaf_text(raw: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    match raw.first()? {
        b'"' => scan::string(raw),
        b'n' => None,
        _ => Some(String::from_utf8_lossy(raw)),
    }
}

/// A number, or text that is one, as header values are.
fn as_number(raw: &[u8]) -> Option<f64> {
    match raw.first()? {
        b'"' => super::expr::parse_number(scan::string(raw)?.trim()),
        _ => scan::number(raw),
    }
}

fn equals(raw: &[u8], literal: &Literal) -> bool {
    match literal {
        Literal::Null => raw == b"null",
        Literal::Bool(true) => raw == b"true",
        Literal::Bool(false) => raw == b"false",
        Literal::Text(text) => scan::string(raw).is_some_and(|found| found == *text),
        Literal::Number { value, text } => match raw.first() {
            Some(b'"') => scan::string(raw).is_some_and(|found| found == *text),
            _ => scan::number(raw)
                .is_some_and(|found| found.partial_cmp(value) == Some(Ordering::Equal)),
        },
    }
}

fn compare(raw: &[u8], literal: &Literal, relation: Relation) -> bool {
    let order = match literal {
        Literal::Number { value, .. } => as_number(raw).and_then(|found| found.partial_cmp(value)),
        Literal::Text(text) => scan::string(raw).map(|found| found.as_ref().cmp(text.as_str())),
        Literal::Bool(_) | Literal::Null => None,
    };
    order.is_some_and(|order| relation.holds(order))
}
