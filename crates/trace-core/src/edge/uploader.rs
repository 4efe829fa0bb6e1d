//! Drives a [`Ship`] over HTTP: one task for each trace on one background runtime for the process.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::ship::{Action, Answer, ArtifactInfo, ChunkInfo, Input, Ledger, Op, Outcome, Ship};

use super::error::{RecorderError, explain};
use super::http::{Api, Request};
use super::layout::{TraceDir, names};
use super::options::{ServerOptions, Shipped};
use super::owner::Owner;
use super::progress::Progress;
use super::supply::Supply;
use super::{blobs, files};

/// One trace to be shipped.
#[derive(Debug)]
pub(super) struct Job {
    at: TraceDir,
    server: ServerOptions,
    ledger: Ledger,
    supply: Supply,
    /// Held until the shipment is over, so that nobody else ships the trace meanwhile; a finished trace has no owner.
    owner: Option<Arc<Owner>>,
}

impl Job {
    pub(super) fn new(
        at: &TraceDir,
        server: ServerOptions,
        ledger: Ledger,
        owner: Arc<Owner>,
    ) -> Self {
        Self { at: at.clone(), server, ledger, supply: Supply::Spool, owner: Some(owner) }
    }

    /// A finished trace, of which nothing is removed.
    pub(super) fn finished(at: &TraceDir, server: ServerOptions, frames: Vec<(u64, u64)>) -> Self {
        let (ledger, supply) = (Ledger::default(), Supply::Finished(frames));
        Self { at: at.clone(), server, ledger, supply, owner: None }
    }

    /// Asks the server which artifacts it has, so that a video is not sent twice.
    pub(super) fn ask_for_artifacts(&mut self, ours: &[ArtifactInfo]) -> Result<(), RecorderError> {
        let api = Api::new(&self.server, &self.at, Supply::Spool)?;
        let theirs = runtime()?.block_on(api.known_artifacts());
        let known = ours
            .iter()
            .filter(|our| theirs.iter().any(|(n, d)| (n, d) == (&our.name, &our.sha256)));
        self.ledger.artifacts = known.map(|our| our.name.clone()).collect();
        Ok(())
    }
}

/// The recorder's end of a running shipment. Dropped before [`Input::Ended`], it stops the shipment; later, it lets it go on.
#[derive(Debug)]
pub(super) struct Shipment {
    inputs: UnboundedSender<Input>,
    progress: Arc<Progress>,
}

impl Shipment {
    pub(super) fn tell(&self, input: Input) {
        // The task outlives its inputs unless it gave up, and then there is nobody to tell.
        drop(self.inputs.send(input));
    }

    pub(super) fn is_watched(&self) -> bool {
        self.progress.is_watched.load(Ordering::Relaxed)
    }

    /// Bytes of chunks that the spool no longer holds.
    pub(super) fn freed_bytes(&self) -> u64 {
        self.progress.freed_bytes.load(Ordering::Relaxed)
    }

    /// Bytes that are on the other side, of those that were told.
    pub(super) fn done_bytes(&self) -> u64 {
        self.progress.done_bytes.load(Ordering::Relaxed)
    }

    /// Waits a moment; gives the end once there is one.
    pub(super) fn wait_a_moment(&self, moment: Duration) -> Option<Shipped> {
        self.progress.wait_a_moment(moment)
    }

    /// Pieces that got across, for who wants to know whether anything moves.
    pub(super) fn steps(&self) -> u64 {
        self.progress.steps()
    }

    /// What went wrong last, for a person.
    pub(super) fn last_error(&self) -> Option<String> {
        self.progress.last_error()
    }

    pub(super) fn wait(&self, idle: Duration, until: Instant) -> Shipped {
        self.progress.wait(idle, until)
    }
}

/// One worker is enough: it only moves bytes, and files are read on the blocking pool.
pub(super) fn runtime() -> Result<&'static Runtime, RecorderError> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("molar-shipper")
        .enable_all()
        .build()
        .map_err(|error| RecorderError::Thread("molar-shipper", error))?;
    Ok(RUNTIME.get_or_init(|| made))
}

