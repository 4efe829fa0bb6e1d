//! Requests with what became of them.

use std::collections::{HashMap, HashSet};

use super::alike::{Clocks, texts};
use super::boundary::{Parted, straighten};
use super::channel::{Alike, Item, Of, Placed, report_with};
use super::icons::is_icon;
use super::leaving::{DOCUMENT, Leaving};
use super::streams::begun_anew;
use super::unasked::{is_foreign, is_own_clients};
use super::{Beside, Channel, ChannelReport, Side};
use crate::blob::BlobId;
use crate::diff::network::address_shape;
use crate::event::{Content, Event, Headers, Kind, NetworkFailed, NetworkRequest, NetworkResponse};
use crate::replay::network::fields::{Field, Shape};
use crate::trace::read::text;

/// A request as it is compared.
struct Exchange<'r> {
    beside: &'r dyn Beside,
    /// From sending to the end of the answer, in milliseconds on the trace's axis.
    span_ms: (f64, f64),
    request: Vec<Field>,
    outcome: Outcome,
    /// The page had enough of the answer before its end.
    is_left: bool,
    /// The replay itself had its page ask once more.
    is_anew: bool,
    asker: Asker,
    page: Option<String>,
}

/// Who sends a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// The code of a page, or its user.
    Page,
    /// A page that is led on to another document, and goes on until that comes.
    Navigation,
    /// The browser, for a part of a document. Which of them it comes upon first depends on how fast it reads which.
    Browser,
    /// The test's own client, which runs beside the pages.
    Test,
    /// Another process, such as a simulator that sends a webhook when it gets to it.
    Process,
}

impl Asker {
    fn of(event: &Event, resource_type: &str) -> Self {
        match resource_type {
            _ if is_foreign(event) => Self::Process,
            _ if is_own_clients(event) => Self::Test,
            DOCUMENT => Self::Navigation,
            part if PARTS.contains(&part) => Self::Browser,
            _ => Self::Page,
        }
    }

    fn has_no_order_with(self, other: Self) -> bool {
        let pair = [self, other];
        let outside = |it: Self| Some(it).filter(|it| matches!(it, Self::Test | Self::Process));
        let leads_on = pair.contains(&Self::Navigation) && pair.contains(&Self::Page);
        outside(self) != outside(other) || leads_on || pair == [Self::Browser; 2]
    }
}

impl Exchange<'_> {
    /// Whether nothing but the machine puts the two in order.
    fn is_beside(&self, other: &Self) -> bool {
        let (one, two) = (self.span_ms, other.span_ms);
        let overlap = one.0 <= two.1 && two.0 <= one.1;
        let same_burst = (one.0 - two.0).abs() <= BURST_MS;
        overlap || same_burst || self.asker.has_no_order_with(other.asker)
    }
}

enum Outcome {
    Open,
    Failed(String),
    Response(Box<NetworkResponse>),
}

/// Headers that tell of the way over the wire and not of the answer.
const OF_THE_WIRE: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "keep-alive",
    "transfer-encoding",
    "x-molar-time",
];
/// Headers by which an answer means something else.
const MEANT: &[&str] = &["content-type", "location"];
/// Types of requests for parts of a document.
const PARTS: &[&str] = &["stylesheet", "script", "image", "font", "media", "manifest"];
/// Requests that begin so near each other are sent side by side.
const BURST_MS: f64 = 50.0;
/// Answers that come so far apart come one after the other.
const CLEARLY_MS: f64 = 100.0;

