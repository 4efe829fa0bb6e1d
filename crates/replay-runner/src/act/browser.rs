//! The test of a replay: what its worker is told, Playwright's start, and the way to its end.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::Stage;
use crate::args::Strategy;
use crate::cdp::RelayDoor;
use crate::child::{self, Tail};
use crate::clones;
use crate::error::{Result, RunnerError};
use crate::order::{self, Edited, Hold, Order};
use crate::outcome::State;
use crate::pipeline::{Action, Deed, Pipeline};
use crate::progress::Progress;
use crate::tree::Tree;

/// Where Node keeps what it has compiled, from 22.1 on. Loading Playwright's command took 0.46 s of a processor with it and 0.49 without,
/// its worker's part 0.31 and 0.39 (medians of three in turns, the first of which had to fill it; Node 22.23, a busy machine).
const COMPILE_CACHE: &str = "NODE_COMPILE_CACHE";

impl Stage<'_> {
    /// The order grows by what this deed and the next decide, and is written by the next.
    pub(super) fn answer_from_record(&mut self, deed: &Deed, pipeline: &Pipeline) -> Result<()> {
        let Deed::Network { app_mode, app_origins, passthrough, vault_key } = deed else {
            return Ok(());
        };
        // A replay that falls back to another strategy keeps its door until a browser stands.
        if self.stay.browser().is_some() && self.door.is_none() {
            self.door = Some(RelayDoor::open()?);
        }
        self.order = Some(Order {
            version: 1,
            replay_id: pipeline.replay_id.clone(),
            trace: self.source.dir.clone(),
            blobs: self.source.store.clone(),
            from_step: pipeline.plan.from_step,
            strategy: self.wanted.manner.strategy,
            app_mode: *app_mode,
            is_on_record: pipeline.is_on_record,
            vault_key: vault_key.clone(),
            passthrough: passthrough.clone(),
            app_origins: app_origins.clone(),
            guest: PathBuf::new(),
            progress: self.dir.path.join(order::PROGRESS),
            has_clones: self.world.is_some(),
            server_fast_forward: self.wanted.manner.server_fast_forward,
            clones_restored: self
                .world
                .as_ref()
                .filter(|_| self.wanted.manner.server_fast_forward)
                .map(|_| self.dir.path.join(order::CLONES_RESTORED)),
            edits: self.applied.iter().map(Edited::of).collect(),
            hold: self.stay.browser().map(|held| Hold {
                headless: held.headless,
                release: self.dir.path.join(order::RELEASE),
            }),
            relay: self.door.as_ref().map(|door| door.address().clone()),
        });
        let key = if vault_key.is_some() { "with" } else { "without" };
        self.tell(deed.action(), format!("answered from the record, {key} the vault's key"))
    }

    /// The module that replays inside the worker, as the suite resolves it.
    pub(super) async fn choose_guest(
        &mut self,
        strategy: Strategy,
        chosen: Option<&Path>,
    ) -> Result<()> {
        let guest = match chosen {
            Some(chosen) => chosen.canonicalize().map_err(|error| {
                RunnerError::usage(format!("no guest module `{}`: {error}", chosen.display()))
            })?,
            None => match self.guest.take() {
                Some(known) => known,
                None => self.installed_guest().await?,
            },
        };
        self.guest = Some(guest.clone());
        let message = format!("{strategy:?} by `{}`", guest.display());
        if let Some(order) = &mut self.order {
            order.guest = guest;
            order.write(&self.dir.path)?;
        }
        self.tell(Action::Browser, message)
    }

    async fn installed_guest(&mut self) -> Result<PathBuf> {
        let suite = self.tree()?.suite.clone();
        if let Some(guest) = child::published_guest(&suite) {
            return Ok(guest);
        }
        let answer = self.dir.path.join("guest.path");
        let file = std::fs::File::create(&answer).map_err(RunnerError::at("create", &answer))?;
        let mut node = child::guest_question(&suite);
        node.stdin(Stdio::null()).stdout(file).stderr(Stdio::null());
        let status = self.run(node, &mut Tail::new(Path::new(""))).await?;
        let told = std::fs::read_to_string(&answer).map_err(RunnerError::at("read", &answer))?;
        if status.success() { Ok(told.trim().into()) } else { Err(child::no_guest(&suite)) }
    }

    pub(super) fn start(&mut self, args: &[String], pipeline: &Pipeline) -> Result<()> {
        let Tree { root, suite } = self.tree()?;
        let (program, suite) = (child::installed(suite, root)?, suite.clone());
        let root = pipeline.child_root().to_owned();
        std::fs::create_dir_all(&root).map_err(|error| {
            RunnerError::usage(format!(
                "the replay's trace cannot be written to `{}`: {error}; name another place with --out",
                root.display()
            ))
        })?;
        self.before = trace_core::edge::trace_dirs(&root);
        let log = child::log(&self.dir.path)?;
        let copies = || log.try_clone().map_err(RunnerError::at("write", &self.dir.path));
        let mut command = Command::new(program);
        command.args(args).current_dir(&suite).stdin(Stdio::null());
        command.stdout(copies()?).stderr(copies()?);
        // A report that is served would never end.
        command.env("PLAYWRIGHT_HTML_OPEN", "never").env("MOLAR_TRACE_DIR", &root);
        // Coverage of code that comes from such a cache is less exact, as Node's documentation says.
        if [COMPILE_CACHE, "NODE_V8_COVERAGE"].into_iter().all(|it| std::env::var_os(it).is_none())
        {
            command.env(COMPILE_CACHE, self.dir.compiled());
        }
        if pipeline.is_on_record {
            clones::tokens(&pipeline.plan.clone_places).iter().for_each(|name| {
                command.env_remove(name);
            });
        }
        command.envs(&self.env).envs(self.user_env());
        self.child = Some(child::start(command, self.dir, &mut self.manifest)?);
        let line =
            Progress::of(State::Skipping, Action::Start, format!("playwright {}", args.join(" ")));
        self.teller.progress(&line)
    }

    pub(super) async fn stream(&mut self, pipeline: &Pipeline) -> Result<()> {
        let mut tail = Tail::new(&self.dir.path.join(order::PROGRESS));
        self.watch(&mut tail).await?;
        if self.wants_fast_forward() {
            self.fast_forward(pipeline).await?;
            self.watch(&mut tail).await?;
        }
        Ok(())
    }

    /// Playwright, to its end.
    async fn watch(&mut self, tail: &mut Tail) -> Result<()> {
        let Some(child) = self.child.take() else { return Ok(()) };
        self.forget_restored()?;
        self.status = Some(self.follow(child, tail).await?);
        Ok(())
    }

    /// What an earlier child was told says nothing to the next one.
    fn forget_restored(&self) -> Result<()> {
        let file = self.dir.path.join(order::CLONES_RESTORED);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(RunnerError::at("remove", &file)(error))
            }
            _ => Ok(()),
        }
    }

    /// Under `auto` the worker says so when the browser could not be put back faithfully.
    fn wants_fast_forward(&self) -> bool {
        let is_auto = self.wanted.manner.strategy == Strategy::Auto;
        let last = self.told.last().and_then(|line| line.detail.as_ref());
        is_auto && last.is_some_and(|detail| detail["fallback"] == "fast-forward")
    }

    /// Begins anew by fast-forward. What the first child did to the clones is undone; its trace stays and is not the replay's.
    async fn fast_forward(&mut self, pipeline: &Pipeline) -> Result<()> {
        self.told.clear();
        let Some(order) = &mut self.order else { return Ok(()) };
        order.strategy = Strategy::FastForward;
        order.rewrite(&self.dir.path)?;
        if self.world.is_some() {
            self.restore_world().await?;
            self.set_clocks().await?;
        }
        let start = pipeline.deeds.iter().find_map(|deed| match deed {
            Deed::Start(playwright) => Some(&playwright.args),
            _ => None,
        });
        start.map_or(Ok(()), |args| self.start(args, pipeline))
    }
}
