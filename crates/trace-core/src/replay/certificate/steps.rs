//! Steps and assertions: the test's own order.

use serde_json::Value;

use super::alike::{Clocks, optional, quoted, texts, values};
use super::channel::{Alike, Item, order_counts, report};
use super::messages::messages;
use super::{Channel, ChannelReport, Side};
use crate::event::{Assertion, Kind};
use crate::trace::normalise::normalise;
use crate::trace::{Step, StepStatus};

struct StepContent {
    title: String,
    status: StepStatus,
    error: Option<String>,
    value: Option<Value>,
}

pub(super) fn steps(a: &Side<'_>, b: &Side<'_>) -> ChannelReport {
    let clocks = Clocks::new(a.summary.wall_ms, b.summary.wall_ms);
    let compare = |one: &StepContent, other: &StepContent| {
        let status = if one.status == other.status {
            Alike::Identical
        } else {
            let (now, then) = (other.status.as_str(), one.status.as_str());
            Alike::Diverged(format!("{now}, recorded {then}"))
        };
        status
            .and(|| texts("title", &one.title, &other.title))
            .and(|| {
                let error = (one.error.as_deref(), other.error.as_deref());
                optional("error", error.0, error.1, |a, b| messages("error", a, b))
            })
            .and(|| {
                let value = (one.value.as_ref(), other.value.as_ref());
                optional("returned value", value.0, value.1, |a, b| {
                    values("returned value", a, b, &clocks)
                })
            })
    };
    report(Channel::Steps, &step_items(a), &step_items(b), compare, order_counts)
}

/// The test's steps. Hooks and fixtures belong to the runner: those that fail end the run, which the outcome tells.
fn step_items(side: &Side<'_>) -> Vec<Item<StepContent>> {
    let wanted = |step: &&Step| step.category == "test.step" || step.category == "implicit";
    let ends = |step: &Step| {
        side.events()
            .find(|event| event.kind == Kind::StepEnd && event.step_id.as_ref() == Some(&step.id))
    };
    let from = side.past.step.seq;
    let steps = side.tree.steps.iter().filter(wanted).filter(|step| step.first_seq.get() >= from);
    let item = |step: &Step| Item {
        key: format!("{}\u{1f}{}", step.category, normalise(&step.path.join("\u{1f}"))),
        name: format!("step {}", quoted(&step.title)),
        seq: step.first_seq.get(),
        known_ms: step.end_ms.unwrap_or(f64::MAX),
        content: StepContent {
            title: step.title.clone(),
            status: step.status,
            error: step.error.clone(),
            value: ends(step).and_then(|event| event.payload.field("value")),
        },
    };
    steps.map(item).collect()
}

pub(super) fn assertions(a: &Side<'_>, b: &Side<'_>) -> ChannelReport {
    let clocks = Clocks::new(a.summary.wall_ms, b.summary.wall_ms);
    let held = |pass: bool| if pass { "holds" } else { "does not hold" };
    let compare = |one: &Assertion, other: &Assertion| {
        let pass = if one.pass == other.pass {
            Alike::Identical
        } else {
            Alike::Diverged(format!("{}, recorded that it {}", held(other.pass), held(one.pass)))
        };
        let part = |name: &str, of: fn(&Assertion) -> Option<&Value>| {
            optional(name, of(one), of(other), |a, b| values(name, a, b, &clocks))
        };
        let message = |assertion: &Assertion| Some(assertion.error.as_ref()?.message.clone());
        pass.and(|| part("expected value", |it| it.expected.as_ref()))
            .and(|| part("received value", |it| it.received.as_ref()))
            .and(|| {
                optional("error", message(one), message(other), |a, b| messages("error", &a, &b))
            })
    };
    let (left, right) = (assertion_items(a), assertion_items(b));
    report(Channel::Assertions, &left, &right, compare, order_counts)
}

fn assertion_items(side: &Side<'_>) -> Vec<Item<Assertion>> {
    let told = side.events().filter(|event| event.kind == Kind::Assertion);
    let item = |event: &crate::event::Event| {
        let assertion: Assertion = event.payload.read("assertion").ok()?;
        let locator = assertion.locator.as_deref().unwrap_or_default();
        let negated = if assertion.negated == Some(true) { "not." } else { "" };
        Some(Item {
            key: format!("{negated}{}\u{1f}{}", assertion.name, normalise(locator)),
            name: format!("expect {} {negated}{}", quoted(locator), assertion.name),
            seq: event.seq.get(),
            known_ms: event.ts.as_ms(),
            content: assertion,
        })
    };
    told.filter_map(item).collect()
}
