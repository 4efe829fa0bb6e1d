//! Patches onto the copy, by `git apply`: whole or not at all.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::patch::Patch;
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::tree::git;

/// What is done with a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is applied.
    Forward,
    /// It is taken back.
    Back,
    /// It is only tried.
    Check,
    /// Only the taking back is tried.
    CheckBack,
}

/// Applies a patch whose paths are those of `root` or of `suite`.
pub(crate) fn apply(patch: &Patch, root: &Path, suite: &Path, way: Way) -> Result<()> {
    let base =
        if way == Way::Back { base_of_made(patch, root, suite) } else { base(patch, root, suite)? };
    apply_below(patch, base, way)
}

/// The folder that the patch's paths are relative to: `git diff` gives those of the repository, `git diff --relative` and editors those of the suite.
fn base<'p>(patch: &Patch, root: &'p Path, suite: &'p Path) -> Result<&'p Path> {
    if root == suite || !fits(patch, suite) {
        return Ok(root);
    }
    if !fits(patch, root) {
        return Ok(suite);
    }
    if patch.files.iter().all(|file| file.old.is_none()) {
        return Ok(root);
    }
    // Both have files of these names, so what stands in them decides.
    match (apply_below(patch, root, Way::Check), apply_below(patch, suite, Way::Check)) {
        (Ok(()), Ok(())) => Err(failed(
            patch,
            &format!(
                "it fits below `{}` and below its suite, so it is ambiguous; make it anew with paths from the repository's root where they differ, such as by one `git diff` of both",
                root.display()
            ),
        )),
        (Err(_), Ok(())) => Ok(suite),
        _ => Ok(root),
    }
}

/// The folder that a patch was applied below: where what it made stands.
fn base_of_made<'p>(patch: &Patch, root: &'p Path, suite: &'p Path) -> &'p Path {
    if apply_below(patch, root, Way::CheckBack).is_ok() { root } else { suite }
}

fn apply_below(patch: &Patch, base: &Path, way: Way) -> Result<()> {
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
    if matches!(way, Way::Check | Way::CheckBack) {
        command.arg("--check");
    }
    if matches!(way, Way::Back | Way::CheckBack) {
        command.arg("--reverse");
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
    Err(failed(patch, &explained(patch, base, &String::from_utf8_lossy(&told.stderr))))
}

/// Every file that has to be there is there; of a patch that only makes files, every folder.
fn fits(patch: &Patch, base: &Path) -> bool {
    let has = |path: &Path| base.join(path).is_file();
    let has_parent = |path: &Path| base.join(path).parent().is_some_and(Path::is_dir);
    let makes_only = patch.files.iter().all(|file| file.old.is_none());
    patch.files.iter().all(|file| match (&file.old, &file.new) {
        (Some(old), _) => has(old),
        (None, Some(new)) => !makes_only || has_parent(new),
        (None, None) => true,
    })
}

fn link_on_the_way(base: &Path, path: &Path) -> Option<std::path::PathBuf> {
    let mut place = base.to_owned();
    path.components().find_map(|part| {
        place.push(part);
        place.is_symlink().then(|| place.clone())
    })
}

/// Git names a hunk by the line of the old file; the one who wrote the patch looks for it in the patch.
fn explained(patch: &Patch, base: &Path, stderr: &str) -> String {
    let named = stderr.lines().find_map(|line| {
        let (file, line) = line.strip_prefix("error: patch failed: ")?.rsplit_once(':')?;
        patch.hunk(file, line.parse().ok()?).map(|hunk| (file.to_owned(), hunk))
    });
    if let Some((file, hunk)) = named {
        let ends = line_ends(patch, &base.join(&file));
        return format!(
            "the hunk `{}` (line {} of the patch) does not fit `{file}` as it stands{ends}; make the patch anew against your working directory",
            hunk.header, hunk.patch_line
        );
    }
    let said: Vec<&str> = stderr.lines().map(|line| line.trim_start_matches("error: ")).collect();
    said.join("; ")
}

/// In words, when the lines of a patch and of its file end otherwise, which no eye sees.
fn line_ends(patch: &Patch, file: &Path) -> &'static str {
    let ends_in_cr = |text: &[u8]| text.windows(2).any(|pair| pair == b"\r\n");
    let here = std::fs::read(file).unwrap_or_default();
    match (ends_in_cr(&patch.text), ends_in_cr(&here)) {
        (true, false) => ": the patch's lines end in CR LF, those of the file in LF",
        (false, true) => ": the patch's lines end in LF, those of the file in CR LF",
        _ => "",
    }
}

fn failed(patch: &Patch, why: &str) -> RunnerError {
    RunnerError::blocked(Code::PatchFailed, format!("`{}` is not applied: {why}", patch.name))
}
