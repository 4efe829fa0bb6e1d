//! The code out of a container image: created, copied, removed, and never started.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::Stage;
use crate::child::{self, Tail};
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::home::Container;
use crate::image::Image;
use crate::pipeline::Action;
use crate::tree::{self, Listing, git};

/// Lines of the engine's that a message quotes.
const QUOTED_LINES: usize = 8;
const ANSWER: &str = "engine.answer";
const ARCHIVE: &str = "context.tar";

impl Stage<'_> {
    /// Fills the copy out of an image.
    pub(super) async fn image(
        &mut self,
        (listing, image): (&Listing, &Image),
        replay_id: &str,
    ) -> Result<()> {
        let reference = &image.reference;
        self.tell(
            Action::Code,
            format!("files of the image `{reference}`, by `{}`", image.engine.display()),
        )?;
        let folder = match self.asked(image, image.inspect()).await {
            Ok(folder) => folder,
            Err(_) if image.commit.is_some() => self.build(listing, image).await?,
            // What is not here is fetched by the engine when the container is made.
            Err(_) => String::new(),
        };
        let container = format!("molar-replay-{replay_id}");
        // The container stands in the manifest before the engine hears of it.
        let opened = Container { engine: image.engine.clone(), name: container.clone() };
        self.manifest.container = Some(opened);
        self.manifest.write(&self.dir.path)?;
        let no_code = |error: RunnerError| {
            RunnerError::blocked(
                Code::NoCode,
                format!("the image `{reference}` cannot be had: {}", error.told()),
            )
        };
        self.asked(image, image.create(&container)).await.map_err(no_code)?;
        let folder = match (&image.folder, folder.is_empty()) {
            (Some(folder), _) => folder.clone(),
            (None, false) => folder,
            (None, true) => self.asked(image, image.inspect()).await.map_err(no_code)?,
        };
        if folder.trim_matches('/').is_empty() {
            let message = format!(
                "the image `{reference}` names no folder that it works in; name the one that has the code by --image-folder"
            );
            return Err(RunnerError::blocked(Code::NoCode, message));
        }
        let root = tree::place(&self.dir.path);
        std::fs::create_dir_all(&root).map_err(RunnerError::at("create directory", &root))?;
        self.asked(image, Image::copy(&container, &folder, &root)).await?;
        self.asked(image, Image::remove(&container)).await?;
        self.manifest.container = None;
        self.manifest.write(&self.dir.path)?;
        self.tree = Some(tree::of_image(listing, &root)?);
        Ok(())
    }

    /// Builds the image of a commit, from what git has and not from what lies there; gives the folder that it works in.
    async fn build(&mut self, listing: &Listing, image: &Image) -> Result<String> {
        let Some(commit) = &image.commit else { return Ok(String::new()) };
        self.tell(Action::Code, format!("building `{}` from commit {commit}", image.reference))?;
        let archive = self.dir.path.join(ARCHIVE);
        let mut git = git::command(&listing.root);
        git.args(["archive", "--format=tar", "--output"]).arg(&archive).arg(commit);
        git.stdout(Stdio::null()).stderr(child::log(&self.dir.path)?);
        self.succeed(git.into(), "git archive").await?;
        let file = std::fs::File::open(&archive).map_err(RunnerError::at("open", &archive))?;
        let log = child::log(&self.dir.path)?;
        let copy = log.try_clone().map_err(RunnerError::at("write", &self.dir.path))?;
        let mut command = Command::new(&image.engine);
        command.args(image.build()).stdin(file).stdout(copy).stderr(log);
        self.succeed(command, &format!("{} build", image.engine.display())).await?;
        self.asked(image, image.inspect()).await
    }

    /// The line that the engine answers.
    async fn asked(&mut self, image: &Image, args: Vec<String>) -> Result<String> {
        let answer = self.dir.path.join(ANSWER);
        let file = std::fs::File::create(&answer).map_err(RunnerError::at("create", &answer))?;
        let mut command = Command::new(&image.engine);
        let what =
            format!("{} {}", image.engine.display(), args.first().map_or("", String::as_str));
        command.args(args).stdin(Stdio::null()).stdout(file).stderr(child::log(&self.dir.path)?);
        self.succeed(command, &what).await?;
        let told = std::fs::read_to_string(&answer).map_err(RunnerError::at("read", &answer))?;
        Ok(told.trim().to_owned())
    }

    async fn succeed(&mut self, command: Command, what: &str) -> Result<()> {
        let status = self.run(command, &mut Tail::new(Path::new(""))).await?;
        if status.success() {
            return Ok(());
        }
        let said = child::last_lines(&self.dir.path.join(child::LOG), QUOTED_LINES);
        Err(RunnerError::blocked(Code::BuildFailed, format!("`{what}` {status}: {said}")))
    }
}
