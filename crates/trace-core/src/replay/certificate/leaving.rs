//! Pages that are being left. While the next document is on its way the page goes on, and what it still asks for, or writes on its
//! console, depends on how fast that document comes. So does what it never comes to, because it is left sooner than in the other run.

use std::collections::HashMap;

use super::Side;
use super::channel::Of;
use crate::diff::network::address_shape;
use crate::event::{Event, Kind};
use crate::trace::read::{number, text};

/// The type of requests for documents.
pub(super) const DOCUMENT: &str = "document";
/// Types of requests that a page's code makes.
const CODE: &[&str] = &["fetch", "xhr"];

/// What a page says this long after it asked for something may come of the answer.
const NEAR_MS: f64 = 1_000.0;
/// So many times slower one run may be than the other, on a machine that does other things besides.
const SLOWER: f64 = 3.0;

/// When the pages of both runs were being left.
pub(super) struct Leaving {
    record: Pages,
    replay: Pages,
}

/// By page, in milliseconds on the trace's axis.
#[derive(Default)]
struct Pages {
    /// From the request for the next document to its answer.
    left: HashMap<String, Vec<(f64, f64)>>,
    /// What their code asked for, and when.
    asked: HashMap<String, Vec<(String, f64)>>,
}

impl Leaving {
    pub(super) fn of(a: &Side<'_>, b: &Side<'_>) -> Self {
        Self { record: pages(a), replay: pages(b) }
    }

    /// Whether the next document of a page of one run was on its way at that moment.
    pub(super) fn is_on_its_way(&self, of: Of, page: Option<&str>, at_ms: f64) -> bool {
        let left = page.and_then(|page| self.sides(of).0.left.get(page));
        left.is_some_and(|left| left.iter().any(|(from, to)| *from <= at_ms && at_ms <= *to))
    }

    /// Whether what a page said at that moment, in one run, is what it had no time for in the other: it was left there within about the
    /// time that it needed here, since it last asked for something. Of requests this is never taken for an excuse, because a
    /// page that asks and is led on looks the same when one of them is gone.
    pub(super) fn had_no_time(&self, of: Of, page: Option<&str>, at_ms: f64) -> bool {
        page.and_then(|page| self.time(of, page, at_ms))
            .is_some_and(|(needed_ms, had_ms)| needed_ms <= NEAR_MS && had_ms <= needed_ms * SLOWER)
    }

    /// How long a page needed to say something after it had asked for something, and how long it had after the same request in the
    /// other run.
    fn time(&self, of: Of, page: &str, at_ms: f64) -> Option<(f64, f64)> {
        let (here, there) = self.sides(of);
        let asked = here.asked.get(page)?;
        let last = asked.iter().rposition(|(_, asked_ms)| *asked_ms < at_ms)?;
        let (address, asked_ms) = &asked[last];
        let nth = asked[..last].iter().filter(|(other, _)| other == address).count();
        let again = there.asked.get(page)?.iter().filter(|(other, _)| other == address).nth(nth)?;
        let left = there.left.get(page)?.iter().map(|(from, _)| from - again.1);
        Some((at_ms - asked_ms, left.filter(|had_ms| *had_ms >= 0.0).min_by(f64::total_cmp)?))
    }

    /// The run that is asked about, and the other one.
    const fn sides(&self, of: Of) -> (&Pages, &Pages) {
        match of {
            Of::Record => (&self.record, &self.replay),
            Of::Replay => (&self.replay, &self.record),
        }
    }
}

fn pages(side: &Side<'_>) -> Pages {
    let all = || side.run.events.iter();
    let took = |event: &Event| Some((text(event, "request_id")?, number(event, "duration_ms")?));
    let answers = all().filter(|event| event.kind == Kind::NetworkResponse);
    let took_ms: HashMap<String, f64> = answers.filter_map(took).collect();
    let mut pages = Pages::default();
    for event in all().filter(|event| event.kind == Kind::NetworkRequest) {
        let Some(page) = text(event, "page") else { continue };
        let from_ms = event.ts.as_ms();
        if leaves_its_page(event, &page) {
            let id = text(event, "request_id").unwrap_or_default();
            let to_ms = from_ms + took_ms.get(&id).copied().unwrap_or_default();
            pages.left.entry(page).or_default().push((from_ms, to_ms));
        } else if text(event, "resource_type").is_some_and(|kind| CODE.contains(&kind.as_str())) {
            let address = address_shape(&text(event, "url").unwrap_or_default());
            pages.asked.entry(page).or_default().push((address, from_ms));
        }
    }
    // A request is told when its headers are known, so not always in its turn.
    pages
        .asked
        .values_mut()
        .for_each(|asked| asked.sort_by(|one, other| one.1.total_cmp(&other.1)));
    pages
}

/// Documents of a page's frames leave the page where it is; its own frame is the first.
fn leaves_its_page(event: &Event, page: &str) -> bool {
    let is_own = text(event, "frame").is_some_and(|frame| frame.strip_prefix(page) == Some("f1"));
    is_own && text(event, "resource_type").as_deref() == Some(DOCUMENT)
}
