//! What stands in a browser at step N beside what the record says of that moment.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use trace_core::Kind;
use trace_core::edge::replay::ReplaySource;

use crate::cdp::{CdpError, CdpTransport};
use crate::codes::Code;

/// More words than these help nobody.
const MOST_NAMED: usize = 3;
const SETTLING: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(100);

/// A page, as the record or the browser has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) url: String,
    /// None where the record cannot say, for want of the vault's key.
    pub(crate) title: Option<String>,
}

/// One side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stands {
    pub(crate) pages: Vec<Page>,
    /// Major release of Chromium; none where nothing says it.
    pub(crate) chromium: Option<u32>,
}

/// How near both are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Near {
    pub(crate) message: String,
    pub(crate) code: Option<Code>,
    pub(crate) detail: Value,
}

/// What the record says of the end of step N-1: its documents, or where those cannot be read the last ones that were asked for.
pub(crate) fn recorded(source: &ReplaySource) -> Stands {
    let mut documents: BTreeMap<(String, String), (u64, Page)> = BTreeMap::new();
    for (context, parts) in source.state().contexts {
        for (name, value) in parts {
            let Some((page, frame)) = name.strip_prefix("document ").map(page_and_frame) else {
                continue;
            };
            let text = |name: &str| value[name].as_str().map(str::to_owned);
            let Some(url) = text("url") else { continue };
            let found = (frame, Page { url, title: text("title") });
            let known = documents.entry((context.clone(), page)).or_insert_with(|| found.clone());
            // A page's own document has the lowest number.
            if frame < known.0 {
                *known = found;
            }
        }
    }
    let mut pages: Vec<Page> = documents.into_values().map(|(_, page)| page).collect();
    if pages.is_empty() {
        pages = asked_for(source);
    }
    Stands { pages, chromium: agent(source) }
}

/// `p1f2` is the second frame of the first page.
fn page_and_frame(name: &str) -> (String, u64) {
    let (page, frame) = name.rsplit_once('f').unwrap_or((name, "0"));
    (page.to_owned(), frame.parse().unwrap_or(0))
}

/// The last document of each page's own frame before the step.
fn asked_for(source: &ReplaySource) -> Vec<Page> {
    let before = source.plan().step.ts_ms;
    let mut pages: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let requests = source.events().iter().filter(|it| it.kind == Kind::NetworkRequest);
    for event in requests.filter(|it| it.ts.as_ms() < before) {
        let text = |name: &str| Some(event.payload.field(name)?.as_str()?.to_owned());
        let (Some(page), Some(url)) = (text("page"), text("url")) else { continue };
        if text("resource_type").as_deref() != Some("document") {
            continue;
        }
        let frame = text("frame").map_or(0, |frame| page_and_frame(&frame).1);
        let known = pages.entry(page).or_insert_with(|| (frame, url.clone()));
        if frame <= known.0 {
            *known = (frame, url);
        }
    }
    pages.into_values().map(|(_, url)| Page { url, title: None }).collect()
}

/// Chromium's release out of what it said of itself to servers.
fn agent(source: &ReplaySource) -> Option<u32> {
    let mut requests = source.events().iter().filter(|it| it.kind == Kind::NetworkRequest);
    requests.find_map(|event| {
        let headers = event.payload.field("headers")?;
        let is_agent = |pair: &&Value| {
            pair[0].as_str().is_some_and(|name| name.eq_ignore_ascii_case("user-agent"))
        };
        major(headers.as_array()?.iter().find(is_agent)?[1].as_str()?)
    })
}

/// The number behind `Chrome/` or `HeadlessChrome/`.
fn major(product: &str) -> Option<u32> {
    let (_, version) = product.split_once("Chrome/")?;
    version.split('.').next()?.parse().ok()
}

