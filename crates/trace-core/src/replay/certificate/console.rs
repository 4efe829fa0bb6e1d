//! Console lines and page errors.

use super::alike::{quoted, texts};
use super::channel::{Alike, Item, report};
use super::{Channel, ChannelReport, Side};
use crate::event::Kind;
use crate::trace::normalise::normalise;
use crate::trace::read::text;

pub(super) fn console(a: &Side<'_>, b: &Side<'_>) -> ChannelReport {
    let compare = |one: &String, other: &String| texts("text", one, other);
    // Pages and workers write side by side, so the order of their lines is the machine's.
    let moved = |_, _, _: &[(usize, usize)]| Alike::Equivalent;
    report(Channel::Console, &items(a), &items(b), compare, moved)
}

fn items(side: &Side<'_>) -> Vec<Item<String>> {
    let told =
        side.events().filter(|event| matches!(event.kind, Kind::ConsoleLog | Kind::ConsoleError));
    let item = |event: &crate::event::Event| {
        let level = text(event, "level").unwrap_or_default();
        let text = text(event, "text")?;
        Some(Item {
            key: format!("{}\u{1f}{level}\u{1f}{}", event.kind, normalise(&text)),
            name: format!("console {level} {}", quoted(&text)),
            seq: event.seq.get(),
            content: text,
        })
    };
    told.filter_map(item).collect()
}
