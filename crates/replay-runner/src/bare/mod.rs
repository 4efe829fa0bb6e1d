//! A browser at step N from the trace alone: no suite, no Node, no Playwright. Chromium is started without a network, put back to the end
//! of step N-1, and every request is answered by the record or aborted.

mod answers;
mod driver;
mod launch;
mod restore;
mod state;

use std::io::BufRead as _;
use std::time::Duration;

use serde_json::json;
use tokio::process::Child;
use tokio::sync::mpsc::UnboundedReceiver;
use trace_core::edge::replay::ReplaySource;

use self::answers::Answers;
use self::driver::Driver;
use crate::args::Wanted;
use crate::cdp::{CdpError, CdpTransport as _, Chromiumoxide};
use crate::codes::Code;
use crate::commands::signals::Signals;
use crate::error::{Result, RunnerError};
use crate::home::{self, Manifest, ReplayDir};
use crate::order;
use crate::out::{self, Teller};
use crate::outcome::State;
use crate::pipeline::Action;
use crate::progress::Progress;
use crate::source::Source;
use crate::stands;
use crate::stdin;

/// A browser that is kept, and what it is kept for.
#[derive(Debug)]
pub(crate) struct Bare<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) source: &'a Source,
    pub(crate) dir: &'a ReplayDir,
    pub(crate) teller: Teller,
    pub(crate) headless: bool,
}

/// Brings a browser to step N and keeps it until it is let go. Whatever came of it, it is closed.
pub(crate) async fn stay(bare: &Bare<'_>, signals: &mut Signals) -> Result<()> {
    let mut manifest = Manifest { order: bare.dir.path.join(order::FILE), ..Manifest::default() };
    manifest.write(&bare.dir.path)?;
    let (mut chromium, mut came_there) = (None, false);
    let done = tokio::select! {
        done = bare.stand(&mut manifest, &mut chromium, &mut came_there) => done,
        asked = signals.asked_to_end() => asked.map_err(Into::into).and_then(|by| {
            let message = format!("the replay was cancelled: it was stopped by {by}");
            Err(RunnerError::blocked(Code::Cancelled, message))
        }),
    };
    let reap = || drop(chromium.as_mut().map(Child::try_wait));
    for problem in home::close(&manifest, reap).await {
        out::note(&problem);
        // The manifest stays, and the next start tries again.
        bare.dir.keep();
    }
    // Who ends a browser that stands has it ended in order.
    if came_there { Ok(()) } else { done }
}

