//! The browser put back to the end of step N-1, in the order of the guest's `restorer.ts`: cookies, storages and the way here over empty
//! documents, and then the application, which finds all of them as they were.

use serde_json::{Value, json};
use std::time::Duration;

use super::driver::{Driver, Page, call};
use super::state::{Context, PageState, is_plain};
use crate::cdp::{CdpError, CdpTransport};
use crate::progress::now_ms;

const STUB_PATH: &str = "/__molar_restore";
/// How long fields are waited for that the application makes after it has loaded.
const FIELDS: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);

type Result<T> = std::result::Result<T, CdpError>;

/// Puts every context back; what could not be had back comes as words.
pub(super) async fn contexts<T: CdpTransport + 'static>(
    driver: &Driver<T>,
    contexts: &[Context],
) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    for (at, context) in contexts.iter().enumerate() {
        lost.extend(context.lost.iter().cloned());
        // The first one is the browser's own, whose windows look like a person's.
        let id = if at == 0 { None } else { Some(new_context(driver).await?) };
        one(driver, context, id.as_deref(), &mut lost).await?;
    }
    Ok(lost)
}

/// Opens addresses on the record alone.
pub(super) async fn addresses<T: CdpTransport + 'static>(
    driver: &Driver<T>,
    urls: &[String],
) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    for url in urls {
        let page = driver.page(None).await?;
        set_clock(driver, &page).await?;
        lost.extend(page.go(url).await?);
    }
    Ok(lost)
}

async fn new_context<T: CdpTransport + 'static>(driver: &Driver<T>) -> Result<String> {
    let made = driver.browser.send("Target.createBrowserContext", json!({}), None).await?;
    Ok(made["browserContextId"].as_str().unwrap_or_default().to_owned())
}

async fn one<T: CdpTransport + 'static>(
    driver: &Driver<T>,
    context: &Context,
    id: Option<&str>,
    lost: &mut Vec<String>,
) -> Result<()> {
    if !context.cookies.is_empty() {
        let cookies: Vec<Value> = context.cookies.iter().map(as_put).collect();
        let mut params = json!({ "cookies": cookies });
        if let Some(id) = id {
            params["browserContextId"] = id.into();
        }
        driver.browser.send("Storage.setCookies", params, None).await?;
    }
    let mut pages = Vec::new();
    for state in context.pages.values() {
        let page = driver.page(id).await?;
        set_clock(driver, &page).await?;
        pages.push((page, state));
    }
    driver.answers().stub(true);
    if let Some((first, _)) = pages.first() {
        lost.extend(storages(first, context).await?);
    }
    for (page, state) in &pages {
        lost.extend(way(page, state).await?);
    }
    driver.answers().stub(false);
    for (page, state) in &pages {
        lost.extend(application(page, state).await?);
    }
    Ok(())
}

/// With all that the browser keeps of a cookie: its partition, its priority, and that scripts cannot read it.
fn as_put(cookie: &Value) -> Value {
    let mut cookie = cookie.clone();
    let lasts = cookie["session"] != true && cookie["expires"].as_f64().is_some_and(|at| at >= 0.0);
    if let Some(fields) = cookie.as_object_mut() {
        for name in ["size", "session"] {
            fields.remove(name);
        }
        if !lasts {
            fields.remove("expires");
        }
    }
    cookie
}

/// The pages' clock shows the moment of step N, in every document from here on.
async fn set_clock<T: CdpTransport + 'static>(
    driver: &Driver<T>,
    page: &Page<'_, T>,
) -> Result<()> {
    let wall_ms = driver.answers().source().plan().wall_ms_at_step;
    if wall_ms == 0 {
        return Ok(());
    }
    let by_ms = i128::from(wall_ms) - i128::from(now_ms());
    let by_ms = i64::try_from(by_ms).unwrap_or(0);
    let source = call("shiftClock", &by_ms.into());
    page.send("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await.map(drop)
}

/// What belongs to origins.
async fn storages<T: CdpTransport + 'static>(
    page: &Page<'_, T>,
    Context { local, databases, .. }: &Context,
) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    let origins: std::collections::BTreeSet<&String> =
        local.keys().chain(databases.keys()).collect();
    for origin in origins {
        lost.extend(page.go(&format!("{origin}{STUB_PATH}")).await?);
        if let Some(pairs) = local.get(origin) {
            let filled =
                page.call("fillStorage", &json!({ "kind": "local", "pairs": pairs })).await;
            lost.extend(not_put(filled, &format!("local storage of {origin}"))?);
        }
        if let Some(dumps) = databases.get(origin) {
            let filled = page.call("restoreDatabases", dumps).await;
            lost.extend(not_put(filled, &format!("databases of {origin}"))?);
        }
    }
    Ok(lost)
}

