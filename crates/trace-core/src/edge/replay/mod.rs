//! A recorded trace opened for a replay: its events, blobs and vault behind the lookups of `crate::replay`.

mod archives;
mod documents;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::open::{LocalTrace, OpenError, open_trace};
use super::vault::VaultError;
use crate::event::{Event, Kind};
use crate::replay::certificate::{Certificate, Run, certificate};
use crate::replay::network::{
    Asked, Change, Client, Entry, Matcher, Phase, Reply, Rules, Volatile, changes, entries,
};
use crate::replay::origins::{OriginClass, OriginOptions, Origins};
use crate::replay::plan::{Past, Warning};
use crate::replay::sockets::{Socket, sockets};
use crate::replay::state::{State, state};
use crate::replay::tape::Tape;
use crate::replay::{Beside, Plan, PlanOptions, ReplayError, plan};
use crate::trace::{StepTree, TraceReader};

pub use documents::RecordedDocuments;

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
    /// It lacks what the replay needs, and something of it cannot be read.
    #[error("{what}; what is left of it does not have the step")]
    Damaged {
        /// What is damaged.
        what: String,
        /// What it lacks.
        source: ReplayError,
    },
    /// Its vault does not open with the key that was given.
    #[error("the vault of the trace does not open; give the private key of its recorder, or none")]
    Vault(#[from] VaultError),
}

impl ReplayOpenError {
    /// The stable code that stands in progress lines and answers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open(_) | Self::Damaged { .. } => "TRACE_UNREADABLE",
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
    tape: Option<Tape>,
    documents: Arc<RecordedDocuments>,
    /// The requests of pages and workers, and those of the test itself, which are numbered behind them.
    browser: Matcher,
    test: Matcher,
    store: store::Store,
}

impl ReplaySource {
    /// Opens the trace. Errors: it cannot be read, has no such step, or its vault does not open with the key given.
    pub fn open(options: &ReplayOptions) -> Result<Self, ReplayOpenError> {
        let ReplayOptions { directory, from_step, whole_run, origins, rules, .. } = options;
        let reader = open_trace(directory)?;
        let read = read(&reader);
        let events = read.events;
        let tree = StepTree::build(&events);
        let damaged = |source: ReplayError| match read.damage {
            Some(what) => ReplayOpenError::Damaged { what, source },
            None => source.into(),
        };
        let past = Past::of(&tree, *from_step).map_err(damaged)?;
        let store = store::Store::open(options)?;
        let all = [Client::Browser, Client::Test].map(|client| entries(&events, &store, client));
        let (origins, sockets) = (Origins::of(&events, origins), sockets(&events, &store));
        let tape = archives::tape(directory, &events, &tree);
        let warnings: Vec<Warning> =
            store.missing_secrets().into_iter().chain(store.cut_vault()).collect();
        let plan = plan(
            &events,
            &PlanOptions {
                from_step: *from_step,
                entries: &all[0],
                origins: &origins,
                sockets: sockets.len(),
                tape_calls: tape.as_ref().map(|tape| tape.calls.len()),
                warnings: &warnings,
            },
        )?;
        let boundary_ms = if *whole_run { 0.0 } else { past.step.ts_ms };
        let [browser, test] = all.map(|entries| {
            Matcher::new(entries, boundary_ms, Volatile::new(rules.clone(), plan.wall_ms as f64))
        });
        let documents = Arc::new(RecordedDocuments::new(options, past.step.ts_ms));
        Ok(Self { events, plan, past, origins, sockets, tape, documents, browser, test, store })
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

    /// The body of an entry's answer, decoded; none when there is none. Secrets are put back in what the application and clones
    /// answered: a stranger could write a placeholder himself, and would be handed what was never his.
    pub fn body(&self, entry: usize) -> Option<Vec<u8>> {
        let entry = self.entry(entry)?;
        let is_strange = self.origins.class(&entry.url) == OriginClass::ThirdParty;
        if is_strange { entry.recorded_body(&self.store) } else { entry.answer_body(&self.store) }
    }

    /// The requests before the step that changed something at the application, in order, secrets put back.
    pub fn changes(&self) -> Vec<Change> {
        let of = |matcher: &Matcher| {
            changes(matcher.entries(), self.past.step.ts_ms, &self.origins, &self.store)
        };
        let mut all = [of(&self.browser), of(&self.test)].concat();
        all.sort_by(|a, b| a.sent_ms.total_cmp(&b.sent_ms).then(a.seq.cmp(&b.seq)));
        all
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

    /// The documents just before the step; rebuilt on the thread that asks for them.
    pub fn documents(&self) -> Arc<RecordedDocuments> {
        Arc::clone(&self.documents)
    }

    /// Playwright's calls in order, one JSON line each, secrets put back; empty when there is no archive of them.
    pub fn tape(&self) -> String {
        let lines = self.tape.as_ref().map(Tape::to_lines).unwrap_or_default();
        String::from_utf8(self.store.body("application/x-ndjson", lines.as_bytes()))
            .unwrap_or(lines)
    }

    fn entry(&self, number: usize) -> Option<&Entry> {
        let browser = self.browser.entries();
        browser.get(number).or_else(|| self.test.entries().get(number.checked_sub(browser.len())?))
    }
}

/// Compares a replay with its record, both in their directories. `blobs` are the stores of both, by default those they lie in.
pub fn certify(
    recorded: (&Path, Option<&Path>),
    replayed: (&Path, Option<&Path>),
    from_step: u64,
) -> Result<Certificate, ReplayOpenError> {
    let open = |(directory, blobs): (&Path, Option<&Path>)| {
        let events = open_trace(directory)?.events().flatten().filter(is_needed).collect();
        // Secrets stay placeholders on both sides, which are compared as such.
        let (directory, blobs) = (directory.to_owned(), blobs.map(Path::to_owned));
        let options = ReplayOptions { directory, blobs, ..ReplayOptions::default() };
        Ok::<(Vec<Event>, store::Store), ReplayOpenError>((events, store::Store::open(&options)?))
    };
    let (recorded, replayed) = (open(recorded)?, open(replayed)?);
    Ok(certificate(run_of(&recorded), run_of(&replayed), from_step)?)
}

fn run_of((events, store): &(Vec<Event>, store::Store)) -> Run<'_> {
    Run { events, beside: store }
}

/// The events that a replay needs, and in words what of the trace cannot be read.
struct Read {
    events: Vec<Event>,
    damage: Option<String>,
}

fn read(reader: &TraceReader<LocalTrace>) -> Read {
    let (mut read, mut has_end, mut n) = (Read { events: Vec::new(), damage: None }, false, 0_u64);
    for item in reader.events() {
        match item {
            Ok(event) => {
                n += 1;
                has_end |= event.kind == Kind::RunEnd;
                if is_needed(&event) {
                    read.events.push(event);
                }
            }
            Err(told) => {
                read.damage.get_or_insert_with(|| format!("the trace is damaged ({told})"));
            }
        }
    }
    if !has_end && read.damage.is_none() {
        let what = format!(
            "the trace ends in the middle, after {n} events: it was cut, or its recorder was ended"
        );
        read.damage = Some(what);
    }
    read
}

/// Pictures and documents are most of a trace and no part of a replay's answers.
fn is_needed(event: &Event) -> bool {
    !matches!(event.kind, Kind::DomSnapshot | Kind::DomMutation | Kind::Screenshot | Kind::Video)
}