impl Bare<'_> {
    async fn stand(
        &self,
        manifest: &mut Manifest,
        chromium: &mut Option<Child>,
        came_there: &mut bool,
    ) -> Result<()> {
        let limit = Duration::from_secs(self.wanted.manner.timeout);
        let (driver, mut missed) = tokio::time::timeout(limit, self.arrive(manifest, chromium))
            .await
            .map_err(|_| {
                let message = format!("the replay was cancelled: it did not come to step {} within {} s; give it more with --timeout", self.wanted.from_step, limit.as_secs());
                RunnerError::blocked(Code::Cancelled, message)
            })??;
        *came_there = true;
        self.keep(&driver, &mut missed).await?;
        driver.browser.close().await;
        Ok(())
    }

    /// The browser at step N.
    async fn arrive(
        &self,
        manifest: &mut Manifest,
        chromium: &mut Option<Child>,
    ) -> Result<(Driver<Chromiumoxide>, UnboundedReceiver<String>)> {
        let opened = self.open().await?;
        let contexts = self.read_state(&opened)?;
        let recorded = stands::recorded(&opened);
        let child = chromium.insert(launch::start(self.dir, manifest, self.headless)?);
        let address = launch::address(self.dir, child).await?;
        let browser = Chromiumoxide::connect(&address.websocket).await.map_err(lost)?;
        let (driver, missed) = Driver::begin(browser, Answers::new(opened)).await.map_err(lost)?;
        let blank = driver.begun_with().await.map_err(lost)?;
        let gone = if contexts.is_empty() {
            let urls: Vec<String> = recorded.pages.iter().map(|page| page.url.clone()).collect();
            restore::addresses(&driver, &urls).await
        } else {
            restore::contexts(&driver, &contexts).await
        };
        for words in gone.map_err(lost)? {
            self.tell(State::Restoring, None, format!("not as it was: {words}"))?;
        }
        // The page that a browser begins with stands for nothing that was recorded.
        if driver.targets().await.map_err(lost)?.len() > blank.len() {
            for target in blank {
                driver.close_page(&target).await.map_err(lost)?;
            }
        }
        driver.answers().arrive();
        let near = stands::near(&*driver.browser, &recorded).await.map_err(lost)?;
        let mut line = Progress::of(State::Ready, Action::Browser, near.message);
        line.code = near.code.map(|code| code.to_string());
        line.detail = Some(json!({ "near": near.detail }));
        self.teller.progress(&line)?;
        let launch::Address { cdp, websocket } = address;
        let mut line = Progress::of(
            State::Held,
            Action::Browser,
            format!(
                "the browser stands at step {}, on the record alone; attach at {cdp} (chromium.connectOverCDP, or chrome://inspect). A line on standard input, Ctrl-C or closing its pages ends it",
                self.wanted.from_step
            ),
        );
        line.step = Some(self.wanted.from_step);
        line.detail = Some(json!({ "cdp": cdp, "websocket": websocket }));
        self.teller.progress(&line)?;
        Ok((driver, missed))
    }

    /// The record, opened on a thread of its own because that reads and unseals all of it.
    async fn open(&self) -> Result<ReplaySource> {
        let options = self.source.options(self.wanted);
        let opened = tokio::task::spawn_blocking(move || ReplaySource::open(&options)).await;
        let opened = opened.map_err(std::io::Error::from)?;
        let opened = opened.map_err(|error| {
            let message =
                format!("`{}` cannot be read as a trace: {error}", self.source.dir.display());
            RunnerError::usage(message)
        })?;
        self.teller.opened(opened.plan(), &self.source.dir, ", without its suite")?;
        Ok(opened)
    }

    /// The contexts as they were; none where the record does not give them, which is said.
    fn read_state(&self, opened: &ReplaySource) -> Result<Vec<state::Context>> {
        let recorded = opened.state();
        let mut contexts = state::contexts(&recorded);
        contexts.retain(|context| !context.pages.is_empty() || !context.cookies.is_empty());
        let is_sealed = !opened.plan().browser.contexts.is_empty() && contexts.is_empty();
        if contexts.is_empty() {
            let (code, why) = if is_sealed {
                (
                    Code::NoSecrets,
                    "cookies, storages and fields are in the trace's vault, which does not open here: give its key with --vault-key",
                )
            } else {
                (Code::NoSnapshot, "the record has no state of the browser before this step")
            };
            self.tell(
                State::Restoring,
                Some(code),
                format!("{why}; the last address is opened on the record alone"),
            )?;
            return Ok(contexts);
        }
        for reason in recorded.reasons {
            self.tell(State::Restoring, None, format!("not as it was: {reason}"))?;
        }
        Ok(contexts)
    }

    /// Tells what is missed until nobody needs the browser any more.
    async fn keep(
        &self,
        driver: &Driver<Chromiumoxide>,
        missed: &mut UnboundedReceiver<String>,
    ) -> Result<()> {
        let mut line = std::pin::pin!(a_line(!self.wanted.manner.end_with_stdin));
        let mut left = std::pin::pin!(driver.left());
        loop {
            tokio::select! {
                () = &mut line => return Ok(()),
                () = &mut left => return Ok(()),
                Some(words) = missed.recv() => {
                    let mut line = Progress::of(State::Ready, Action::Network, words);
                    line.code = Some(Code::NetworkMiss.to_string());
                    self.teller.progress(&line)?;
                }
            }
        }
    }

    fn tell(&self, state: State, code: Option<Code>, message: String) -> Result<()> {
        let mut line = Progress::of(state, Action::Browser, message);
        line.code = code.map(|code| code.to_string());
        self.teller.progress(&line)
    }
}

/// Resolves with a line on standard input. The end of the input does not end it: whoever closes it at once, as a service does, wants a
/// browser; and where its end ends it, somebody else reads it.
async fn a_line(is_ours: bool) {
    let (tell, told) = tokio::sync::oneshot::channel();
    if is_ours {
        // A read cannot be given up, so its thread ends with the process.
        std::thread::spawn(move || {
            let mut line = String::new();
            if stdin::lines().read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                let _sent = tell.send(());
            }
        });
        if told.await.is_ok() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn lost(error: CdpError) -> RunnerError {
    RunnerError::blocked_by(
        Code::BrowserMissing,
        "the browser cannot be brought to the step",
        error,
    )
}