/// The page's own storage and its way here, still without the application.
async fn way<T: CdpTransport + 'static>(
    page: &Page<'_, T>,
    PageState { session, history, document, .. }: &PageState,
) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    for (origin, pairs) in session {
        lost.extend(page.go(&format!("{origin}{STUB_PATH}")).await?);
        let filled = page.call("fillStorage", &json!({ "kind": "session", "pairs": pairs })).await;
        lost.extend(not_put(filled, &format!("session storage of {origin}"))?);
    }
    let only: Vec<String> = document.iter().filter_map(address).collect();
    let addresses = if history.is_empty() { &only } else { history };
    for (at, url) in addresses.iter().enumerate() {
        lost.extend(page.go(url).await?);
        // The stubs before are no part of the page's way.
        if at == 0 {
            page.send("Page.resetNavigationHistory", json!({})).await?;
        }
    }
    let state = document.as_ref().map(|document| &document["history"]["state"]);
    if let Some(state) = state.filter(|state| !state.is_null()) {
        if is_plain(state) {
            let put = page.call("setHistoryState", state).await;
            lost.extend(not_put(put, "the history's state")?);
        } else {
            lost.push("the history's state".to_owned());
        }
    }
    Ok(lost)
}

/// The application itself, which finds its storage and its place in the history as they were.
async fn application<T: CdpTransport + 'static>(
    page: &Page<'_, T>,
    PageState { document, .. }: &PageState,
) -> Result<Vec<String>> {
    let Some((document, url)) = document.as_ref().and_then(|it| Some((it, address(it)?))) else {
        return Ok(Vec::new());
    };
    if !url.starts_with("http") {
        return Ok(Vec::new());
    }
    let stands_there =
        page.holds(&format!("location.href === {}", Value::from(url.as_str()))).await?;
    let hindered = if stands_there { page.reload().await? } else { page.go(&url).await? };
    let mut lost: Vec<String> = hindered.into_iter().collect();
    fields_appear(page, document).await?;
    let fields = document["fields"].as_array().into_iter().flatten();
    let chosen = fields.filter(|field| field["files"].as_array().is_some_and(|it| !it.is_empty()));
    let named = |field: &Value| field["name"].as_str().or(field["at"].as_str()).map(str::to_owned);
    lost.extend(chosen.filter_map(named).map(|name| format!("the files chosen in {name}")));
    let part: Value = ["fields", "scroll", "open", "name", "focus"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), document.get(name)?.clone())))
        .collect::<serde_json::Map<_, _>>()
        .into();
    match page.call("fillDocument", &part).await {
        Ok(words) => {
            let words = words.as_array().into_iter().flatten();
            lost.extend(words.filter_map(|word| word.as_str().map(str::to_owned)));
        }
        other => lost.extend(not_put(other, "what its fields held")?),
    }
    Ok(lost)
}

fn address(document: &Value) -> Option<String> {
    document["url"].as_str().map(str::to_owned)
}

/// Fields that do not come are named when they are to be filled.
async fn fields_appear<T: CdpTransport + 'static>(
    page: &Page<'_, T>,
    document: &Value,
) -> Result<()> {
    let fields = document["fields"].as_array().into_iter().flatten();
    let paths: Vec<&str> = fields
        .filter_map(|field| field["at"].as_str())
        .filter(|at| !at.contains(" >>> "))
        .collect();
    let expression =
        format!("{}.every((path) => document.querySelector(path) !== null)", json!(paths));
    let until = tokio::time::Instant::now() + FIELDS;
    while !page.holds(&expression).await? && tokio::time::Instant::now() < until {
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

/// What a page could not be given is told; a browser that is gone ends it all.
fn not_put(done: Result<Value>, what: &str) -> Result<Option<String>> {
    match done {
        Ok(_) => Ok(None),
        Err(CdpError::Refused { message, .. }) => Ok(Some(format!("{what} ({message})"))),
        Err(other) => Err(other),
    }
}
