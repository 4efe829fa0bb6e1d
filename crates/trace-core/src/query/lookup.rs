//! A path followed through JSON text without building it.

use super::expr::Segment;
use crate::scan;

/// Hands every value at `path` to `visit` until it says true. A name asked of an array means each of its elements,
/// and of a list of `[name, value]` pairs the values of that name, in any case.
pub(super) fn any(object: &[u8], path: &[Segment], visit: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let Some((segment, rest)) = path.split_first() else { return visit(object) };
    match object.first() {
        Some(b'{') => match scan::field(object, &segment.name) {
            Some(found) => any(found.raw, rest, visit),
            None => false,
        },
        Some(b'[') => match segment.place {
            Some(place) => {
                scan::items(object).nth(place).is_some_and(|item| any(item.raw, rest, visit))
            }
            None => scan::items(object).any(|item| element(item.raw, path, segment, rest, visit)),
        },
        _ => false,
    }
}

fn element(
    item: &[u8],
    path: &[Segment],
    segment: &Segment,
    rest: &[Segment],
    visit: &mut dyn FnMut(&[u8]) -> bool,
) -> bool {
    if item.first() != Some(&b'[') {
        return item.first() == Some(&b'{') && any(item, path, visit);
    }
    let mut pair = scan::items(item);
    let named = pair.next().and_then(|name| scan::string(name.raw));
    let fits = named.is_some_and(|name| name.eq_ignore_ascii_case(&segment.name));
    fits && pair.next().is_some_and(|value| any(value.raw, rest, visit))
}
