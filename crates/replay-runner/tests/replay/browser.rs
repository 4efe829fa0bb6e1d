//! Real browsers: one that is started here, and one that Playwright starts and a guest relays to.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use tempfile::TempDir;

use super::kit::eventually;

const PLACES: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/usr/bin/chromium-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// A Chromium; none where nobody says that everything is set up: a bare `cargo test` passes over these tests.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("MOLAR_CHROMIUM").map(PathBuf::from);
    let found = named.into_iter().chain(PLACES.iter().map(PathBuf::from)).find(|it| it.is_file());
    let is_set_up = std::env::var_os("MOLAR_SET_UP").is_some();
    assert!(found.is_some() || !is_set_up, "no Chromium; set MOLAR_CHROMIUM to its path");
    found
}

/// Pages that each browser of these tests has.
pub(crate) const PAGES: [&str; 2] =
    ["data:text/html,<title>one</title>", "data:text/html,<title>two</title>"];

/// A process that ends with this.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn kill(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A browser with a debugging port of its own.
pub(crate) struct Chromium {
    pub(crate) process: Running,
    pub(crate) websocket: String,
    // Removed when the browser has ended.
    _profile: TempDir,
}

impl Chromium {
    pub(crate) fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        let fixed = ["--headless=new", "--no-sandbox", "--remote-debugging-port=0"];
        command.args(fixed).arg(format!("--user-data-dir={}", profile.path().display()));
        // Without windows it takes one address.
        command.arg(PAGES[0]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Running(command.spawn().unwrap());
        let told = profile.path().join("DevToolsActivePort");
        let websocket = eventually("a debugging port", || {
            let text = std::fs::read_to_string(&told).ok()?;
            let (port, path) = text.trim().split_once('\n')?;
            path.starts_with('/').then(|| format!("ws://127.0.0.1:{port}{path}"))
        });
        Self { process, websocket, _profile: profile }
    }
}

/// A browser of Playwright's, and the guest's relay from it.
pub(crate) struct Guest {
    // Its end closes the browser.
    process: Running,
    stdin: ChildStdin,
}

impl Guest {
    /// Its script, and the guest that it loads; none where the packages have not been built.
    pub(crate) fn files() -> Option<[PathBuf; 2]> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let guest = here.join("../../npm/trace-replay-runner/dist/guest.cjs");
        let is_set_up = std::env::var_os("MOLAR_SET_UP").is_some();
        assert!(guest.is_file() || !is_set_up, "`{}` is missing", guest.display());
        guest.is_file().then(|| [here.join("tests/replay/relay.cjs"), guest])
    }

    pub(crate) fn start(program: &Path) -> Option<Self> {
        let [script, guest] = Self::files()?;
        let mut command = Command::new("node");
        command.arg(script).arg(guest).arg(program).args(PAGES);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let stdin = process.stdin.take().unwrap();
        Some(Self { process: Running(process), stdin })
    }

    /// What it is to do: `open PORT TOKEN` or `close`.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.process.0.try_wait(), Ok(None))
    }
}