/// Starts shipping in the background.
pub(super) fn start(job: Job) -> Result<Shipment, RecorderError> {
    let api = Api::new(&job.server, &job.at, job.supply.clone())?;
    let (inputs, received) = unbounded_channel();
    let progress = Arc::new(Progress::default());
    let driver = Driver::new(job, api, Arc::clone(&progress));
    runtime()?.spawn(driver.run(received));
    Ok(Shipment { inputs, progress })
}

/// The ledger is written at the latest this long after it changed; an older one only costs repeats.
const LEDGER_PAUSE: Duration = Duration::from_millis(500);

struct Driver {
    at: TraceDir,
    owner: Option<Arc<Owner>>,
    is_spool: bool,
    sizes: HashMap<Op, u64>,
    ship: Ship,
    api: Arc<Api>,
    progress: Arc<Progress>,
    chunks: HashMap<u64, ChunkInfo>,
    media_types: HashMap<crate::blob::BlobId, String>,
    digests: HashMap<crate::blob::ArtifactName, String>,
    requests: JoinSet<(Op, Outcome)>,
    born: Instant,
    wake_at: Option<Instant>,
    saved: (Ledger, Instant),
    has_ended: bool,
}

impl Driver {
    fn new(job: Job, api: Api, progress: Arc<Progress>) -> Self {
        let born = Instant::now();
        let saved = (job.ledger.clone(), born);
        Self {
            ship: Ship::new(job.ledger, api.jitter_seed()),
            at: job.at,
            owner: job.owner,
            is_spool: job.supply.is_spool(),
            sizes: HashMap::new(),
            api: Arc::new(api),
            progress,
            chunks: HashMap::new(),
            media_types: HashMap::new(),
            digests: HashMap::new(),
            requests: JoinSet::new(),
            born,
            wake_at: None,
            saved,
            has_ended: false,
        }
    }

    async fn run(mut self, mut inputs: UnboundedReceiver<Input>) {
        let mut is_open = true;
        loop {
            let wake_at = self.wake_at;
            let input = tokio::select! {
                input = inputs.recv(), if is_open => match input {
                    Some(input) => self.note(input),
                    None if self.has_ended => { is_open = false; continue }
                    None => return self.end(Err("the recorder was dropped".to_owned())),
                },
                Some(reply) = self.requests.join_next() => match reply {
                    Ok((op, outcome)) => self.replied(op, outcome),
                    // Only a panic or a shutdown of the runtime ends a request without an outcome.
                    Err(error) => return self.end(Err(explain(&error))),
                },
                () = sleep_until(wake_at) => { self.wake_at = None; Input::Tick }
            };
            let actions = self.ship.on(input, self.now_ms());
            self.progress.is_watched.store(self.ship.is_watched(), Ordering::Relaxed);
            self.save_ledger(&actions);
            for action in actions {
                if self.act(action).await {
                    return;
                }
            }
        }
    }

    /// Remembers what the requests will need.
    fn note(&mut self, input: Input) -> Input {
        match &input {
            Input::ChunkReady(chunk) => {
                self.sizes.insert(Op::Chunk(chunk.n), chunk.bytes_len);
                self.chunks.insert(chunk.n, chunk.clone());
            }
            Input::BlobReady(blob) => {
                self.sizes.insert(Op::Blob(blob.id), blob.size);
                self.media_types.insert(blob.id, blob.media_type.clone());
            }
            Input::ArtifactReady(artifact) => {
                self.sizes.insert(Op::Artifact(artifact.name.clone()), artifact.size);
                self.digests.insert(artifact.name.clone(), artifact.sha256.clone());
            }
            Input::Ended(_) => self.has_ended = true,
            _ => {}
        }
        input
    }

    fn replied(&mut self, op: Op, outcome: Outcome) -> Input {
        if let Outcome::Ok(answer) = &outcome {
            self.count(&op, answer);
            self.progress.step();
        }
        Input::Reply { op, outcome }
    }

