//! The browser under way: its events answered as they come, its pages driven.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answers::{Answers, Said};
use crate::cdp::{CdpError, CdpEvent, CdpTransport};

/// What runs in pages: one value with the functions of the guest.
const IN_PAGE: &str = include_str!("page.js");
/// Longest a page may take to load what it had.
const LOAD: Duration = Duration::from_secs(20);

/// What the browser has told so far.
#[derive(Debug, Default)]
struct Seen {
    /// How often the document of a session has been loaded.
    loads: HashMap<String, u64>,
    /// Pages that are open.
    pages: BTreeSet<String>,
    is_gone: bool,
}

/// A browser whose requests are answered.
#[derive(Debug)]
pub(super) struct Driver<T> {
    pub(super) browser: Arc<T>,
    answers: Arc<Mutex<Answers>>,
    seen: watch::Receiver<Seen>,
    // Ends with this.
    _listening: JoinSet<()>,
}

/// One page.
#[derive(Debug)]
pub(super) struct Page<'d, T> {
    driver: &'d Driver<T>,
    session: String,
}

impl<T: CdpTransport + 'static> Driver<T> {
    /// From here on no request passes by. Misses come in words.
    pub(super) async fn begin(
        browser: T,
        answers: Answers,
    ) -> Result<(Self, UnboundedReceiver<String>), CdpError> {
        let (browser, answers) = (Arc::new(browser), Arc::new(Mutex::new(answers)));
        let ((tell, seen), (miss, missed)) = (watch::channel(Seen::default()), unbounded_channel());
        let mut listening = JoinSet::new();
        listening.spawn(listen(Arc::clone(&browser), Arc::clone(&answers), tell, miss));
        let everything = json!({ "patterns": [{ "urlPattern": "*" }] });
        browser.send("Fetch.enable", everything, None).await?;
        browser.send("Target.setDiscoverTargets", json!({ "discover": true }), None).await?;
        Ok((Self { browser, answers, seen, _listening: listening }, missed))
    }

    pub(super) fn answers(&self) -> MutexGuard<'_, Answers> {
        locked(&self.answers)
    }

    /// A new page in a context; none is the browser's own.
    pub(super) async fn page(&self, context: Option<&str>) -> Result<Page<'_, T>, CdpError> {
        let mut params = json!({ "url": "about:blank" });
        if let Some(context) = context {
            params["browserContextId"] = context.into();
        }
        let made = self.browser.send("Target.createTarget", params, None).await?;
        let target = made["targetId"].as_str().unwrap_or_default().to_owned();
        self.attach(&target).await
    }

    /// A page that is there.
    async fn attach(&self, target: &str) -> Result<Page<'_, T>, CdpError> {
        let params = json!({ "targetId": target, "flatten": true });
        let attached = self.browser.send("Target.attachToTarget", params, None).await?;
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        let page = Page { driver: self, session };
        page.send("Page.enable", json!({})).await?;
        Ok(page)
    }

    /// The page that the browser begins with, which it has a moment after it can be asked.
    pub(super) async fn begun_with(&self) -> Result<Vec<String>, CdpError> {
        let mut seen = self.seen.clone();
        let begun = seen.wait_for(|seen| seen.is_gone || !seen.pages.is_empty());
        // One that begins without a page has none that is in the way.
        drop(tokio::time::timeout(LOAD, begun).await);
        self.targets().await
    }

    /// Closes a page, and waits until it is gone.
    pub(super) async fn close_page(&self, target: &str) -> Result<(), CdpError> {
        self.browser.send("Target.closeTarget", json!({ "targetId": target }), None).await?;
        let mut seen = self.seen.clone();
        let gone = seen.wait_for(|seen| seen.is_gone || !seen.pages.contains(target));
        // One that asks whether it may be left stays.
        drop(tokio::time::timeout(LOAD, gone).await);
        Ok(())
    }

    /// The pages that are open.
    pub(super) async fn targets(&self) -> Result<Vec<String>, CdpError> {
        let told = self.browser.send("Target.getTargets", json!({}), None).await?;
        let targets = told["targetInfos"].as_array().into_iter().flatten();
        let pages = targets.filter(|target| target["type"] == "page");
        Ok(pages.filter_map(|page| page["targetId"].as_str().map(str::to_owned)).collect())
    }

    /// Resolves when the last page is closed, or the browser is.
    pub(super) async fn left(&self) {
        let mut seen = self.seen.clone();
        // The other end lives in a task of this one.
        drop(seen.wait_for(|seen| seen.is_gone || !seen.pages.is_empty()).await);
        drop(seen.wait_for(|seen| seen.is_gone || seen.pages.is_empty()).await);
    }
}