pub(super) fn network(a: &Side<'_>, b: &Side<'_>, leaving: &Leaving) -> ChannelReport {
    let clocks = Clocks::new(a.summary.wall_ms, b.summary.wall_ms);
    let mut left = Parted::of(a, items(a, &HashSet::new()));
    let known: HashSet<&str> = left.live.iter().map(|item| item.key.as_str()).collect();
    let mut right = Parted::of(b, items(b, &begun_anew(b.run.events)));
    right.live.retain(|item| !item.content.is_anew || known.contains(item.key.as_str()));
    let crossed = straighten(&mut left, &mut right, |item| item.content.span_ms.0);
    let (left, right) = (left.live, right.live);
    // What the machine puts before or behind the step's beginning has no order with what is near it.
    let has_crossed = |(x, y): (usize, usize)| {
        crossed[0].contains(&left[x].seq) || crossed[1].contains(&right[y].seq)
    };
    let compare = |one: &Exchange<'_>, other: &Exchange<'_>| {
        // The record answers whatever it has an answer to, so what stands open there was cut off.
        if b.is_on_record
            && matches!((&one.outcome, &other.outcome), (Outcome::Response(_), Outcome::Open))
        {
            return Alike::Equivalent;
        }
        outcomes(one, other, &clocks).and(|| clocks.fields("request", &one.request, &other.request))
    };
    let order = |placed: &Placed<'_>| {
        let Placed { pair: (at, other), pairs, .. } = *placed;
        if !placed.moved {
            // Which of several answers comes first is the machine's, or the server's.
            let spans =
                |(x, y): (usize, usize)| (left[x].content.span_ms, right[y].content.span_ms);
            let overtaken = pairs.iter().any(|pair| overtook(spans((at, other)), spans(*pair)));
            return if overtaken { Alike::Equivalent } else { Alike::Identical };
        }
        let one = &left[at].content;
        let apart =
            |pair: &&(usize, usize)| !has_crossed(**pair) && !one.is_beside(&left[pair.0].content);
        let mut passed = pairs.iter().filter(|(x, y)| (*x < at) != (*y < other));
        match passed.find(apart).filter(|_| !has_crossed((at, other))) {
            None => Alike::Equivalent,
            Some((x, _)) => {
                let name = &left[*x].name;
                Alike::Diverged(format!("changed places with {name}, which had its answer by then"))
            }
        }
    };
    let may_lack = |of: Of, item: &Item<Exchange<'_>>| {
        let Exchange { asker, page, span_ms, .. } = &item.content;
        *asker == Asker::Page && leaving.is_on_its_way(of, page.as_deref(), span_ms.0)
    };
    report_with(Channel::Network, &left, &right, compare, order, may_lack)
}

/// Whether the answer to a request came clearly before that to another one beside it in the record, and clearly after it in the replay.
fn overtook(
    (recorded, replayed): ((f64, f64), (f64, f64)),
    (beside, beside_now): ((f64, f64), (f64, f64)),
) -> bool {
    let asked_by_then = beside.0 <= recorded.1 && replayed.0 <= beside_now.1;
    // As differences, since what is open on both sides ends at the same unreachable moment.
    asked_by_then && beside.1 - recorded.1 >= CLEARLY_MS && replayed.1 - beside_now.1 >= CLEARLY_MS
}

fn items<'r>(side: &Side<'r>, anew: &HashSet<String>) -> Vec<Item<Exchange<'r>>> {
    let mut found: Vec<Item<Exchange<'r>>> = Vec::new();
    let mut open: HashMap<String, usize> = HashMap::new();
    for event in side.all() {
        match event.kind {
            Kind::NetworkRequest => {
                let Ok(request) = event.payload.read::<NetworkRequest>("network.request") else {
                    continue;
                };
                if is_icon(&request) {
                    continue;
                }
                open.insert(request.request_id.clone(), found.len());
                let is_anew = anew.contains(&request.request_id);
                found.push(begun(event, request, side.run.beside, is_anew));
            }
            Kind::NetworkResponse => {
                let Ok(response) = event.payload.read::<NetworkResponse>("network.response") else {
                    continue;
                };
                if let Some(at) = open.get(&response.request_id) {
                    let Item { content: exchange, known_ms, .. } = &mut found[*at];
                    exchange.span_ms.1 = exchange.span_ms.0 + response.duration_ms.max(0.0);
                    // A stream is told line by line; when the page had enough of it says nothing.
                    if response.chunks.is_none() {
                        *known_ms = exchange.span_ms.1;
                    }
                    exchange.outcome = Outcome::Response(Box::new(response));
                }
            }
            Kind::NetworkFailed => {
                let Ok(failed) = event.payload.read::<NetworkFailed>("network.failed") else {
                    continue;
                };
                if let Some(at) = open.get(&failed.request_id) {
                    let Item { content: exchange, known_ms, .. } = &mut found[*at];
                    exchange.span_ms.1 = event.ts.as_ms();
                    // Whether the page gives up in time depends on the machine.
                    if failed.error == NetworkFailed::UNDER_WAY {
                        continue;
                    }
                    let canceled = failed.canceled == Some(true);
                    if canceled && matches!(exchange.outcome, Outcome::Response(_)) {
                        exchange.is_left = true;
                        continue;
                    }
                    *known_ms = exchange.span_ms.1;
                    let error = if canceled { "canceled".to_owned() } else { failed.error };
                    exchange.outcome = Outcome::Failed(error);
                }
            }
            _ => {}
        }
    }
    found.sort_by(|a, b| a.content.span_ms.0.total_cmp(&b.content.span_ms.0));
    found
}

