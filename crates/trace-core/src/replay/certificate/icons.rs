//! Icons of tabs. A browser asks for one by itself, once in its life and at a moment of its own, so that the request says nothing of
//! the test.

use crate::event::NetworkRequest;

/// What icons are called. By its headers alone an icon cannot be told: those of an answer out of a record are provisional.
const ENDINGS: &[&str] = &["ico", "svg", "png", "gif", "jpg", "jpeg", "webp", "avif"];

/// Whether a request is for an icon: pages that show an image say so in its type.
pub(super) fn is_icon(request: &NetworkRequest) -> bool {
    let path = request.url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit(['/', '.']).next().unwrap_or_default().to_ascii_lowercase();
    let is_image = path.contains('.') && ENDINGS.contains(&ending.as_str());
    request.method == "GET" && request.resource_type == "other" && is_image
}
