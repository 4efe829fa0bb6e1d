//! Chromium as a process of the replay, with a profile that goes with it and no network at all.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::child;
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::home::{Manifest, ReplayDir};

/// The user's own choice.
const CHOSEN: &str = "MOLAR_CHROMIUM";
const NAMES: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
/// Longest a browser may take to say where it can be had.
const STARTING: Duration = Duration::from_mins(1);
const AGAIN: Duration = Duration::from_millis(50);
/// Lines of the browser's that a message quotes.
const QUOTED_LINES: usize = 5;

/// What Chromium does beside showing pages, switched off.
const QUIET: &[&str] = &[
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-component-extensions-with-background-pages",
    "--disable-default-apps",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-sync",
    "--metrics-recording-only",
    "--password-store=basic",
    "--use-mock-keychain",
    // Going back would show the empty documents that storages were filled from.
    "--disable-back-forward-cache",
    "--disable-features=BackForwardCache,HttpsUpgrades,LocalNetworkAccessChecks,MediaRouter,OptimizationHints,ThirdPartyStoragePartitioning,Translate",
];
/// A request that the record does not answer has nowhere to go: no name is found, addresses in digits included, and a proxy that is
/// not there stands before what needs no name. Interception alone would leave out web sockets, WebRTC and the browser's own requests.
const WITHOUT_NETWORK: &[&str] = &[
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=socks5://nowhere.invalid:1",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
];

/// Where a browser can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) cdp: String,
    pub(super) websocket: String,
}

/// The browser that is chosen, else the first that is installed.
pub(super) fn program() -> Result<PathBuf> {
    let missing = |what: String| {
        let what = format!("{what}; install Chromium, or name one by {CHOSEN}");
        RunnerError::blocked(Code::BrowserMissing, what)
    };
    if let Some(chosen) = std::env::var_os(CHOSEN).filter(|chosen| !chosen.is_empty()) {
        let chosen = PathBuf::from(chosen);
        let is_there = chosen.is_file();
        return if is_there {
            Ok(chosen)
        } else {
            Err(missing(format!("{CHOSEN} names `{}`, which is not there", chosen.display())))
        };
    }
    let on_mac = || Some(PathBuf::from(MAC)).filter(|place| place.is_file());
    let installed = NAMES.iter().find_map(child::on_path).or_else(on_mac);
    installed.ok_or_else(|| missing("there is no Chromium on PATH".to_owned()))
}

/// Starts it; its output goes to the replay's log.
pub(super) fn start(dir: &ReplayDir, manifest: &mut Manifest, headless: bool) -> Result<Child> {
    let log = child::log(&dir.path)?;
    let copies = || log.try_clone().map_err(RunnerError::at("write", &dir.path));
    let mut command = Command::new(program()?);
    command.args(QUIET).args(WITHOUT_NETWORK);
    // On loopback, and on a port that it chooses itself.
    command.arg("--remote-debugging-port=0");
    command.arg(format!("--user-data-dir={}", profile(&dir.path).display()));
    if headless {
        command.arg("--headless=new");
    }
    if is_root() {
        // Chromium refuses to start otherwise.
        command.arg("--no-sandbox");
    }
    command.arg("about:blank").stdin(Stdio::null()).stdout(copies()?).stderr(copies()?);
    child::start(command, dir, manifest)
}

fn profile(dir: &Path) -> PathBuf {
    dir.join("profile")
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// Waits until the browser says where it can be had: in its profile, first the port and then the path.
pub(super) async fn address(dir: &ReplayDir, browser: &mut Child) -> Result<Address> {
    let file = profile(&dir.path).join("DevToolsActivePort");
    let until = tokio::time::Instant::now() + STARTING;
    loop {
        let told = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some((port, path)) =
            told.trim_end().split_once('\n').filter(|(_, path)| path.starts_with('/'))
        {
            let cdp = format!("http://127.0.0.1:{port}");
            return Ok(Address { websocket: format!("ws://127.0.0.1:{port}{path}"), cdp });
        }
        let ended = browser.try_wait()?;
        if ended.is_some() || tokio::time::Instant::now() >= until {
            let how = ended.map_or("does not say where it can be had".to_owned(), |status| {
                format!("ended, {status}")
            });
            let said = child::last_lines(&dir.path.join(child::LOG), QUOTED_LINES);
            return Err(RunnerError::blocked(
                Code::BrowserMissing,
                format!("the browser {how}:\n{said}"),
            ));
        }
        tokio::time::sleep(AGAIN).await;
    }
}
