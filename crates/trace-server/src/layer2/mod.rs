//! A worker that carries replays out: claim, run `replay-runner`, tell, take its trace over, again.
//!
//! It is a process of its own beside the server, because it runs code: the suite's, the application's and the edits of requests. What
//! it runs comes from its own configuration; of a trace it takes nothing but the recorded answers, and of a request the patches,
//! which the runner applies in a copy.

mod command;
mod hide;
mod lend;
mod one;
mod process;
mod scratch;
mod take;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::catalog::{ClaimedReplay, Offer, WorkerRow};
use crate::config::Config;
use crate::error::AppError;
use crate::replays;

pub use scratch::Scratch;

/// A worker's process: its rows and bytes are the server's, its scratch is its own.
#[derive(Debug)]
pub struct Worker {
    app: Arc<App>,
    scratch: Scratch,
    name: String,
}

impl Worker {
    /// Opens the catalog and the store of a server's data directory.
    pub async fn open(mut config: Config, clock: crate::clock::Clock) -> anyhow::Result<Self> {
        anyhow::ensure!(
            !config.layer2.suites.is_empty(),
            "this worker has nothing to replay; name suites in the section `[[layer2.suites]]` of the file given with --config"
        );
        for suite in &config.layer2.suites {
            let dir = suite.dir();
            anyhow::ensure!(
                dir.is_dir(),
                "suite `{}`: there is no folder `{}`",
                suite.name,
                dir.display()
            );
        }
        let home = config.layer2.home.clone();
        let home = home.unwrap_or_else(|| config.storage.data_dir.join("layer2"));
        let scratch = Scratch::open(&home)?;
        config.storage.staging = Some(scratch.staging());
        let app = App::open(config, clock).await?;
        let name = format!("{}/{}", std::process::id(), scratch.name());
        Ok(Self { app, scratch, name })
    }

    /// What it shares with its tests.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// What it says of itself when it is ready.
    pub fn told(&self) -> serde_json::Value {
        let suites: Vec<&str> =
            self.app.config.layer2.suites.iter().map(|suite| suite.name.as_str()).collect();
        serde_json::json!({ "worker": self.name, "role": "layer2", "suites": suites })
    }

    /// Works until `app.shutdown` is cancelled; what it has in hands by then is put back.
    pub async fn run(self) -> anyhow::Result<()> {
        let (app, name) = (Arc::clone(&self.app), self.name.clone());
        self.meet().await;
        let (worker, tasks) = (Arc::new(self), TaskTracker::new());
        for _ in 0..app.config.layer2.slots.max(1) {
            tasks.spawn(work(Arc::clone(&worker)));
        }
        tasks.spawn(stay_known(Arc::clone(&worker)));
        tasks.close();
        tasks.wait().await;
        if let Err(error) = app.catalog.forget_worker(&name).await {
            tracing::warn!(%error, "the worker could not say goodbye");
        }
        app.catalog.close().await;
        Ok(())
    }

    async fn meet(&self) {
        let offers = self.app.config.layer2.suites.iter().map(|suite| Offer {
            org: suite.org.to_string(),
            suite: suite.name.clone(),
            projects: suite.projects.clone(),
        });
        let row = WorkerRow {
            worker: self.name.clone(),
            offers: offers.collect(),
            seen_ms: self.app.clock.now_ms(),
        };
        if let Err(error) = self.app.catalog.meet_worker(&row).await {
            tracing::warn!(%error, "the worker could not tell that it is there");
        }
    }

    /// Takes the oldest waiting replay that one of its suites fits.
    async fn claim(&self) -> Result<Option<ClaimedReplay>, AppError> {
        let app = &self.app;
        replays::sweep(app).await?;
        for open in app.catalog.open_replays().await? {
            if self.fitting(&open.org, &open.project, open.suite.as_deref()).next().is_none() {
                continue;
            }
            let (now, lease) = (app.clock.now_ms(), app.config.layer2.lease_ms);
            if let Some(claimed) = app.catalog.claim_replay(&open, &self.name, now, lease).await? {
                return Ok(Some(claimed));
            }
        }
        Ok(None)
    }

    fn fitting<'a>(
        &'a self,
        org: &'a crate::org::OrgScope,
        project: &'a str,
        suite: Option<&'a str>,
    ) -> impl Iterator<Item = &'a crate::config::SuiteConfig> {
        self.app.config.layer2.suites.iter().filter(move |it| {
            it.org == *org
                && suite.is_none_or(|name| name == it.name)
                && (it.projects.is_empty() || it.projects.iter().any(|name| name == project))
        })
    }
}

/// One pair of hands.
async fn work(worker: Arc<Worker>) {
    let app = &worker.app;
    let pause = Duration::from_millis(app.config.layer2.poll_ms);
    while !app.shutdown.is_cancelled() {
        match worker.claim().await {
            Ok(Some(claimed)) => {
                one::carry_out(&worker, &claimed).await;
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(?error, "the queue of replays failed; it is asked again"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
}

/// Tells again and again that the worker is there.
async fn stay_known(worker: Arc<Worker>) {
    let pause = Duration::from_millis((worker.app.config.layer2.lease_ms / 3).min(15_000));
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => worker.meet().await,
            () = worker.app.shutdown.cancelled() => return,
        }
    }
}
