//! Clones as they were last seen.

use std::collections::BTreeMap;

use super::alike::Clocks;
use super::channel::{Alike, Item, order_counts, report};
use super::network::contents;
use super::{Beside, Channel, ChannelReport, Side};
use crate::event::{CloneState, Event, Kind};

/// States are read every now and then, so only the last one of each clone can be compared; none of a replay that reads none.
pub(super) fn clones(a: &Side<'_>, b: &Side<'_>) -> ChannelReport {
    let clocks = Clocks::new(a.summary.wall_ms, b.summary.wall_ms);
    let compare = |one: &(&dyn Beside, CloneState), other: &(&dyn Beside, CloneState)| -> Alike {
        contents("state", (one.0, &one.1.state), (other.0, &other.1.state), &clocks)
    };
    report(Channel::CloneState, &items(a), &items(b), compare, order_counts)
}

fn items<'r>(side: &Side<'r>) -> Vec<Item<(&'r dyn Beside, CloneState)>> {
    let mut last = BTreeMap::new();
    if side.is_on_record {
        return Vec::new();
    }
    // Not only from the step on: a clone that nobody touched since is as it was before.
    for event in side.run.events.iter().filter(|event| event.kind == Kind::CloneState) {
        if let Ok(state) = event.payload.read::<CloneState>("clone.state") {
            last.insert(state.clone.clone(), (event, state));
        }
    }
    let item = |(name, (event, state)): (String, (&Event, CloneState))| Item {
        name: format!("clone `{name}`"),
        key: name,
        seq: event.seq.get(),
        known_ms: event.ts.as_ms(),
        content: (side.run.beside, state),
    };
    last.into_iter().map(item).collect()
}
