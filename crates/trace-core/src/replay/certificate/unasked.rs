//! What a replay on the record alone has nobody to ask for: simulators do not run there, nor does the application to which they would send
//! webhooks, and no other process tells of itself. Such events are left out on both sides, and counted.

use std::collections::HashSet;

use serde::Serialize;

use super::{Channel, Side};
use crate::event::{Event, Kind};
use crate::trace::read::text;

/// Events told by the test's own client, which has a `source` although no other process tells them.
const OWN_CLIENT: &str = "api_request";

/// What is left out of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unasked {
    /// Of which channel.
    pub channel: Channel,
    /// Items of the record.
    pub count: usize,
}

/// Whether a trace is of a replay that asked neither the application nor a simulator.
pub(super) fn is_on_record(events: &[Event]) -> bool {
    let start = events.iter().find(|event| event.kind == Kind::RunStart);
    let said = start.and_then(|event| event.payload.field("replay.on_record"));
    said == Some(serde_json::Value::Bool(true))
}

/// Whether the test's own client told the event.
pub(super) fn is_own_clients(event: &Event) -> bool {
    text(event, "source").as_deref() == Some(OWN_CLIENT)
}

/// Whether another process told the event.
pub(super) fn is_foreign(event: &Event) -> bool {
    text(event, "source").is_some_and(|source| source != OWN_CLIENT)
}

/// What of the record is left out, for a replay on the record alone.
pub(super) fn unasked(recorded: &Side<'_>) -> Vec<Unasked> {
    let clones = recorded.run.events.iter().filter(|event| event.kind == Kind::CloneState);
    let clones: HashSet<_> = clones.filter_map(|event| text(event, "clone")).collect();
    let live = recorded.run.events.iter().filter(|event| !recorded.past.has(event));
    let told: Vec<&Event> = live.filter(|event| is_foreign(event)).collect();
    let of = |kinds: &[Kind]| told.iter().filter(|event| kinds.contains(&event.kind)).count();
    [
        (Channel::Network, of(&[Kind::NetworkRequest])),
        (Channel::Sockets, of(&[Kind::NetworkWs])),
        (Channel::Console, of(&[Kind::ConsoleLog, Kind::ConsoleError])),
        (Channel::CloneState, clones.len()),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(channel, count)| Unasked { channel, count })
    .collect()
}
