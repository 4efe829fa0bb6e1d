//! The clones of a replay.

use super::Stage;
use crate::clones::{self, CloneError, Target, World};
use crate::error::{Result, RunnerError};
use crate::home::{CloneRun, ReplayDir, write_private};
use crate::order;
use crate::pipeline::{Action, Pipeline};

impl Stage<'_> {
    /// Runs of clones stand in the manifest before the first of them is written to.
    pub(super) async fn restore(&mut self, targets: &[Target], pipeline: &Pipeline) -> Result<()> {
        if pipeline.is_on_record {
            self.env.extend(clones::recorded_env(&pipeline.plan.clone_places));
        }
        if targets.is_empty() {
            return self.tell(Action::Clones, "none");
        }
        if self.world.is_none() {
            let world = World::meet(targets, &pipeline.replay_id).await.map_err(not_restored)?;
            let run = |target: &Target| CloneRun {
                clone: target.clone.clone(),
                admin: target.admin.clone(),
                run: target.target_run.clone(),
            };
            self.manifest.clone_runs = targets.iter().map(run).collect();
            self.manifest.write(&self.dir.path)?;
            self.env.extend(clones::child_env(targets));
            self.world = Some(world);
        }
        for warning in self.restore_world().await? {
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
        Ok(())
    }

    /// Puts every clone back, under a key that no earlier restoring had. Gives what the clones warn of.
    pub(super) async fn restore_world(&mut self) -> Result<Vec<String>> {
        let Some(world) = &self.world else { return Ok(Vec::new()) };
        self.restored += 1;
        world.restore(self.restored).await.map_err(not_restored)
    }

    pub(super) async fn set_clocks(&mut self) -> Result<()> {
        let Some(world) = &self.world else { return Ok(()) };
        let set = world.set_clocks().await.map_err(not_restored)?;
        let message = set.map_or_else(
            || "each clone keeps the clock of its snapshot".to_owned(),
            |ms| format!("every clone stands at {ms} ms"),
        );
        self.tell(Action::Clock, message)
    }
}

/// Puts the clones back once more and says so: the application called them while its server was brought to step N.
pub(super) async fn put_back(
    world: Option<&World>,
    restored: &mut u32,
    dir: &ReplayDir,
) -> Result<()> {
    if let Some(world) = world {
        *restored += 1;
        world.restore(*restored).await.map_err(not_restored)?;
        world.set_clocks().await.map_err(not_restored)?;
    }
    write_private(&dir.path.join(order::CLONES_RESTORED), b"")
}

/// Clones that could not be restored stay paused, and Playwright is not started.
fn not_restored(error: CloneError) -> RunnerError {
    RunnerError::blocked_by(error.code(), "the clones are not where the record left them", error)
}
