//! A recorded trace opened for a replay: its events, blobs and vault behind the lookups of `crate::replay`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::error::FileError;
use super::files;
use super::layout::blob_path;
use super::open::{OpenError, open_trace};
use super::vault::{Key, OpenVault, Secret, Vault, VaultError};
use crate::blob::{BlobId, decode_stored};
use crate::event::{Event, Kind};
use crate::replay::network::{
    Asked, Client, Entry, Matcher, Phase, Reply, Rules, Volatile, entries,
};
use crate::replay::origins::{OriginClass, OriginOptions, Origins};
use crate::replay::plan::{Past, Warning};
use crate::replay::sockets::{Socket, sockets};
use crate::replay::state::{State, state};
use crate::replay::{Beside, Plan, PlanOptions, ReplayError, plan};
use crate::trace::StepTree;

/// Why a trace cannot be opened for a replay.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayOpenError {
    /// It cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It can be read and not be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Its vault does not open with the key that was given.
    #[error("the vault of the trace does not open; give the private key of its recorder, or none")]
    Vault(#[from] VaultError),
}

impl ReplayOpenError {
    /// The stable code that stands in progress lines and answers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open(_) => "TRACE_UNREADABLE",
            Self::Replay(error) => error.code(),
            Self::Vault(_) => "NO_SECRETS",
        }
    }
}

/// What to replay, and what is known beside the trace.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// The trace's directory.
    pub directory: PathBuf,
    /// Root of the store that holds its blobs; by default the one it lies in.
    pub blobs: Option<PathBuf>,
    /// Number of the top-level step from which on the test runs anew, from 1.
    pub from_step: u64,
    /// Answers of the steps before are given in order too, because those steps are carried out again.
    pub whole_run: bool,
    /// File of the private key that opens the vault; without it placeholders stay.
    pub vault_key: Option<PathBuf>,
    /// What is known of origins.
    pub origins: OriginOptions,
    /// Values that change from run to run.
    pub rules: Rules,
}

/// A recorded trace as a replay uses it up.
#[derive(Debug)]
pub struct ReplaySource {
    events: Vec<Event>,
    plan: Plan,
    past: Past,
    origins: Origins,
    sockets: Vec<Socket>,
    /// The requests of pages and workers, and those of the test itself, which are numbered behind them.
    browser: Matcher,
    test: Matcher,
    store: Store,
}

impl ReplaySource {
    /// Opens the trace. Errors: it cannot be read, has no such step, or its vault does not open with the key given.
    pub fn open(options: &ReplayOptions) -> Result<Self, ReplayOpenError> {
        let ReplayOptions { directory, from_step, whole_run, origins, rules, .. } = options;
        let reader = open_trace(directory)?;
        let events: Vec<Event> = reader.events().flatten().filter(is_needed).collect();
        let past = Past::of(&StepTree::build(&events), *from_step)?;
        let store = Store::open(options)?;
        let all = [Client::Browser, Client::Test].map(|client| entries(&events, &store, client));
        let (origins, sockets) = (Origins::of(&events, origins), sockets(&events, &store));
        let mut warnings = Vec::new();
        if let Some(told) = store.missing_secrets() {
            warnings.push(told);
        }
        let plan = plan(
            &events,
            &PlanOptions {
                from_step: *from_step,
                entries: &all[0],
                origins: &origins,
                sockets: sockets.len(),
                tape_calls: None,
                warnings: &warnings,
            },
        )?;
        let boundary_ms = if *whole_run { 0.0 } else { past.step.ts_ms };
        let [browser, test] = all.map(|entries| {
            Matcher::new(entries, boundary_ms, Volatile::new(rules.clone(), plan.wall_ms as f64))
        });
        Ok(Self { events, plan, past, origins, sockets, browser, test, store })
    }

    /// What the replay will do.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The recorded events, without pictures and documents.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whose an address of the replay is.
    pub fn origin_class(&self, url: &str) -> OriginClass {
        let known = self.origins.class(url);
        if known == OriginClass::ThirdParty {
            return self.origins.class(&self.browser.recorded_url(url));
        }
        known
    }

    /// What is asked of `replayed` was recorded of `recorded`.
    pub fn map_origin(&mut self, replayed: &str, recorded: &str) {
        self.browser.map_origin(replayed, recorded);
        self.test.map_origin(replayed, recorded);
    }