fn begun<'r>(
    event: &Event,
    request: NetworkRequest,
    beside: &'r dyn Beside,
    is_anew: bool,
) -> Item<Exchange<'r>> {
    let NetworkRequest { method, url, headers, body, resource_type, .. } = request;
    let bytes = body.as_ref().and_then(|content| beside.recorded(content)).unwrap_or_default();
    let name = format!("{method} {}", address_shape(&url));
    let ts_ms = event.ts.as_ms();
    Item {
        key: name.clone(),
        name,
        seq: event.seq.get(),
        known_ms: ts_ms,
        content: Exchange {
            beside,
            span_ms: (ts_ms, f64::MAX),
            request: Shape::of(&method, &url, &headers, &bytes).into_fields(),
            outcome: Outcome::Open,
            is_left: false,
            is_anew,
            asker: Asker::of(event, &resource_type),
            page: text(event, "page"),
        },
    }
}

fn outcomes(one: &Exchange<'_>, other: &Exchange<'_>, clocks: &Clocks) -> Alike {
    match (&one.outcome, &other.outcome) {
        (Outcome::Open, Outcome::Open) => Alike::Identical,
        (Outcome::Failed(a), Outcome::Failed(b)) => texts("failure", a, b),
        (Outcome::Response(a), Outcome::Response(b)) => {
            let is_left = one.is_left || other.is_left;
            let (left, right) = ((one.beside, a.as_ref()), (other.beside, b.as_ref()));
            let so_far = if is_left && a.status == b.status { so_far(left, right) } else { None };
            if let Some(alike) = so_far {
                let also = one.is_left == other.is_left;
                return alike
                    .and(|| if also { Alike::Identical } else { Alike::Equivalent })
                    .and(|| headers(&a.headers, &b.headers));
            }
            answers(left, right, clocks)
        }
        // A test that does not wait for an answer ends before it or after it, as the machine has it.
        (Outcome::Open, Outcome::Response(_)) if is_cut_off(one, other) => Alike::Equivalent,
        (Outcome::Response(_), Outcome::Open) if is_cut_off(other, one) => Alike::Equivalent,
        (then, now) => Alike::Diverged(format!("{}, recorded {}", told(now), told(then))),
    }
}

/// Whether the end of the test left a request no more time than its answer took on the other side.
fn is_cut_off(open: &Exchange<'_>, answered: &Exchange<'_>) -> bool {
    let span = |it: &Exchange<'_>| it.span_ms.1 - it.span_ms.0;
    span(open) <= span(answered) + CLEARLY_MS
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Open => "not answered".to_owned(),
        Outcome::Failed(error) => format!("failed with `{error}`"),
        Outcome::Response(response) => format!("answered {}", response.status),
    }
}

