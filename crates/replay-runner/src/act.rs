//! Acting a decided replay out: one deed after the other, each told and timed. What is opened stands in the manifest, and is closed by
//! the caller, whether this returned, failed or was dropped half way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use serde_json::{Map, Value};
use tokio::process::{Child, Command};

use crate::args::{Strategy, Wanted};
use crate::child::{self, Tail};
use crate::clones::{self, CloneError, Target, World};
use crate::codes::Code;
use crate::edits;
use crate::error::{Result, RunnerError};
use crate::home::{CloneRun, Manifest, ReplayDir};
use crate::order::{self, Order};
use crate::out::Teller;
use crate::outcome::State;
use crate::pipeline::{Action, Changes, Deed, Pipeline, RNG_SEED};
use crate::progress::Progress;
use crate::source::Source;
use crate::tree::{self, Listing, Tree};

/// A replay under way.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) source: &'a Source,
    pub(crate) dir: &'a ReplayDir,
    pub(crate) teller: Teller,
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
}

impl<'a> Stage<'a> {
    pub(crate) fn new(
        wanted: &'a Wanted,
        source: &'a Source,
        dir: &'a ReplayDir,
        teller: Teller,
    ) -> Self {
        let manifest = Manifest { order: dir.path.join(order::FILE), ..Manifest::default() };
        Self {
            wanted,
            source,
            dir,
            teller,
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
        }
    }

    /// Acts every deed out.
    pub(crate) async fn act(&mut self, pipeline: &Pipeline) -> Result<()> {
        self.manifest.write(&self.dir.path)?;
        for deed in &pipeline.deeds {
            let begin = Instant::now();
            let done = self.one(deed, pipeline).await;
            let took = begin.elapsed().as_secs_f64() * 1000.0;
            self.timings.insert(deed.action().name().to_owned(), Value::from(took.round()));
            done?;
        }
        Ok(())
    }

    async fn one(&mut self, deed: &Deed, pipeline: &Pipeline) -> Result<()> {
        match deed {
            Deed::Source { directory, .. } => {
                let message = format!(
                    "trace {} in `{}`, from step {} \"{}\"",
                    pipeline.plan.trace_id,
                    directory.display(),
                    pipeline.plan.from_step,
                    pipeline.plan.step.title
                );
                self.tell(deed.action(), message)?;
                self.warn(pipeline)
            }
            Deed::Code(listing) => self.code(listing),
            Deed::Edits(changes) => self.edit(changes).await,
            Deed::Clones { targets } => self.restore(targets, &pipeline.replay_id).await,
            Deed::Clock { .. } => self.set_clocks().await,
            Deed::Seed { rng_seed } => {
                let Some(seed) = rng_seed else {
                    return self.tell(deed.action(), "the record names no seed");
                };
                self.env.insert(RNG_SEED.to_owned(), seed.clone());
                self.tell(deed.action(), "seeded as recorded")
            }
            Deed::Network { .. } | Deed::Browser { .. } => self.prepare(deed, pipeline),
            Deed::Start(playwright) => self.start(&playwright.args, pipeline),
            Deed::Stream { .. } => self.stream(pipeline).await,
        }
    }

    fn tell(&self, action: Action, message: impl Into<String>) -> Result<()> {
        self.teller.progress(&Progress::of(State::Restoring, action, message))
    }

    fn code(&mut self, listing: &Listing) -> Result<()> {
        let how = if listing.commit.is_some() { "git worktree" } else { "copy" };
        self.tell(
            Action::Code,
            format!("{how} of `{}`, {} files", listing.root.display(), listing.files.len()),
        )?;
        for path in &listing.left_out {
            self.tell(
                Action::Code,
                format!(
                    "`{}` is ignored by git and too large to copy, so it is left out",
                    path.display()
                ),
            )?;
        }
        self.tree = Some(tree::make(listing, self.dir, &mut self.manifest)?);
        Ok(())
    }

    fn tree(&self) -> Result<&Tree> {
        self.tree
            .as_ref()
            .ok_or_else(|| RunnerError::blocked(Code::BuildFailed, "there is no code yet"))
    }

