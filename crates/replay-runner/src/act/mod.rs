//! Acting a decided replay out: one deed after the other, each told and timed. What is opened stands in the manifest, and is closed by
//! the caller, whether this returned, failed or was dropped half way.

mod browser;
mod code;
mod image;
mod look;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Map, Value};
use tokio::process::{Child, Command};
use tokio::task::{JoinHandle, JoinSet};

use crate::args::Wanted;
use crate::cdp::RelayDoor;
use crate::child::{self, Tail};
use crate::clones::World;
use crate::edits::Patch;
use crate::error::{Result, RunnerError};
use crate::home::{Manifest, ReplayDir, process};
use crate::order::{self, Order};
use crate::out::Teller;
use crate::outcome::State;
use crate::pipeline::{Action, Deed, Pipeline, RNG_SEED};
use crate::progress::Progress;
use crate::source::Source;
use crate::stay::Stay;
use crate::tree::Tree;

/// A replay under way.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) source: &'a Source,
    pub(crate) dir: &'a ReplayDir,
    pub(crate) teller: Teller,
    /// What becomes of it at step N and at its end.
    pub(crate) stay: &'a Stay,
    /// What is open.
    pub(crate) manifest: Manifest,
    /// The program that runs now, so that it is not left a zombie.
    pub(crate) child: Option<Child>,
    /// What the worker told.
    pub(crate) told: Vec<Progress>,
    /// How Playwright ended.
    pub(crate) status: Option<ExitStatus>,
    /// Traces that lay in the child's root before.
    pub(crate) before: Vec<PathBuf>,
    /// Milliseconds of each action.
    pub(crate) timings: Map<String, Value>,
    /// Variables of the child, later ones over earlier ones.
    env: BTreeMap<String, String>,
    world: Option<World>,
    tree: Option<Tree>,
    order: Option<Order>,
    work: Work,
    /// Patches in the copy, in the order in which they were applied.
    applied: Vec<Patch>,
    guest: Option<PathBuf>,
    /// Where the worker of a kept browser comes to.
    door: Option<RelayDoor>,
    /// Whether the edits of the command line stand in the copy.
    is_edited: bool,
    /// How often the clones have been restored: each time under a key of its own.
    restored: u32,
}

/// What blocks a thread, such as copying. It ends before anything is closed, or it would go on writing into what is being removed.
#[derive(Debug, Default)]
struct Work {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(
        wanted: &'a Wanted,
        source: &'a Source,
        dir: &'a ReplayDir,
        teller: Teller,
        stay: &'a Stay,
    ) -> Self {
        let manifest = Manifest { order: dir.path.join(order::FILE), ..Manifest::default() };
        Self {
            wanted,
            source,
            dir,
            teller,
            stay,
            manifest,
            child: None,
            told: Vec::new(),
            status: None,
            before: Vec::new(),
            timings: Map::new(),
            env: BTreeMap::new(),
            world: None,
            tree: None,
            order: None,
            work: Work::default(),
            applied: Vec::new(),
            guest: None,
            door: None,
            is_edited: false,
            restored: 0,
        }
    }

    /// Acts every deed out.
    pub(crate) async fn act(&mut self, pipeline: &Pipeline) -> Result<()> {
        self.manifest.write(&self.dir.path)?;
        for deed in &pipeline.deeds {
            self.timed(deed, pipeline).await?;
        }
        Ok(())
    }

    /// Builds and carries the test out once more in what has been prepared; clones begin anew.
    pub(crate) async fn act_again(&mut self, pipeline: &Pipeline) -> Result<()> {
        self.told.clear();
        self.status = None;
        self.timings.clear();
        for deed in &pipeline.deeds {
            let is_kept = matches!(deed, Deed::Source { .. } | Deed::Code(_) | Deed::Seed { .. });
            if !is_kept {
                self.timed(deed, pipeline).await?;
            }
        }
        Ok(())
    }

    async fn timed(&mut self, deed: &Deed, pipeline: &Pipeline) -> Result<()> {
        let begin = Instant::now();
        let done = self.one(deed, pipeline).await;
        let took = begin.elapsed().as_secs_f64() * 1000.0;
        self.timings.insert(deed.action().name().to_owned(), Value::from(took.round()));
        done
    }

