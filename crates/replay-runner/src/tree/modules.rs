//! Installed packages in the copy: a folder of links to those of the user. Packages of a workspace, which are links into the working
//! directory, lead into the copy instead, or an edit of one would have no effect.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::copy::link;
use crate::error::{Result, RunnerError};

/// Links every entry of `from/node_modules` below `to/node_modules`. `roots` are those of the working directory and of the copy.
pub(super) fn mirror(from: &Path, to: &Path, roots: (&Path, &Path)) -> Result<()> {
    let (from, to) = (from.join("node_modules"), to.join("node_modules"));
    folder(&from, &to, roots)
}

fn folder(from: &Path, to: &Path, roots: (&Path, &Path)) -> Result<()> {
    fs::create_dir_all(to).map_err(RunnerError::at("create directory", to))?;
    let entries = fs::read_dir(from).map_err(RunnerError::at("read", from))?;
    for entry in entries.flatten().filter(|entry| !is_cache(&entry.file_name())) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let is_scope = entry.file_name().as_encoded_bytes().starts_with(b"@");
        if is_scope && path.is_dir() && !path.is_symlink() {
            folder(&path, &target, roots)?;
        } else {
            link(&leads_to(&path, roots), &target).map_err(RunnerError::at("link", &target))?;
        }
    }
    Ok(())
}

/// What tools keep in there, and would change for the user if the copy had a link to it. Folders of commands and of pnpm are installed.
fn is_cache(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") && name != ".bin" && name != ".pnpm"
}

/// The copy's own folder for a package of the workspace that has been copied, else the installed one.
fn leads_to(path: &Path, (root, copy): (&Path, &Path)) -> PathBuf {
    let real = if path.is_symlink() { path.canonicalize().ok() } else { None };
    let of_workspace = real.as_deref().and_then(|real| real.strip_prefix(root).ok());
    let ours = of_workspace
        .filter(|inner| !inner.iter().any(|part| part == "node_modules"))
        .map(|inner| copy.join(inner))
        .filter(|ours| ours.exists());
    ours.unwrap_or_else(|| path.to_owned())
}