    async fn edit(&mut self, changes: &Changes) -> Result<()> {
        for patch in &changes.patches {
            let tree = self.tree()?;
            edits::apply(patch, &tree.root, &tree.suite, false)?;
            self.tell(Action::Edits, format!("applied `{}`", patch.name))?;
        }
        if !changes.variables.is_empty() {
            self.tell(Action::Edits, format!("changed {}", changes.variables.join(", ")))?;
        }
        let Some(build) = &changes.build else { return Ok(()) };
        self.tell(Action::Edits, format!("building with `{build}`"))?;
        let log = child::log(&self.dir.path)?;
        let mut command = edits::build(build, &self.tree()?.suite, &log)?;
        command.envs(self.user_env());
        let mut unheard = Tail::new(Path::new(""));
        let status = self.run(command, &mut unheard).await?;
        if !status.success() {
            let tail = child::last_lines(&self.dir.path.join(child::LOG), edits::TAIL_LINES);
            return Err(edits::build_failed(build, &status.to_string(), &tail));
        }
        Ok(())
    }

    /// Runs a program to its end; while it runs it stands where the closing finds it.
    async fn run(&mut self, command: Command, tail: &mut Tail) -> Result<ExitStatus> {
        let child = child::start(command, self.dir, &mut self.manifest)?;
        self.follow(child, tail).await
    }

    async fn follow(&mut self, child: Child, tail: &mut Tail) -> Result<ExitStatus> {
        let child = self.child.insert(child);
        let (teller, told) = (self.teller, &mut self.told);
        let status = child::follow(child, tail, |line| {
            teller.progress(&line)?;
            told.push(line);
            Ok(())
        })
        .await?;
        self.child = None;
        Ok(status)
    }

    /// What the record will lack.
    fn warn(&self, pipeline: &Pipeline) -> Result<()> {
        pipeline.plan.warnings.iter().try_for_each(|warning| {
            let mut line = Progress::of(State::Restoring, Action::Source, &warning.message);
            line.code = Some(warning.code.clone());
            self.teller.progress(&line)
        })
    }

    /// Runs of clones stand in the manifest before the first of them is written to.
    async fn restore(&mut self, targets: &[Target], replay_id: &str) -> Result<()> {
        if targets.is_empty() {
            return self.tell(Action::Clones, "none");
        }
        let world = World::meet(targets, replay_id).await.map_err(not_restored)?;
        let run = |target: &Target| CloneRun {
            clone: target.clone.clone(),
            admin: target.admin.clone(),
            run: target.target_run.clone(),
        };
        self.manifest.clone_runs = targets.iter().map(run).collect();
        self.manifest.write(&self.dir.path)?;
        for warning in world.restore(1).await.map_err(not_restored)? {
            self.tell(Action::Clones, warning)?;
        }
        for target in targets {
            let mut message = format!("{} restored into run `{}`", target.clone, target.target_run);
            if target.url.is_none() {
                message +=
                    "; nothing says where the app reaches it, so its variable is not changed";
            }
            self.tell(Action::Clones, message)?;
        }
        self.env.extend(clones::child_env(targets));
        self.world = Some(world);
        Ok(())
    }

    async fn set_clocks(&mut self) -> Result<()> {
        let Some(world) = &self.world else { return Ok(()) };
        let set = world.set_clocks().await.map_err(not_restored)?;
        let message = set.map_or_else(
            || "each clone keeps the clock of its snapshot".to_owned(),
            |ms| format!("every clone stands at {ms} ms"),
        );
        self.tell(Action::Clock, message)
    }