    async fn one(&mut self, deed: &Deed, pipeline: &Pipeline) -> Result<()> {
        match deed {
            Deed::Source { directory, .. } => self.teller.opened(&pipeline.plan, directory, ""),
            Deed::Code(listing) => self.code(listing, &pipeline.replay_id).await,
            Deed::Edits(changes) => self.edit(changes).await,
            Deed::Clones { targets } => self.restore(targets, pipeline).await,
            Deed::Clock { .. } => self.set_clocks().await,
            Deed::Seed { rng_seed } => {
                let Some(seed) = rng_seed else {
                    return self.tell(deed.action(), "the record names no seed");
                };
                self.env.insert(RNG_SEED.to_owned(), seed.clone());
                self.tell(deed.action(), "seeded as recorded")
            }
            Deed::Network { .. } => self.answer_from_record(deed, pipeline),
            Deed::Browser { strategy, guest } => {
                self.choose_guest(*strategy, guest.as_deref()).await
            }
            Deed::Start(playwright) => self.start(&playwright.args, pipeline),
            Deed::Stream { .. } => self.stream(pipeline).await,
        }
    }

    pub(crate) fn tell(&self, action: Action, message: impl Into<String>) -> Result<()> {
        self.teller.progress(&Progress::of(State::Restoring, action, message))
    }

    fn user_env(&self) -> impl Iterator<Item = (&String, &String)> {
        let pairs = self.wanted.surroundings.env.iter().chain(&self.wanted.edits.set_env);
        pairs.map(|(name, value)| (name, value))
    }

    /// Runs a program to its end; while it runs it stands where the closing finds it.
    async fn run(&mut self, command: Command, tail: &mut Tail) -> Result<ExitStatus> {
        let child = child::start(command, self.dir, &mut self.manifest)?;
        self.follow(child, tail).await
    }

    async fn follow(&mut self, child: Child, tail: &mut Tail) -> Result<ExitStatus> {
        let (teller, told, stay) = (self.teller, &mut self.told, self.stay);
        let (asks, mut asked) = tokio::sync::mpsc::unbounded_channel();
        let (world, restored, dir) = (self.world.as_ref(), &mut self.restored, self.dir);
        let (options, door) = (self.source.options(self.wanted), &mut self.door);
        let (stand, mut standing) = tokio::sync::mpsc::unbounded_channel();
        let mut looks = JoinSet::new();
        let status = {
            let following = child::follow(self.child.insert(child), tail, |line| {
                teller.progress(&line)?;
                stay.heard(&line);
                if let Some(door) = door.take_if(|_| line.state == State::Held) {
                    let _sent = stand.send(door);
                }
                if line.detail.as_ref().is_some_and(|detail| detail["awaits"] == "clones") {
                    // The other end lives as long as this does.
                    let _sent = asks.send(());
                }
                told.push(line);
                Ok(())
            });
            let mut following = std::pin::pin!(following);
            loop {
                tokio::select! {
                    status = &mut following => break status?,
                    Some(()) = asked.recv() => world::put_back(world, restored, dir).await?,
                    Some(door) = standing.recv() => drop(looks.spawn(look::look(options.clone(), door))),
                    Some(seen) = looks.join_next() => look::tell(teller, seen)?,
                }
            }
        };
        self.child = None;
        Ok(status)
    }

    /// Does what blocks a thread, so that the time limit and a request to end are heard meanwhile.
    async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&AtomicBool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let stop = Arc::clone(&self.work.stop);
        let (tell, told) = tokio::sync::oneshot::channel();
        self.work.thread = Some(tokio::task::spawn_blocking(move || drop(tell.send(work(&stop)))));
        told.await.map_err(|_| RunnerError::Output(std::io::Error::other("a thread has ended")))?
    }

    /// Ends the processes of a run, so that its trace is whole before it is read.
    pub(crate) async fn end_processes(&mut self) {
        let Self { manifest, child, .. } = self;
        let reap = || drop(child.as_mut().map(Child::try_wait));
        for pid in process::end(manifest.group.as_ref(), &manifest.order, reap).await {
            crate::out::note(&format!("process {pid} does not end"));
        }
        self.child = None;
    }

    /// Ends what still blocks a thread after a replay was cancelled.
    pub(crate) async fn end_work(&mut self) {
        self.work.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.work.thread.take() {
            // Its result was for the replay that has ended.
            drop(thread.await);
        }
    }
}