impl<T: CdpTransport + 'static> Page<'_, T> {
    pub(super) async fn send(&self, method: &str, params: Value) -> Result<Value, CdpError> {
        self.driver.browser.send(method, params, Some(&self.session)).await
    }

    /// Goes to an address, and waits until it has loaded; says what hindered it.
    pub(super) async fn go(&self, url: &str) -> Result<Option<String>, CdpError> {
        let before = self.loads();
        let gone = self.send("Page.navigate", json!({ "url": url })).await?;
        if let Some(error) = gone["errorText"].as_str().filter(|error| !error.is_empty()) {
            return Ok(Some(format!("a page did not load ({error})")));
        }
        // Without one it is another place in the same document.
        if gone.get("loaderId").is_none() {
            return Ok(None);
        }
        Ok(self.loaded(before).await)
    }

    /// Loads the same address anew.
    pub(super) async fn reload(&self) -> Result<Option<String>, CdpError> {
        let before = self.loads();
        self.send("Page.reload", json!({})).await?;
        Ok(self.loaded(before).await)
    }

    fn loads(&self) -> u64 {
        self.driver.seen.borrow().loads.get(&self.session).copied().unwrap_or(0)
    }

    async fn loaded(&self, before: u64) -> Option<String> {
        let mut seen = self.driver.seen.clone();
        let is_loaded = |seen: &Seen| {
            seen.is_gone || seen.loads.get(&self.session).is_some_and(|loads| *loads > before)
        };
        let waited = tokio::time::timeout(LOAD, seen.wait_for(is_loaded)).await;
        let late = || format!("a page did not load within {} s", LOAD.as_secs());
        waited.is_err().then(late)
    }

    /// Calls one of the functions that run in pages.
    pub(super) async fn call(&self, name: &str, argument: &Value) -> Result<Value, CdpError> {
        let expression = call(name, argument);
        let params =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.send("Runtime.evaluate", params).await?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            let words = thrown["exception"]["description"].as_str().or(thrown["text"].as_str());
            let message = words.unwrap_or_default().lines().next().unwrap_or_default().to_owned();
            return Err(CdpError::Refused { method: name.to_owned(), message });
        }
        Ok(answer["result"]["value"].clone())
    }

    /// Whether an expression holds.
    pub(super) async fn holds(&self, expression: &str) -> Result<bool, CdpError> {
        let params = json!({ "expression": expression, "returnByValue": true });
        let answer = self.send("Runtime.evaluate", params).await?;
        Ok(answer["result"]["value"] == true)
    }
}

/// The text that calls one of the functions that run in pages.
pub(super) fn call(name: &str, argument: &Value) -> String {
    format!("({}).{name}({argument})", IN_PAGE.trim_end())
}

async fn listen<T: CdpTransport + 'static>(
    browser: Arc<T>,
    answers: Arc<Mutex<Answers>>,
    tell: watch::Sender<Seen>,
    miss: UnboundedSender<String>,
) {
    let mut answering = JoinSet::new();
    while let Some(CdpEvent { method, params, session }) = browser.event().await {
        // Those that are done.
        while answering.try_join_next().is_some() {}
        match (method.as_str(), session) {
            ("Fetch.requestPaused", None) => {
                let Said { method, params, missed } = locked(&answers).answer(&params);
                // Nobody reads them any more when the replay ends.
                missed.into_iter().for_each(|missed| drop(miss.send(missed)));
                let browser = Arc::clone(&browser);
                // Where the page is gone this fails, and nobody waits for it.
                answering.spawn(async move { drop(browser.send(method, params, None).await) });
            }
            ("Page.loadEventFired", Some(session)) => {
                tell.send_modify(|seen| *seen.loads.entry(session).or_default() += 1);
            }
            ("Target.targetCreated", None) if params["targetInfo"]["type"] == "page" => {
                let target = params["targetInfo"]["targetId"].as_str().unwrap_or_default();
                tell.send_modify(|seen| {
                    seen.pages.insert(target.to_owned());
                });
            }
            ("Target.targetDestroyed", None) => {
                let target = params["targetId"].as_str().unwrap_or_default();
                tell.send_modify(|seen| {
                    seen.pages.remove(target);
                });
            }
            _ => {}
        }
    }
    tell.send_modify(|seen| seen.is_gone = true);
}

fn locked(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}
