//! A Chromium and an ffmpeg for Playwright on any machine: what is there, else Playwright's download, else Debian's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

const SYSTEM_FFMPEG: &str = "/usr/bin/ffmpeg";

const KNOWN_PLACES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/usr/bin/chromium-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The browser's path, installed if there was none.
pub fn chromium() -> Result<PathBuf> {
    if let Some(found) = existing() {
        return Ok(found);
    }
    eprintln!("No Chromium found; trying Playwright's own download.");
    if process::status(process::command("npx").args(["playwright", "install", "chromium"]))?
        .success()
        && let Some(found) = playwright_build()
    {
        return Ok(found);
    }
    install_debian("chromium")?;
    existing().context("Chromium was installed but not found; set MOLAR_CHROMIUM to its path")
}

fn existing() -> Option<PathBuf> {
    let named = std::env::var_os("MOLAR_CHROMIUM").map(PathBuf::from);
    named
        .into_iter()
        .chain(KNOWN_PLACES.map(PathBuf::from))
        .find(|path| path.is_file())
        .or_else(playwright_build)
}

/// Where the installed Playwright expects its own Chromium, if the file is there.
fn playwright_build() -> Option<PathBuf> {
    let script = "process.stdout.write(require('@playwright/test').chromium.executablePath())";
    let path = process::output(process::command("node").args(["-e", script])).ok()?;
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

/// Makes Playwright's video recorder work: its ffmpeg folder gets a link to the system's ffmpeg.
///
/// Playwright looks for its own build under its browser cache; the folder's revision stands in its `browsers.json`.
pub fn ffmpeg() -> Result<()> {
    let script = "const c=require('playwright-core/package.json');const b=require(require('path').join(require('path').dirname(require.resolve('playwright-core/package.json')),'browsers.json'));process.stdout.write(b.browsers.find(x=>x.name==='ffmpeg').revision)";
    let revision = process::output(process::command("node").args(["-e", script]))?;
    let folder = cache_folder()?.join(format!("ffmpeg-{revision}"));
    if folder.join("INSTALLATION_COMPLETE").is_file() {
        return Ok(());
    }
    if !Path::new(SYSTEM_FFMPEG).is_file() {
        install_debian("ffmpeg")?;
    }
    if cfg!(not(target_os = "linux")) {
        return process::run(process::command("npx").args(["playwright", "install", "ffmpeg"]));
    }
    std::fs::create_dir_all(&folder)?;
    link(Path::new(SYSTEM_FFMPEG), &folder.join("ffmpeg-linux"))?;
    std::fs::write(folder.join("INSTALLATION_COMPLETE"), "")?;
    eprintln!("Linked the system's ffmpeg into {} for Playwright's videos.", folder.display());
    Ok(())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Result<()> {
    if to.symlink_metadata().is_ok() {
        std::fs::remove_file(to)?;
    }
    std::os::unix::fs::symlink(from, to).with_context(|| format!("cannot link `{}`", to.display()))
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to).map(drop).with_context(|| format!("cannot copy to `{}`", to.display()))
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("PLAYWRIGHT_BROWSERS_PATH") {
        return Ok(PathBuf::from(path));
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).context("HOME is not set")?;
    Ok(if cfg!(target_os = "macos") {
        home.join("Library/Caches/ms-playwright")
    } else {
        home.join(".cache/ms-playwright")
    })
}

/// Installs a Debian package when that is possible, else says what to do.
pub fn install_debian(package: &str) -> Result<()> {
    let root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || !Path::new("/usr/bin/apt-get").is_file() {
        bail!(
            "`{package}` is missing and cannot be installed from here; install it (Debian: `sudo apt-get install {package}`) and run again"
        );
    }
    eprintln!("Installing the Debian package `{package}`.");
    let apt = |args: &[&str]| {
        process::run(
            Command::new("apt-get")
                .args(args)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdout(std::process::Stdio::null()),
        )
    };
    apt(&["update", "-qq"])?;
    apt(&["install", "-y", "-qq", package])
}
