//! What was said over sockets, message by message.

use std::collections::HashSet;

use super::alike::Clocks;
use super::channel::{Alike, Item, order_counts, report};
use super::network::contents;
use super::{Beside, Channel, ChannelReport, Side};
use crate::diff::network::address_shape;
use crate::event::{Content, Kind, NetworkWs, WsDirection};

/// A socket that is played from the record is Playwright's own and leaves no trace, so only addresses that both sides have are compared.
pub(super) fn sockets(a: &Side<'_>, b: &Side<'_>) -> ChannelReport {
    let clocks = Clocks::new(a.summary.wall_ms, b.summary.wall_ms);
    let compare = |one: &(&dyn Beside, Content), other: &(&dyn Beside, Content)| -> Alike {
        contents("message", (one.0, &one.1), (other.0, &other.1), &clocks)
    };
    let (left, right) = (items(a), items(b));
    let common = addresses(&left).intersection(&addresses(&right)).cloned().collect();
    let (left, right) = (only(left, &common), only(right, &common));
    report(Channel::Sockets, &left, &right, compare, order_counts)
}

type Message<'r> = Item<(&'r dyn Beside, Content)>;

fn addresses(items: &[Message<'_>]) -> HashSet<String> {
    items.iter().map(|item| item.name.clone()).collect()
}

fn only<'r>(items: Vec<Message<'r>>, names: &HashSet<String>) -> Vec<Message<'r>> {
    items.into_iter().filter(|item| names.contains(&item.name)).collect()
}

fn items<'r>(side: &Side<'r>) -> Vec<Message<'r>> {
    let told = side.events().filter(|event| event.kind == Kind::NetworkWs);
    let item = |event: &crate::event::Event| {
        let NetworkWs { url, direction, data, .. } = event.payload.read("network.ws").ok()?;
        let way = match direction {
            WsDirection::Sent => "to",
            WsDirection::Received => "from",
            _ => return None,
        };
        let name = format!("message {way} {}", address_shape(&url));
        Some(Item {
            key: name.clone(),
            name,
            seq: event.seq.get(),
            known_ms: event.ts.as_ms(),
            content: (side.run.beside, data?),
        })
    };
    let mut found: Vec<Message<'r>> = told.filter_map(item).collect();
    // Sockets speak side by side; only the order within one is its own.
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}
