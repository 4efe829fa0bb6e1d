//! Console lines and page errors.

use std::collections::HashSet;

use serde_json::Value;

use super::alike::{quoted, texts};
use super::boundary::{Parted, straighten};
use super::channel::{Alike, Item, Of, Placed, report_with};
use super::leaving::Leaving;
use super::{Channel, ChannelReport, Side};
use crate::event::{Event, Kind};
use crate::trace::normalise::normalise;
use crate::trace::read::{self, text};

/// How the browser's own line about a request that failed begins. The request stands in its channel, and its line may come before the
/// request is told, or be about an icon.
const ECHO: &str = "Failed to load resource:";

pub(super) fn console(a: &Side<'_>, b: &Side<'_>, leaving: &Leaving) -> ChannelReport {
    let compare = |one: &Line, other: &Line| texts("text", &one.text, &other.text);
    // Pages and workers write side by side, so the order of their lines is the machine's.
    let order = |placed: &Placed<'_>| {
        if placed.moved { Alike::Equivalent } else { Alike::Identical }
    };
    let (mut left, mut right) = (Parted::of(a, items(a)), Parted::of(b, items(b)));
    straighten(&mut left, &mut right, |item| item.known_ms);
    let may_lack = |of: Of, line: &Item<Line>| {
        let (page, at_ms) = (line.content.page.as_deref(), line.known_ms);
        leaving.is_on_its_way(of, page, at_ms) || leaving.had_no_time(of, page, at_ms)
    };
    report_with(Channel::Console, &left.live, &right.live, compare, order, may_lack)
}

struct Line {
    text: String,
    page: Option<String>,
}

fn items(side: &Side<'_>) -> Vec<Item<Line>> {
    let told =
        side.all().filter(|event| matches!(event.kind, Kind::ConsoleLog | Kind::ConsoleError));
    let requested = requested(side.run.events);
    let item = |event: &Event| {
        let level = text(event, "level").unwrap_or_default();
        let text = text(event, "text")?;
        let about = event.payload.field("location.url");
        let is_echo = text.starts_with(ECHO)
            && about.as_ref().and_then(Value::as_str).is_some_and(|url| requested.contains(url));
        if is_echo {
            return None;
        }
        Some(Item {
            key: format!("{}\u{1f}{level}\u{1f}{}", event.kind, normalise(&text)),
            name: format!("console {level} {}", quoted(&text)),
            seq: event.seq.get(),
            known_ms: event.ts.as_ms(),
            content: Line { text, page: read::text(event, "page") },
        })
    };
    told.filter_map(item).collect()
}

/// The addresses that a run asked for.
fn requested(events: &[Event]) -> HashSet<String> {
    let requests = events.iter().filter(|event| event.kind == Kind::NetworkRequest);
    requests.filter_map(|event| text(event, "url")).collect()
}
