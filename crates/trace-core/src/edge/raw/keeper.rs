//! The thread that gives growing files a second name.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::super::error::FileError;
use super::super::files;
use super::super::layout::TraceDir;
use super::names;

/// What a file has in the directory of a living Playwright worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follow {
    /// A Playwright trace: the files in `dir` whose names begin with `stem`, and whatever they may refer to.
    Trace {
        /// Playwright's directory of growing traces.
        dir: PathBuf,
        /// How the trace's own files begin.
        stem: String,
    },
    /// A video.
    Video {
        /// The file, which may not be there yet.
        file: PathBuf,
        /// The trace's id of the page it shows.
        page: String,
        /// When it began, in microseconds on the trace's axis.
        start_us: u64,
    },
}

/// One line of `videos.jsonl`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct VideoLine {
    pub(super) file: String,
    pub(super) page: String,
    pub(super) start_us: u64,
}

/// How long a file may exist under Playwright's name only. A round that finds nothing new asks for a handful of times.
const PAUSE: Duration = Duration::from_millis(50);
/// A directory changed so recently is looked through again: its time stamp is too coarse to tell two changes apart.
const FRESH: Duration = Duration::from_millis(100);
/// Where no second name is possible the bytes are copied, up to so many.
const COPIED_BYTES: u64 = 1 << 30;

/// Follows files until it is stopped. Its thread starts with the first file.
#[derive(Debug)]
pub(in crate::edge) struct Keeper {
    raw: PathBuf,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    follows: Vec<Follow>,
    stopped: bool,
}

impl Keeper {
    pub(in crate::edge) fn new(at: &TraceDir) -> Self {
        Self { raw: at.raw(), shared: Arc::default(), thread: Mutex::default() }
    }

    pub(in crate::edge) fn follow(&self, follow: Follow) -> Result<(), FileError> {
        private_dir(&self.raw)?;
        if let Follow::Video { file, page, start_us } = &follow {
            let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let line = VideoLine { file, page: page.clone(), start_us: *start_us };
            let text = serde_json::to_string(&line).unwrap_or_default();
            files::append_line(&self.raw.join(names::VIDEOS), &text)?;
        }
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            return Ok(());
        }
        state.follows.push(follow);
        drop(state);
        self.shared.wake.notify_one();
        self.spawn()
    }

    fn spawn(&self) -> Result<(), FileError> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let (raw, shared) = (self.raw.clone(), Arc::clone(&self.shared));
            let made = std::thread::Builder::new()
                .name("molar-keeper".to_owned())
                .spawn(move || run(&raw, &shared));
            *thread = Some(made.map_err(FileError::at("start a thread for", &self.raw))?);
        }
        Ok(())
    }

    /// Ends the following; nothing appears in the private directory afterwards.
    pub(in crate::edge) fn stop(&self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.shared.wake.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that panicked has nothing more to say.
        drop(thread.map(JoinHandle::join));
    }
}

/// Playwright's files hold what redaction would remove, so nobody else on the machine may look.
fn private_dir(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(FileError::at("create directory", path))
}

fn run(raw: &Path, shared: &Shared) {
    let mut rounds = Rounds::default();
    while let Some(follows) = next(shared) {
        for follow in &follows {
            rounds.follow(raw, follow);
        }
        rounds.copy_on();
    }
}

/// Waits for the next round; none when there is to be no more.
fn next(shared: &Shared) -> Option<Vec<Follow>> {
    let state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.stopped {
        return None;
    }
    let waited = shared.wake.wait_timeout(state, PAUSE);
    let state = waited.unwrap_or_else(PoisonError::into_inner).0;
    (!state.stopped).then(|| state.follows.clone())
}

/// What earlier rounds have done.
#[derive(Debug, Default)]
struct Rounds {
    /// When a directory had changed last.
    looked: HashMap<(PathBuf, String), SystemTime>,
    kept: HashSet<PathBuf>,
    copies: Vec<Copied>,
    copied_bytes: u64,
}

/// A file that can have no second name.
#[derive(Debug)]
struct Copied {
    from: PathBuf,
    to: PathBuf,
    bytes: u64,
}

impl Rounds {
    fn follow(&mut self, raw: &Path, follow: &Follow) {
        match follow {
            Follow::Trace { dir, stem } => {
                let to = raw.join(names::TRACE);
                self.keep_all(dir, &to, stem, |name| is_of(name, stem));
                for referred in names::REFERRED {
                    self.keep_all(&dir.join(referred), &to.join(referred), "", |_| true);
                }
            }
            Follow::Video { file, .. } => {
                let to = raw.join(names::VIDEO);
                if private_dir(&to).is_ok() {
                    self.keep(file.clone(), &to);
                }
            }
        }
    }

    fn keep_all(&mut self, from: &Path, to: &Path, stem: &str, wanted: impl Fn(&str) -> bool) {
        let Ok(changed) = fs::metadata(from).and_then(|dir| dir.modified()) else { return };
        let key = (from.to_owned(), stem.to_owned());
        let settled = changed.elapsed().is_ok_and(|age| age > FRESH);
        if settled && self.looked.get(&key) == Some(&changed) {
            return;
        }
        if private_dir(to).is_err() {
            return;
        }
        for entry in fs::read_dir(from).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_some_and(&wanted) {
                self.keep(entry.path(), to);
            }
        }
        self.looked.insert(key, changed);
    }

    fn keep(&mut self, from: PathBuf, to: &Path) {
        if self.kept.contains(&from) {
            return;
        }
        let to = to.join(from.file_name().unwrap_or(OsStr::new("unnamed")));
        match fs::hard_link(&from, &to) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                self.copies.push(Copied { from: from.clone(), to, bytes: 0 });
            }
            _ => {}
        }
        self.kept.insert(from);
    }

    /// Copies what the files have grown by.
    fn copy_on(&mut self) {
        for copied in &mut self.copies {
            let room = COPIED_BYTES.saturating_sub(self.copied_bytes);
            // What cannot be read now may be readable in the next round, or is gone.
            let grown = grow(copied, room).unwrap_or(0);
            self.copied_bytes += grown;
        }
    }
}

fn grow(copied: &mut Copied, room: u64) -> std::io::Result<u64> {
    let mut from = File::open(&copied.from)?;
    if from.metadata()?.len() <= copied.bytes {
        return Ok(0);
    }
    from.seek(SeekFrom::Start(copied.bytes))?;
    let mut more = Vec::new();
    let grown = from.take(room).read_to_end(&mut more)? as u64;
    let mut to = File::options().create(true).append(true).open(&copied.to)?;
    to.write_all(&more)?;
    copied.bytes += grown;
    Ok(grown)
}

/// Playwright's copies of a network log are made when a recording stops, and say nothing new.
fn is_of(name: &str, stem: &str) -> bool {
    let extension = Path::new(name).extension().and_then(OsStr::to_str);
    name.starts_with(stem)
        && !name.contains("-pwnetcopy-")
        && matches!(extension, Some("trace" | "network" | "stacks"))
}