fn answers(
    (left, a): (&dyn Beside, &NetworkResponse),
    (right, b): (&dyn Beside, &NetworkResponse),
    clocks: &Clocks,
) -> Alike {
    if a.status != b.status {
        return Alike::Diverged(format!("answered {}, recorded {}", b.status, a.status));
    }
    bodies((left, a), (right, b), clocks).and(|| headers(&a.headers, &b.headers))
}

/// Two bodies as far as both came; none when they are not alike so far.
fn so_far(
    (left, a): (&dyn Beside, &NetworkResponse),
    (right, b): (&dyn Beside, &NetworkResponse),
) -> Option<Alike> {
    let one = left.recorded(a.body.as_ref()?)?;
    let other = right.recorded(b.body.as_ref()?)?;
    let begins = one.starts_with(&other) || other.starts_with(&one);
    begins.then(|| if one == other { Alike::Identical } else { Alike::Equivalent })
}

fn headers(a: &Headers, b: &Headers) -> Alike {
    let of = |headers: &Headers| -> Vec<(String, String)> {
        let kept = headers.iter().filter(|(name, _)| !OF_THE_WIRE.contains(&name.as_str()));
        let mut kept: Vec<_> = kept.cloned().collect();
        kept.sort();
        kept
    };
    if of(a) == of(b) {
        return Alike::Identical;
    }
    let value = |headers: &Headers, name: &str| {
        let mut found = headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let meant = MEANT.iter().map(|name| texts(name, &value(a, name), &value(b, name)));
    let worst = meant.fold(Alike::Identical, |found, alike| found.and(|| alike));
    // Dates, cookies and ids of requests differ in every run.
    worst.and(|| Alike::Equivalent)
}

fn bodies(
    (left, a): (&dyn Beside, &NetworkResponse),
    (right, b): (&dyn Beside, &NetworkResponse),
    clocks: &Clocks,
) -> Alike {
    let (one, other) = match (&a.body, &b.body) {
        (Some(one), Some(other)) => (one, other),
        (None, None) if a.body_missing.is_none() && b.body_missing.is_none() => {
            return Alike::Identical;
        }
        // A gap in a record says nothing about the answer, so it is neither the same nor another one.
        (Some(_), None) if b.body_missing.is_some() => return Alike::Equivalent,
        (None, Some(_)) if a.body_missing.is_some() => return Alike::Equivalent,
        (None, None) => return Alike::Equivalent,
        (Some(_), None) => return Alike::Diverged("answered without a body, recorded one".into()),
        (None, Some(_)) => return Alike::Diverged("answered with a body, recorded none".into()),
    };
    contents("body", (left, one), (right, other), clocks)
}

/// Two payloads: by their bytes, then by the values in them.
pub(super) fn contents(
    what: &str,
    (left, a): (&dyn Beside, &Content),
    (right, b): (&dyn Beside, &Content),
    clocks: &Clocks,
) -> Alike {
    let id = |content: &Content| {
        content.blob_id().or_else(|| content.inline_bytes().map(|bytes| BlobId::of(&bytes)))
    };
    let (ids, cut) = ((id(a), id(b)), (a.truncated, b.truncated));
    if ids.0.is_some() && ids.0 == ids.1 && cut == (None, None) {
        return Alike::Identical;
    }
    let (Some(one), Some(other)) = (left.recorded(a), right.recorded(b)) else {
        return Alike::Diverged(format!("{what} differs; its bytes are not in the store"));
    };
    if one == other {
        // Of what was cut off nothing is known.
        return if cut == (None, None) { Alike::Identical } else { Alike::Equivalent };
    }
    let fields = |content: &Content, bytes: &[u8]| Field::of_body(&content.media_type, bytes);
    let (a, b) = (fields(a, &one), fields(b, &other));
    let is_opaque = |fields: &[Field]| matches!(fields, [one] if one.name == "#bytes");
    match (std::str::from_utf8(&one), std::str::from_utf8(&other)) {
        (Ok(one), Ok(other)) if is_opaque(&a) && is_opaque(&b) => texts(what, one, other),
        _ => clocks.fields(what, &a, &b).and(|| Alike::Equivalent),
    }
}
