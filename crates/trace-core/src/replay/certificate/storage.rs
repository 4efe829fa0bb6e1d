//! Cookies and storage at the end. Their values are secrets in the vault; what is compared is how much there is of each part.

use std::collections::BTreeMap;

use super::channel::{Alike, Item, order_counts, report};
use super::{Channel, ChannelReport, Side};
use crate::event::{BrowserState, Event, Kind, StatePart};
use crate::replay::origins::origin;

pub(super) fn storage(a: &Side<'_>, b: &Side<'_>) -> ChannelReport {
    let compare = |one: &StatePart, other: &StatePart| {
        if one.keys == other.keys {
            // Equal sizes do not prove equal values.
            return Alike::Equivalent;
        }
        Alike::Diverged(format!("holds {} items, recorded {}", other.keys, one.keys))
    };
    report(Channel::Storage, &items(a), &items(b), compare, order_counts)
}

/// Documents and history are places of the browser, not storage.
const STORED: &[&str] = &["cookies", "local ", "session ", "indexeddb ", "caches "];

fn items(side: &Side<'_>) -> Vec<Item<StatePart>> {
    let mut last: BTreeMap<String, (&Event, BrowserState)> = BTreeMap::new();
    for event in side.run.events.iter().filter(|event| event.kind == Kind::BrowserState) {
        let Ok(state) = event.payload.read::<BrowserState>("browser.state") else { continue };
        // What is read while a context closes may have lost its pages already.
        if state.boundary != "close" {
            last.insert(state.context.clone(), (event, state));
        }
    }
    let mut found = Vec::new();
    for (context, (event, state)) in last {
        for part in state.counts {
            // An empty part is as good as none.
            if part.keys > 0 && STORED.iter().any(|known| part.part.starts_with(known)) {
                let key = format!("{context} {}", without_port(&part.part));
                found.push(Item {
                    name: format!("{context} {}", part.part),
                    key,
                    seq: event.seq.get(),
                    known_ms: event.ts.as_ms(),
                    content: part,
                });
            }
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

/// The part's name without the port that the application has in this run only.
fn without_port(part: &str) -> String {
    let words = part.split(' ').map(|word| match origin(word) {
        Some(origin) if origin.contains("127.0.0.1") || origin.contains("localhost") => "here",
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