    /// Counts the bytes that an answer proves to be on the other side, each once.
    fn count(&mut self, op: &Op, answer: &Answer) {
        let mut done = self.sizes.remove(op).unwrap_or_default();
        match op {
            Op::Missing(asked) => {
                let missing: HashSet<_> = answer.missing.iter().collect();
                for id in asked.iter().filter(|id| !missing.contains(id)) {
                    done += self.sizes.remove(&Op::Blob(*id)).unwrap_or_default();
                }
            }
            Op::Register => {
                let high = answer.high_water.unwrap_or_default();
                let known = self.sizes.extract_if(|op, _| matches!(op, Op::Chunk(n) if *n <= high));
                done += known.map(|(_, size)| size).sum::<u64>();
            }
            _ => {}
        }
        self.progress.done_bytes.fetch_add(done, Ordering::Relaxed);
    }

    /// Carries out one action; answers whether the shipment is over.
    async fn act(&mut self, action: Action) -> bool {
        match action {
            Action::Register(payload) => self.request(Op::Register, Request::Register(payload)),
            Action::PutChunk(n) => {
                let sha256 = self.chunks.get(&n).map(|chunk| chunk.sha256.clone());
                self.request(Op::Chunk(n), Request::Chunk(n, sha256.unwrap_or_default()));
            }
            Action::AskMissing(ids) => {
                self.request(Op::Missing(ids.clone()), Request::Missing(ids));
            }
            Action::PutBlob(id) => {
                let media_type = self.media_types.get(&id).cloned().unwrap_or_default();
                self.request(Op::Blob(id), Request::Blob(id, media_type));
            }
            Action::PutArtifact(name) => {
                let sha256 = self.digests.get(&name).cloned().unwrap_or_default();
                self.request(Op::Artifact(name.clone()), Request::Artifact(name, sha256));
            }
            Action::Finalize(ended) => self.request(Op::Finalize, Request::Finalize(ended)),
            Action::ForgetChunk(n) => self.forget(n),
            Action::WakeAt(ms) => self.wake_at = Some(self.born + Duration::from_millis(ms)),
            Action::GiveUp { reason } => {
                self.end(Err(reason));
                return true;
            }
            Action::Done => {
                if self.is_spool {
                    self.remove().await;
                }
                self.end(Ok(()));
                return true;
            }
        }
        false
    }

    fn request(&mut self, op: Op, request: Request) {
        let (api, progress) = (Arc::clone(&self.api), Arc::clone(&self.progress));
        self.requests.spawn(async move {
            let outcome = api.perform(request, &progress).await;
            (op, outcome)
        });
    }

    fn forget(&mut self, n: u64) {
        if let Some(chunk) = self.chunks.remove(&n) {
            self.progress.freed(chunk.bytes_len);
        }
        if !self.is_spool {
            return;
        }
        if let Err(error) = files::remove_if_any(&self.at.chunk(n)) {
            self.progress.failed(explain(&error));
        }
    }

    /// The trace is let go before anybody hears of the end, so that who hears of it may take it.
    fn end(&mut self, how: Result<(), String>) {
        self.owner = None;
        self.progress.over(how);
    }

    /// Everything is on the server: the local copy has served.
    async fn remove(&mut self) {
        let at = self.at.clone();
        let removed = tokio::task::spawn_blocking(move || blobs::remove_trace(&at));
        match removed.await {
            Ok(Err(error)) => self.progress.failed(explain(&error)),
            Err(error) => self.progress.failed(explain(&error)),
            Ok(Ok(())) => {}
        }
    }

    /// Before a chunk is dropped the ledger on disk has to know; else it may lag behind for a moment.
    fn save_ledger(&mut self, actions: &[Action]) {
        if !self.is_spool {
            return;
        }
        let must = actions.iter().any(|a| matches!(a, Action::ForgetChunk(_) | Action::Done));
        if !must && self.saved.1.elapsed() < LEDGER_PAUSE {
            return;
        }
        let ledger = self.ship.ledger();
        if ledger != self.saved.0 {
            let written = ledger.to_json().map_err(|error| explain(&error)).and_then(|text| {
                let path = self.at.own(names::SHIP);
                files::write_whole(&path, text.as_bytes()).map_err(|error| explain(&error))
            });
            // Without a ledger the server's high-water mark still says what was shipped.
            written.unwrap_or_else(|why| self.progress.failed(why));
            self.saved.0 = ledger;
        }
        self.saved.1 = Instant::now();
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