    /// Looks an answer up, and uses it up when its turn has come.
    pub fn find(&mut self, asked: &Asked<'_>, phase: Phase, client: Client) -> Reply {
        let first = self.browser.entries().len();
        let (matcher, first) = match client {
            Client::Browser => (&mut self.browser, 0),
            Client::Test => (&mut self.test, first),
        };
        let found = matcher.find(asked, phase);
        found.reply(matcher.entries(), first, &self.store)
    }

    /// The body of an entry's answer, decoded, secrets put back; none when there is none.
    pub fn body(&self, entry: usize) -> Option<Vec<u8>> {
        self.entry(entry)?.answer_body(&self.store)
    }

    /// Recorded requests from the step on that nobody has asked for.
    pub fn unused(&self) -> impl Iterator<Item = &Entry> {
        self.browser.unused().chain(self.test.unused())
    }

    /// The recorded web sockets.
    pub fn sockets(&self) -> &[Socket] {
        &self.sockets
    }

    /// The browser before the step.
    pub fn state(&self) -> State {
        state(&self.events, &self.past, &|id| self.store.whole_secret(id))
    }

    fn entry(&self, number: usize) -> Option<&Entry> {
        let browser = self.browser.entries();
        browser.get(number).or_else(|| self.test.entries().get(number.checked_sub(browser.len())?))
    }
}

/// Pictures and documents are most of a trace and no part of a replay's answers.
fn is_needed(event: &Event) -> bool {
    !matches!(event.kind, Kind::DomSnapshot | Kind::DomMutation | Kind::Screenshot | Kind::Video)
}

/// Blobs and secrets of one trace.
#[derive(Debug)]
struct Store {
    blobs: Option<PathBuf>,
    vault: OpenVault,
    has_key: bool,
    /// Insides of placeholders without an original.
    missing: RefCell<BTreeSet<String>>,
}

/// No blob of a recorder is larger.
const MOST_BLOB_BYTES: usize = 1 << 30;
/// More names than this help nobody.
const MOST_NAMED: usize = 5;

impl Store {
    fn open(options: &ReplayOptions) -> Result<Self, ReplayOpenError> {
        let vault = match &options.vault_key {
            None => OpenVault::default(),
            Some(path) => {
                let locked = Vault::open(&options.directory)?;
                let is_empty = locked.entries().next().is_none();
                if is_empty { OpenVault::default() } else { locked.unlock(&Key::read(path)?)? }
            }
        };
        Ok(Self {
            blobs: options.blobs.clone().or_else(|| root_of(&options.directory)),
            vault,
            has_key: options.vault_key.is_some(),
            missing: RefCell::default(),
        })
    }

    fn whole_secret(&self, id: &str) -> Option<String> {
        self.vault.get(id).map(|secret| secret.json().to_owned())
    }

    fn missing_secrets(&self) -> Option<Warning> {
        let missing = self.missing.borrow();
        let named: Vec<&str> = missing.iter().take(MOST_NAMED).map(String::as_str).collect();
        let more = if missing.len() > MOST_NAMED { " …" } else { "" };
        let todo = if self.has_key {
            "the vault does not hold them"
        } else {
            "give the vault's key (`vault.key` in the root of the store)"
        };
        (!missing.is_empty()).then(|| {
            let (n, named) = (missing.len(), named.join(", "));
            let message = format!("{n} redacted values stay placeholders: {named}{more}; {todo}");
            Warning::new("NO_SECRETS", message)
        })
    }
}

impl Beside for Store {
    /// A blob that is damaged counts as gone.
    fn blob(&self, id: &BlobId) -> Option<Vec<u8>> {
        let stored: Result<_, FileError> = files::read_if_any(&blob_path(self.blobs.as_ref()?, id));
        decode_stored(id, &stored.ok().flatten()?, MOST_BLOB_BYTES).ok()
    }

    fn original(&self, id: &str) -> Option<String> {
        let found = self.vault.get(id).and_then(Secret::text);
        if found.is_none() {
            self.missing.borrow_mut().insert(id.to_owned());
        }
        found
    }
}

/// The root of the store that a trace's directory lies in.
fn root_of(directory: &Path) -> Option<PathBuf> {
    let directory = directory.canonicalize().ok()?;
    let root = directory.ancestors().nth(7)?;
    root.join("blobs").is_dir().then(|| root.to_owned())
}
