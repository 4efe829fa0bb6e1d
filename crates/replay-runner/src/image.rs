//! The code of a container image: decided here, taken out by `act/image.rs`. The container is created and never started, so nothing of
//! the image runs until Playwright does, from the copy.
//!
//! Every word is an argument of its own and never part of a shell's text; what could be taken for an option is refused.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::args::Wanted;
use crate::child;
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::tree::{self, Listing};

const ENGINES: &[&str] = &["docker", "podman"];
const RECIPE: &str = "Dockerfile";
/// Stands for the recorded commit in `--image`.
const SHA: &str = "{sha}";

/// An image that has the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Image {
    /// The program that has it.
    pub(crate) engine: PathBuf,
    /// Its name.
    pub(crate) reference: String,
    /// The commit that it is built from where there is none of that name; none of an image that was named.
    pub(crate) commit: Option<String>,
    /// The folder in it; none for the one that it works in.
    pub(crate) folder: Option<String>,
}

/// Decides which image. Errors name what to do.
pub(crate) fn decide(wanted: &Wanted, recorded: Option<&str>, listing: &Listing) -> Result<Image> {
    let engine = engine(wanted.engine.as_deref())?;
    let sha = || {
        recorded.filter(|sha| tree::is_digest(sha)).ok_or_else(|| {
            no_code("the trace names no commit that it was recorded at (`run.start.code_sha`); name an image without {sha} by --image")
        })
    };
    let folder = wanted.image_folder.clone();
    if let Some(folder) = folder.as_deref().filter(|it| !it.starts_with('/') || !is_word(it)) {
        return Err(RunnerError::usage(format!(
            "`{folder}` is no folder in an image; write it as /app"
        )));
    }
    if let Some(named) = &wanted.image {
        let reference =
            if named.contains(SHA) { named.replace(SHA, sha()?) } else { named.clone() };
        if !is_word(&reference) {
            return Err(RunnerError::usage(format!(
                "`{reference}` is no name of an image; write it as registry/name:{SHA}"
            )));
        }
        return Ok(Image { engine, reference, commit: None, folder });
    }
    let sha = sha()?;
    let commit = tree::commit_of(&listing.root, sha).ok_or_else(|| {
        no_code(&format!("commit {sha}, which the trace was recorded at, is not in `{}`: fetch it with `git fetch origin {sha}`, or name an image by --image", listing.root.display()))
    })?;
    if !tree::has(&listing.root, &commit, RECIPE) {
        return Err(no_code(&format!(
            "commit {commit} has no `{RECIPE}` at its root to build an image from; name one by --image"
        )));
    }
    let reference = format!("molar-replay:{commit}");
    Ok(Image { engine, reference, commit: Some(commit), folder })
}

/// The engine that is named, else the first that is installed.
fn engine(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(named) = named {
        let is_path = named.components().count() > 1;
        let found = if is_path { Some(named.to_owned()) } else { child::on_path(named) };
        return found.filter(|it| it.is_file()).ok_or_else(|| {
            no_code(&format!("there is no container engine `{}`", named.display()))
        });
    }
    let found = ENGINES.iter().find_map(child::on_path);
    found.ok_or_else(|| {
        no_code("there is no container engine: neither `docker` nor `podman` is on PATH; install one, name one by --engine, or replay the commit with --code sha")
    })
}

/// Whether a text is one argument and no option.
fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn no_code(what: &str) -> RunnerError {
    RunnerError::blocked(Code::NoCode, what)
}

/// The arguments of each call of the engine.
impl Image {
    /// Says the folder that the image works in, where it is there.
    pub(crate) fn inspect(&self) -> Vec<String> {
        words(&["image", "inspect", "--format", "{{.Config.WorkingDir}}", &self.reference])
    }

    /// Builds it from an archive on standard input.
    pub(crate) fn build(&self) -> Vec<String> {
        words(&["build", "--tag", &self.reference, "-"])
    }

    /// Makes a container that nobody starts. Its command is of no use and has to be there.
    pub(crate) fn create(&self, container: &str) -> Vec<String> {
        words(&["create", "--name", container, "--network", "none", &self.reference, "true"])
    }

    /// Takes a folder's files out.
    pub(crate) fn copy(container: &str, folder: &str, to: &Path) -> Vec<String> {
        let from = format!("{container}:{}/.", folder.trim_end_matches('/'));
        words(&["cp", &from, &to.to_string_lossy()])
    }

    /// Succeeds where the container is there.
    pub(crate) fn look(container: &str) -> Vec<String> {
        words(&["container", "inspect", container])
    }

    /// Removes the container.
    pub(crate) fn remove(container: &str) -> Vec<String> {
        words(&["rm", "--force", "--volumes", container])
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_an_option_is_no_word() {
        let check = |text, expect| assert_eq!(is_word(text), expect, "{text}");
        check("registry.example/shop:1", true);
        check("shop@sha256:ab", true);
        check("--privileged", false);
        check("-", false);
        check("shop latest", false);
        check("shop\n", false);
        check("", false);
    }
}
