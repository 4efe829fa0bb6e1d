//! Patches onto the copy, by `git apply`: whole or not at all.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::patch::Patch;
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::tree::git;

/// Applies a patch below `root`, or only checks that it would apply. Paths that do not lie below `root` are tried below `suite`.
pub(crate) fn apply(patch: &Patch, root: &Path, suite: &Path, only_check: bool) -> Result<()> {
    let base = if fits(patch, root) || !fits(patch, suite) { root } else { suite };
    for file in &patch.files {
        for path in [&file.old, &file.new].into_iter().flatten() {
            if let Some(link) = link_on_the_way(base, path) {
                return Err(failed(
                    patch,
                    &format!("`{}` is a link, which may lead out of the tree", link.display()),
                ));
            }
        }
    }
    let mut command = git::command(base);
    command.arg("apply").arg(format!("-p{}", patch.strip)).arg("--whitespace=nowarn");
    if only_check {
        command.arg("--check");
    }
    // Below a repository's root git would take paths for the root's, and pass over what lies elsewhere.
    let above = base.parent().filter(|_| !base.join(".git").exists());
    command.env("GIT_CEILING_DIRECTORIES", above.unwrap_or(Path::new("")));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let lost = |error: std::io::Error| {
        failed(patch, &format!("git, which applies patches, cannot be used: {error}"))
    };
    let mut child = command.spawn().map_err(lost)?;
    let mut stdin = child.stdin.take();
    let written = stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(&patch.text));
    drop(stdin);
    let told = child.wait_with_output().map_err(lost)?;
    if told.status.success() {
        return written.map_err(lost);
    }
    Err(failed(patch, &explained(patch, &String::from_utf8_lossy(&told.stderr))))
}

/// Every file that has to be there is there.
fn fits(patch: &Patch, base: &Path) -> bool {
    patch.files.iter().filter_map(|file| file.old.as_ref()).all(|path| base.join(path).is_file())
}

fn link_on_the_way(base: &Path, path: &Path) -> Option<std::path::PathBuf> {
    let mut place = base.to_owned();
    path.components().find_map(|part| {
        place.push(part);
        place.is_symlink().then(|| place.clone())
    })
}

/// Git names a hunk by the line of the old file; the one who wrote the patch looks for it in the patch.
fn explained(patch: &Patch, stderr: &str) -> String {
    let named = stderr.lines().find_map(|line| {
        let (file, line) = line.strip_prefix("error: patch failed: ")?.rsplit_once(':')?;
        patch.hunk(file, line.parse().ok()?).map(|hunk| (file.to_owned(), hunk))
    });
    if let Some((file, hunk)) = named {
        return format!(
            "the hunk `{}` (line {} of the patch) does not fit `{file}` as it stands; make the patch anew against your working directory",
            hunk.header, hunk.patch_line
        );
    }
    let said: Vec<&str> = stderr.lines().map(|line| line.trim_start_matches("error: ")).collect();
    said.join("; ")
}

fn failed(patch: &Patch, why: &str) -> RunnerError {
    RunnerError::blocked(Code::PatchFailed, format!("`{}` is not applied: {why}", patch.name))
}
