//! The code of a replay: its copy, the edits in it, and what the build makes of them.

use std::path::Path;

use super::Stage;
use crate::child::{self, Tail};
use crate::codes::Code;
use crate::edits::{self, Patch, Way};
use crate::error::{Result, RunnerError};
use crate::home::Worktree;
use crate::pipeline::{Action, Changes};
use crate::tree::{self, Listing, Tree, git};

/// Lines of git's that a message quotes.
const QUOTED_LINES: usize = 5;

impl Stage<'_> {
    /// Makes the copy; a worktree stands in the manifest before git hears of it.
    pub(super) async fn code(&mut self, listing: &Listing, replay_id: &str) -> Result<()> {
        if let Some(image) = &listing.image {
            return self.image((listing, image), replay_id).await;
        }
        let (n, from) = (listing.files.len(), listing.root.display());
        let how = match &listing.commit {
            Some(commit) if listing.is_checkout => {
                format!("git worktree of commit {commit} of `{from}`, {n} files")
            }
            Some(_) => format!("git worktree of `{from}`, {n} files"),
            None => format!("copy of `{from}`, {n} files"),
        };
        self.tell(Action::Code, how)?;
        for path in &listing.left_out {
            let message = format!(
                "`{}` is ignored by git and too large to copy, so it is left out",
                path.display()
            );
            self.tell(Action::Code, message)?;
        }
        let root = tree::place(&self.dir.path);
        let above = root.parent().unwrap_or(&root);
        std::fs::create_dir_all(above).map_err(RunnerError::at("create directory", above))?;
        if let Some(commit) = &listing.commit {
            self.manifest.worktree =
                Some(Worktree { repository: listing.root.clone(), path: root.clone() });
            self.manifest.write(&self.dir.path)?;
            let added = self.git(&listing.root, &tree::worktree_args(listing, &root, commit)).await;
            match added {
                Ok(()) if listing.is_checkout => {}
                // Or git would call every file changed, and not those that were.
                Ok(()) => self.git(&root, &["read-tree".to_owned(), "HEAD".to_owned()]).await?,
                Err(RunnerError::Blocked { message, .. }) if !listing.is_checkout => {
                    self.without_git(&root, &message)?;
                }
                Err(error) => return Err(error),
            }
        }
        let listing = listing.clone();
        self.tree = Some(self.blocking(move |stop| tree::fill(&listing, &root, stop)).await?);
        Ok(())
    }

    /// Goes on with a plain copy: a repository that may not be written to takes no worktree, and its files can be replayed all the same.
    fn without_git(&mut self, root: &Path, why: &str) -> Result<()> {
        self.manifest.worktree = None;
        self.manifest.write(&self.dir.path)?;
        std::fs::create_dir_all(root).map_err(RunnerError::at("create directory", root))?;
        self.tell(Action::Code, format!("a plain copy, since git adds no worktree: {why}"))
    }

    /// A program like the others: a checkout of a large repository takes its time.
    async fn git(&mut self, dir: &Path, args: &[String]) -> Result<()> {
        let log = child::log(&self.dir.path)?;
        let mut command = git::command(dir);
        command.args(args).stdout(std::process::Stdio::null()).stderr(log);
        let status = self.run(command.into(), &mut Tail::new(Path::new(""))).await?;
        if status.success() {
            return Ok(());
        }
        let said = child::last_lines(&self.dir.path.join(child::LOG), QUOTED_LINES);
        let message = format!("`git {}` in `{}` {status}: {said}", args.join(" "), dir.display());
        Err(RunnerError::blocked(Code::BuildFailed, message))
    }

    pub(super) fn tree(&self) -> Result<&Tree> {
        self.tree
            .as_ref()
            .ok_or_else(|| RunnerError::blocked(Code::BuildFailed, "there is no code yet"))
    }

    /// Edits go on top of each other: those that stand in the copy are not applied again.
    pub(super) async fn edit(&mut self, changes: &Changes) -> Result<()> {
        if !self.is_edited {
            for patch in &changes.patches {
                self.apply(patch.clone()).await?;
            }
            if !changes.variables.is_empty() {
                self.tell(Action::Edits, format!("changed {}", changes.variables.join(", ")))?;
            }
            self.is_edited = true;
        }
        let Some(build) = &changes.build else { return Ok(()) };
        self.tell(Action::Edits, format!("building with `{build}`"))?;
        let log = child::log(&self.dir.path)?;
        let mut command = edits::build(build, &self.tree()?.suite, &log)?;
        command.envs(self.user_env());
        let status = self.run(command, &mut Tail::new(Path::new(""))).await?;
        if !status.success() {
            let tail = child::last_lines(&self.dir.path.join(child::LOG), edits::TAIL_LINES);
            return Err(edits::build_failed(build, &status.to_string(), &tail));
        }
        Ok(())
    }

    /// Applies one patch to the copy: whole, or not at all.
    pub(crate) async fn apply(&mut self, patch: Patch) -> Result<()> {
        self.patch(patch.clone(), Way::Forward).await?;
        self.tell(Action::Edits, format!("applied `{}`", patch.name))?;
        self.applied.push(patch);
        Ok(())
    }

    /// Takes the last patch back.
    pub(crate) async fn undo(&mut self) -> Result<()> {
        let Some(patch) = self.applied.last().cloned() else {
            return Err(RunnerError::usage("there is no patch to take back"));
        };
        self.patch(patch.clone(), Way::Back).await?;
        self.applied.pop();
        self.tell(Action::Edits, format!("took `{}` back", patch.name))
    }

    async fn patch(&mut self, patch: Patch, way: Way) -> Result<()> {
        let Tree { root, suite } = self.tree()?;
        let (root, suite) = (root.clone(), suite.clone());
        self.blocking(move |_| edits::apply(&patch, &root, &suite, way)).await
    }
}
