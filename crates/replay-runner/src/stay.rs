//! What becomes of a replay at step N and at its end.

use std::cell::Cell;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use crate::outcome::State;
use crate::progress::Progress;
use crate::stdin;

/// What becomes of it.
#[derive(Debug)]
pub(crate) enum Stay {
    /// It ends, and everything is closed.
    No,
    /// What was prepared stays for further edits.
    Prepared,
    /// The browser stays at step N.
    Browser(HeldBrowser),
    /// The same, of a browser that nobody but this program has.
    #[cfg(feature = "chromiumoxide")]
    Bare {
        /// Without a window.
        headless: bool,
    },
}

/// A browser that is kept at step N until somebody lets it go.
#[derive(Debug)]
pub(crate) struct HeldBrowser {
    /// Without a window.
    pub(crate) headless: bool,
    /// The file that lets it go; the guest looks for it.
    pub(crate) release: PathBuf,
    is_there: Cell<bool>,
    is_let_go: Cell<bool>,
}

impl Stay {
    /// A browser that will be kept.
    pub(crate) fn with_browser(headless: bool, release: PathBuf) -> Self {
        let (is_there, is_let_go) = (Cell::new(false), Cell::new(false));
        Self::Browser(HeldBrowser { headless, release, is_there, is_let_go })
    }

    pub(crate) fn browser(&self) -> Option<&HeldBrowser> {
        match self {
            Self::Browser(held) => Some(held),
            _ => None,
        }
    }

    /// Takes notice of a line of the worker's.
    pub(crate) fn heard(&self, line: &Progress) {
        if let Some(held) = self.browser().filter(|_| line.state == State::Held)
            && !held.is_there.replace(true)
        {
            held.ends_by_a_line();
        }
    }

    /// Whether a browser stands at step N and waits, so that no time limit applies.
    pub(crate) fn is_waiting(&self) -> bool {
        self.browser().is_some_and(|held| held.is_there.get() && !held.is_let_go.get())
    }

    /// Whether a browser came to step N.
    pub(crate) fn came_there(&self) -> bool {
        self.browser().is_some_and(|held| held.is_there.get())
    }

    /// Lets a waiting browser go, so that its test ends by itself; whether there was one.
    pub(crate) fn let_go(&self) -> bool {
        let Some(held) = self.browser().filter(|_| self.is_waiting()) else { return false };
        held.is_let_go.set(true);
        write(&held.release)
    }
}

impl HeldBrowser {
    /// A line on standard input lets it go. The end of the input does not: whoever closes it at once, as a service does, wants a browser.
    fn ends_by_a_line(&self) {
        let release = self.release.clone();
        // A read cannot be given up, so its thread ends with the process.
        std::thread::spawn(move || {
            let mut line = String::new();
            if stdin::lines().read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                write(&release);
            }
        });
    }
}

/// Where the file cannot be written, the browser is ended with the other processes.
fn write(release: &Path) -> bool {
    std::fs::write(release, b"").is_ok()
}