    /// The order grows by what each of these deeds decides, and is written by the last one.
    fn prepare(&mut self, deed: &Deed, pipeline: &Pipeline) -> Result<()> {
        match deed {
            Deed::Network { app_mode, app_origins, passthrough, vault_key } => {
                self.order = Some(Order {
                    version: 1,
                    replay_id: pipeline.replay_id.clone(),
                    trace: self.source.dir.clone(),
                    blobs: self.source.store.clone(),
                    from_step: pipeline.plan.from_step,
                    strategy: self.wanted.manner.strategy,
                    app_mode: *app_mode,
                    vault_key: vault_key.clone(),
                    passthrough: passthrough.clone(),
                    app_origins: app_origins.clone(),
                    guest: PathBuf::new(),
                    progress: self.dir.path.join(order::PROGRESS),
                    hold: false,
                });
                let key = if vault_key.is_some() { "with" } else { "without" };
                self.tell(deed.action(), format!("answered from the record, {key} the vault's key"))
            }
            Deed::Browser { strategy, guest } => {
                let guest = child::guest(guest.as_deref(), &self.tree()?.suite)?;
                let message = format!("{strategy:?} by `{}`", guest.display());
                if let Some(order) = &mut self.order {
                    order.guest = guest;
                    order.write(&self.dir.path)?;
                }
                self.tell(deed.action(), message)
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, args: &[String], pipeline: &Pipeline) -> Result<()> {
        let Tree { root, suite } = self.tree()?;
        let (program, suite) = (child::installed(suite, root)?, suite.clone());
        let root = pipeline.child_root().to_owned();
        std::fs::create_dir_all(&root).map_err(RunnerError::at("create directory", &root))?;
        self.before = trace_core::edge::trace_dirs(&root);
        let log = child::log(&self.dir.path)?;
        let copies = || log.try_clone().map_err(RunnerError::at("write", &self.dir.path));
        let mut command = Command::new(program);
        command.args(args).current_dir(&suite).stdin(Stdio::null());
        command.stdout(copies()?).stderr(copies()?);
        // A report that is served would never end.
        command.env("PLAYWRIGHT_HTML_OPEN", "never").env("MOLAR_TRACE_DIR", &root);
        command.envs(&self.env).envs(self.user_env());
        self.child = Some(child::start(command, self.dir, &mut self.manifest)?);
        let line =
            Progress::of(State::Skipping, Action::Start, format!("playwright {}", args.join(" ")));
        self.teller.progress(&line)
    }

    fn user_env(&self) -> impl Iterator<Item = (&String, &String)> {
        let pairs = self.wanted.surroundings.env.iter().chain(&self.wanted.edits.set_env);
        pairs.map(|(name, value)| (name, value))
    }

    async fn stream(&mut self, pipeline: &Pipeline) -> Result<()> {
        let mut tail = Tail::new(&self.dir.path.join(order::PROGRESS));
        self.watch(&mut tail).await?;
        if self.wants_fast_forward() {
            self.again(pipeline).await?;
            self.watch(&mut tail).await?;
        }
        Ok(())
    }

    /// Playwright, to its end.
    async fn watch(&mut self, tail: &mut Tail) -> Result<()> {
        let Some(child) = self.child.take() else { return Ok(()) };
        self.status = Some(self.follow(child, tail).await?);
        Ok(())
    }

    /// Under `auto` the worker says so when the browser could not be put back faithfully.
    fn wants_fast_forward(&self) -> bool {
        let is_auto = self.wanted.manner.strategy == Strategy::Auto;
        let last = self.told.last().and_then(|line| line.detail.as_ref());
        is_auto && last.is_some_and(|detail| detail["fallback"] == "fast-forward")
    }

    /// Begins anew by fast-forward. What the first child did to the clones is undone; its trace stays and is not the replay's.
    async fn again(&mut self, pipeline: &Pipeline) -> Result<()> {
        self.told.clear();
        let Some(order) = &mut self.order else { return Ok(()) };
        order.strategy = Strategy::FastForward;
        order.rewrite(&self.dir.path)?;
        if let Some(world) = &self.world {
            world.restore(2).await.map_err(not_restored)?;
            self.set_clocks().await?;
        }
        let start = pipeline.deeds.iter().find_map(|deed| match deed {
            Deed::Start(playwright) => Some(&playwright.args),
            _ => None,
        });
        start.map_or(Ok(()), |args| self.start(args, pipeline))
    }
}

/// Clones that could not be restored stay paused, and Playwright is not started.
fn not_restored(error: CloneError) -> RunnerError {
    RunnerError::blocked_by(error.code(), "the clones are not where the record left them", error)
}