/// Lays what stands in a browser beside the record. A page's new title reaches the browser a moment after the page has it, so what differs
/// is looked at again for a while.
pub(crate) async fn near(browser: &impl CdpTransport, recorded: &Stands) -> Result<Near, CdpError> {
    let until = tokio::time::Instant::now() + SETTLING;
    loop {
        let near = compare(recorded, &look(browser).await?);
        let is_there = near.detail["differ"].as_array().is_none_or(Vec::is_empty);
        if is_there || tokio::time::Instant::now() >= until {
            return Ok(near);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Asks a browser what stands in it.
async fn look(browser: &impl CdpTransport) -> Result<Stands, CdpError> {
    let version = browser.send("Browser.getVersion", json!({}), None).await?;
    let targets = browser.send("Target.getTargets", json!({}), None).await?;
    let targets = targets["targetInfos"].as_array().cloned().unwrap_or_default();
    let text = |target: &Value, name: &str| target[name].as_str().unwrap_or_default().to_owned();
    let pages = targets
        .iter()
        .filter(|target| target["type"] == "page")
        .map(|target| Page { url: text(target, "url"), title: Some(text(target, "title")) });
    let chromium = version["product"].as_str().and_then(major);
    Ok(Stands { pages: pages.collect(), chromium })
}

/// Lays both beside each other. The origin does not count, since an application may stand elsewhere than when it was recorded.
fn compare(recorded: &Stands, standing: &Stands) -> Near {
    let mut left: Vec<&Page> = standing.pages.iter().collect();
    let mut take = |fits: &dyn Fn(&Page) -> bool| {
        left.iter().position(|page| fits(page)).map(|at| left.remove(at))
    };
    // What stands as recorded is paired first, so that one page too many is told of no other.
    let exact: Vec<Option<&Page>> = recorded
        .pages
        .iter()
        .map(|page| take(&|other| rest(&other.url) == rest(&page.url) && has_title(page, other)))
        .collect();
    let mut differ = Vec::new();
    for (page, found) in recorded.pages.iter().zip(&exact) {
        if found.is_none() {
            let other =
                take(&|other| rest(&other.url) == rest(&page.url)).or_else(|| take(&|_| true));
            differ.push(differences(page, other));
        }
    }
    // A browser is opened with a page that nobody asked for.
    let more = left
        .iter()
        .filter(|page| page.url != "about:blank")
        .map(|page| format!("a page at {} is not in the record", shown(&page.url)));
    differ.extend(more);
    told(recorded, standing, &differ)
}

fn told(recorded: &Stands, standing: &Stands, differ: &[String]) -> Near {
    let is_skewed = match (recorded.chromium, standing.chromium) {
        (Some(then), Some(now)) => then != now,
        _ => false,
    };
    let number =
        |major: Option<u32>| major.map_or("of an unknown release".to_owned(), |it| it.to_string());
    let browser = if is_skewed {
        format!("Chromium {}, recorded {}", number(standing.chromium), number(recorded.chromium))
    } else {
        format!("Chromium {}", number(standing.chromium))
    };
    let pages = match (recorded.pages.len(), differ) {
        (0, _) => "the record says nothing of its pages".to_owned(),
        (1, []) => "its page stands as recorded".to_owned(),
        (n, []) => format!("its {n} pages stand as recorded"),
        (_, [first @ .., _]) if first.len() >= MOST_NAMED => {
            let rest = differ.len() - MOST_NAMED;
            format!("otherwise than recorded: {}, and {rest} more", differ[..MOST_NAMED].join("; "))
        }
        (_, all) => format!("otherwise than recorded: {}", all.join("; ")),
    };
    Near {
        message: format!("{browser}; {pages}"),
        code: is_skewed.then_some(Code::BrowserVersionSkew),
        detail: json!({
            "as_recorded": differ.is_empty() && !recorded.pages.is_empty() && !is_skewed,
            "pages": standing.pages.len(),
            "recorded_pages": recorded.pages.len(),
            "chromium": standing.chromium,
            "recorded_chromium": recorded.chromium,
            "differ": differ,
        }),
    }
}

fn differences(page: &Page, other: Option<&Page>) -> String {
    let Some(other) = other else {
        return format!("the page at {} is missing", shown(&page.url));
    };
    let mut words = Vec::new();
    if rest(&other.url) != rest(&page.url) {
        let (now, then) = (shown(&other.url), shown(&page.url));
        let place = if now == then { "with another query".to_owned() } else { format!("at {now}") };
        words.push(format!("the page of {then} is {place}"));
    }
    if !has_title(page, other) {
        let title = |page: &Page| page.title.clone().unwrap_or_default();
        words.push(format!("its title is `{}`, recorded `{}`", title(other), title(page)));
    }
    words.join(", ")
}

fn has_title(recorded: &Page, standing: &Page) -> bool {
    recorded.title.is_none() || recorded.title == standing.title
}

/// What follows the origin.
fn rest(url: &str) -> &str {
    let Some((_, address)) = url.split_once("://") else { return url };
    address.find(['/', '?', '#']).map_or("", |at| &address[at..])
}

/// An address as it may be printed: its query may hold a token that was put back.
fn shown(url: &str) -> String {
    let end = url.find(['?', '#']);
    end.map_or_else(|| url.to_owned(), |end| format!("{}?…", &url[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(pages: &[(&str, &str)], chromium: u32) -> Stands {
        let page = |(url, title): &(&str, &str)| Page {
            url: (*url).to_owned(),
            title: Some((*title).to_owned()),
        };
        Stands { pages: pages.iter().map(page).collect(), chromium: Some(chromium) }
    }

    fn check(recorded: &Stands, standing: &Stands, message: &str, code: Option<Code>) {
        let near = compare(recorded, standing);
        assert_eq!((near.message.as_str(), near.code), (message, code));
        let as_recorded = message.contains("as recorded") && code.is_none();
        assert_eq!(near.detail["as_recorded"], as_recorded, "{}", near.detail);
    }

    #[test]
    fn only_what_differs_is_named() {
        let shop = ("http://127.0.0.1:1/cart?t=1", "Cart");
        let help = ("http://127.0.0.1:1/help", "Help");
        let one = side(&[shop], 156);
        let elsewhere = ("http://localhost:2/cart?t=1", "Cart");
        let blank = ("about:blank", "");
        check(
            &one,
            &side(&[blank, elsewhere], 156),
            "Chromium 156; its page stands as recorded",
            None,
        );
        check(
            &side(&[shop, help], 156),
            &side(&[help, elsewhere], 156),
            "Chromium 156; its 2 pages stand as recorded",
            None,
        );
        check(
            &one,
            &side(&[("http://localhost:2/cart?t=2", "Sign in")], 156),
            "Chromium 156; otherwise than recorded: the page of http://127.0.0.1:1/cart?… is at http://localhost:2/cart?…, its title is `Sign in`, recorded `Cart`",
            None,
        );
        check(
            &one,
            &side(&[shop, help], 157),
            "Chromium 157, recorded 156; otherwise than recorded: a page at http://127.0.0.1:1/help is not in the record",
            Some(Code::BrowserVersionSkew),
        );
        check(
            &one,
            &side(&[], 156),
            "Chromium 156; otherwise than recorded: the page at http://127.0.0.1:1/cart?… is missing",
            None,
        );
        check(&Stands::default(), &one, "Chromium 156; the record says nothing of its pages", None);
        let untitled =
            Stands { pages: vec![Page { url: shop.0.into(), title: None }], chromium: None };
        check(&untitled, &one, "Chromium 156; its page stands as recorded", None);
    }

    #[test]
    fn a_release_is_read_out_of_what_browsers_call_themselves() {
        let check = |product: &str, expect| assert_eq!(major(product), expect, "{product}");
        check("HeadlessChrome/156.0.8078.79", Some(156));
        check(
            "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.0.0 Safari",
            Some(99),
        );
        check("Mozilla/5.0 Firefox/140.0", None);
    }
}
