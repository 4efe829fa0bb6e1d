//! What a fresh machine lacks, installed and named; running it again is fast and changes nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{browser, process};

/// What the other commands need to know about the machine.
#[derive(Debug)]
pub struct Machine {
    /// A Chromium that Playwright can drive.
    pub chromium: PathBuf,
}

/// npm packages, browser, ffmpeg, and everything that the packages build (the native addon in release mode too).
pub fn everything() -> Result<Machine> {
    require_node()?;
    npm_packages()?;
    let chromium = browser::chromium()?;
    browser::ffmpeg()?;
    build_packages()?;
    Ok(Machine { chromium })
}

fn require_node() -> Result<()> {
    let version = process::output(process::command("node").arg("--version"))
        .context("Node 20 or newer is needed")?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse::<u32>().ok());
    match major {
        Some(20..) => Ok(()),
        _ => bail!("Node 20 or newer is needed, found {}", version.trim()),
    }
}

/// `npm ci` when the lock file is not the one that was installed last.
pub fn npm_packages() -> Result<()> {
    let lock = std::fs::read(process::root().join("package-lock.json"))
        .context("package-lock.json is missing")?;
    let stamp = process::root().join("node_modules/.molar-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    eprintln!("Installing npm packages from the lock file.");
    process::run(process::command("npm").args([
        "ci",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    std::fs::write(&stamp, lock).with_context(|| format!("cannot write `{}`", stamp.display()))
}

/// Every workspace's `build` script, in the order of the workspace list: addon, capture, examples.
pub fn build_packages() -> Result<()> {
    process::run(process::command("npm").args(["run", "--silent", "build"]))
}

/// Builds release binaries of the workspace and gives the folder they are in.
pub fn build_binaries() -> Result<PathBuf> {
    // Always all of them: cargo chooses features by what is built together, and would build the core anew for each choice.
    const PACKAGES: [&str; 3] = ["trace-server", "trace-cli", "replay-runner"];
    let mut cargo = process::command("cargo");
    cargo.args(["build", "--release", "--quiet"]);
    cargo.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    process::run(&mut cargo)?;
    Ok(target_folder().join("release"))
}

/// Cargo's target folder.
pub fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| process::root().join("target"), PathBuf::from)
}

/// A folder under the target folder that is emptied first.
pub fn fresh_folder(name: &str) -> Result<PathBuf> {
    let folder = target_folder().join(name);
    remove(&folder)?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make `{}`", folder.display()))?;
    Ok(folder)
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot empty `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}
