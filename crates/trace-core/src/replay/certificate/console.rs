//! Console lines and page errors.

use serde_json::Value;

use super::alike::{quoted, texts};
use super::channel::{Alike, Item, Placed, report};
use super::{Channel, ChannelReport, Side, icons};
use crate::event::Kind;
use crate::trace::normalise::normalise;
use crate::trace::read::text;

pub(super) fn console(a: &Side<'_>, b: &Side<'_>) -> ChannelReport {
    let compare = |one: &String, other: &String| texts("text", one, other);
    // Pages and workers write side by side, so the order of their lines is the machine's.
    let order = |placed: &Placed<'_>| {
        if placed.moved { Alike::Equivalent } else { Alike::Identical }
    };
    report(Channel::Console, &items(a), &items(b), compare, order)
}

fn items(side: &Side<'_>) -> Vec<Item<String>> {
    let told =
        side.events().filter(|event| matches!(event.kind, Kind::ConsoleLog | Kind::ConsoleError));
    let icons = icons::addresses(side.run.events);
    let item = |event: &crate::event::Event| {
        let about = event.payload.field("location.url");
        if about.as_ref().and_then(Value::as_str).is_some_and(|url| icons.contains(url)) {
            return None;
        }
        let level = text(event, "level").unwrap_or_default();
        let text = text(event, "text")?;
        Some(Item {
            key: format!("{}\u{1f}{level}\u{1f}{}", event.kind, normalise(&text)),
            name: format!("console {level} {}", quoted(&text)),
            seq: event.seq.get(),
            known_ms: event.ts.as_ms(),
            content: text,
        })
    };
    told.filter_map(item).collect()
}
