//! Icons of tabs. A browser asks for one by itself, once in its life and at a moment of its own, so neither the request nor a line on
//! the console about it says anything of the test.

use std::collections::HashSet;

use crate::event::{Event, Kind, NetworkRequest};

/// What icons are called. By its headers alone an icon cannot be told: those of an answer out of a record are provisional.
const ENDINGS: &[&str] = &["ico", "svg", "png", "gif", "jpg", "jpeg", "webp", "avif"];

/// Whether a request is for an icon: pages that show an image say so in its type.
pub(super) fn is_icon(request: &NetworkRequest) -> bool {
    let path = request.url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit(['/', '.']).next().unwrap_or_default().to_ascii_lowercase();
    let is_image = path.contains('.') && ENDINGS.contains(&ending.as_str());
    request.method == "GET" && request.resource_type == "other" && is_image
}

/// The addresses of a run's icons.
pub(super) fn addresses(events: &[Event]) -> HashSet<String> {
    let requests = events.iter().filter(|event| event.kind == Kind::NetworkRequest);
    let read = |event: &Event| event.payload.read::<NetworkRequest>("network.request").ok();
    requests.filter_map(read).filter(is_icon).map(|request| request.url).collect()
}
