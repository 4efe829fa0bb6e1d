//! The shipment against a model server of a few lines: failures, lost answers, crashes and late requests.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Action, Answer, ArtifactInfo, BlobInfo, ChunkInfo, Ended, Input, Ledger, Op, Outcome};
use super::{Refusal, Ship};
use crate::blob::{ArtifactName, BlobId};

/// What a correct server keeps.
#[derive(Debug, Default)]
struct Server {
    registered: bool,
    chunks: BTreeSet<u64>,
    blobs: BTreeSet<BlobId>,
    artifacts: BTreeSet<ArtifactName>,
    finalized: Option<Ended>,
}

impl Server {
    fn high_water(&self) -> u64 {
        (1..=u64::MAX).take_while(|n| self.chunks.contains(n)).last().unwrap_or(0)
    }

    fn take(&mut self, op: &Op, ended: Option<&Ended>) -> Outcome {
        let mut answer = Answer::default();
        match op {
            Op::Register => self.registered = true,
            Op::Chunk(n) => drop(self.chunks.insert(*n)),
            Op::Missing(ids) => {
                answer.missing =
                    ids.iter().filter(|id| !self.blobs.contains(id)).copied().collect();
            }
            Op::Blob(id) => drop(self.blobs.insert(*id)),
            Op::Artifact(name) => drop(self.artifacts.insert(name.clone())),
            Op::Finalize => {
                let missing_chunks: Vec<u64> = (1..=ended.map_or(0, |ended| ended.chunks))
                    .filter(|n| !self.chunks.contains(n))
                    .collect();
                if !missing_chunks.is_empty() {
                    let code = "missing_chunks".to_owned();
                    return Outcome::Conflict(Refusal {
                        code,
                        missing_chunks,
                        ..Refusal::default()
                    });
                }
                self.finalized = ended.cloned();
            }
        }
        assert!(self.registered, "{op:?} came before the registration");
        answer.high_water = Some(self.high_water());
        Outcome::Ok(answer)
    }
}

/// What the recorder has put into the spool.
#[derive(Debug, Default)]
struct Spool {
    chunks: BTreeMap<u64, ChunkInfo>,
    cut: u64,
    blobs: BTreeSet<BlobId>,
    artifacts: BTreeSet<ArtifactName>,
    ended: Option<Ended>,
}

struct World {
    ship: Ship,
    ledger: Ledger,
    server: Server,
    spool: Spool,
    /// Requests on the way, with the incarnation of the process that made them.
    requests: Vec<(u32, Op)>,
    incarnation: u32,
    now_ms: u64,
    done: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let ship = Ship::new(Ledger::default(), seed);
        let mut world = Self {
            ship,
            ledger: Ledger::default(),
            server: Server::default(),
            spool: Spool::default(),
            requests: Vec::new(),
            incarnation: 0,
            now_ms: 0,
            done: false,
        };
        world.tell(Input::RunStarted("{}".to_owned()));
        world
    }

    fn tell(&mut self, input: Input) {
        let actions = self.ship.on(input, self.now_ms);
        // The driver writes the ledger before it drops anything.
        self.ledger = self.ship.ledger();
        for action in actions {
            let op = match action {
                Action::Register(_) => Op::Register,
                Action::PutChunk(n) => {
                    assert!(
                        self.spool.chunks.contains_key(&n),
                        "chunk {n} was dropped before its time"
                    );
                    Op::Chunk(n)
                }
                Action::AskMissing(ids) => Op::Missing(ids),
                Action::PutBlob(id) => Op::Blob(id),
                Action::PutArtifact(name) => Op::Artifact(name),
                Action::Finalize(_) => Op::Finalize,
                Action::ForgetChunk(n) => {
                    assert!(
                        self.server.chunks.contains(&n),
                        "chunk {n} is dropped but not durable"
                    );
                    self.spool.chunks.remove(&n);
                    continue;
                }
                Action::WakeAt(at) => {
                    assert!(at > self.now_ms);
                    continue;
                }
                Action::GiveUp { reason } => panic!("gave up on a healthy server: {reason}"),
                Action::Done => {
                    assert!(!self.done || self.incarnation > 0);
                    self.done = true;
                    continue;
                }
            };
            self.requests.push((self.incarnation, op));
        }
        let own = self.requests.iter().filter(|(from, _)| *from == self.incarnation).count();
        assert!(own <= super::MAX_IN_FLIGHT, "{own} requests at once");
    }

    fn record(&mut self, what: u8) {
        if self.spool.ended.is_some() {
            return;
        }
        let next = self.spool.cut + 1;
        match what % 6 {
            0 => {
                let id = BlobId::of(&next.to_le_bytes());
                self.spool.blobs.insert(id);
                let media_type = "text/html".to_owned();
                self.tell(Input::BlobReady(BlobInfo { id, size: 5000, media_type }));
            }
            1 => {
                let name: ArtifactName = "video.webm".parse().unwrap();
                self.spool.artifacts.insert(name.clone());
                self.tell(Input::ArtifactReady(ArtifactInfo {
                    name,
                    size: 1,
                    sha256: String::new(),
                }));
            }
            2 if next > 1 => self.end(),
            _ => {
                let chunk = ChunkInfo { n: next, bytes_len: 10, sha256: String::new() };
                self.spool.cut = next;
                self.spool.chunks.insert(next, chunk.clone());
                self.tell(Input::ChunkReady(chunk));
            }
        }
    }

    fn end(&mut self) {
        let chunks = self.spool.cut;
        let ended = Ended { status: "passed".to_owned(), chunks, last_seq: chunks * 3 };
        self.spool.ended = Some(ended.clone());
        self.tell(Input::Ended(ended));
    }

    /// One request meets its fate: 0 delivered, 1 delivered but the answer is lost, 2 lost, 3 told to wait.
    fn deliver(&mut self, which: usize, fate: u8) {
        if self.requests.is_empty() {
            return;
        }
        let (from, op) = self.requests.remove(which % self.requests.len());
        let mut outcome = Outcome::Retry { after_ms: (fate % 4 == 3).then_some(700) };
        if fate % 4 < 2 {
            let answer = self.server.take(&op, self.spool.ended.as_ref());
            if fate.is_multiple_of(4) {
                outcome = answer;
            }
        }
        if from == self.incarnation {
            self.tell(Input::Reply { op, outcome });
        }
    }

    /// The process dies; requests on the way still arrive. A new one starts from the spool and a ledger.
    fn crash(&mut self, ledger_is_lost: bool) {
        self.incarnation += 1;
        let text = self.ledger.to_json().unwrap();
        let ledger = if ledger_is_lost { Ledger::default() } else { Ledger::parse(&text).unwrap() };
        self.ship = Ship::new(ledger, u64::from(self.incarnation));
        let chunks: Vec<ChunkInfo> = self.spool.chunks.values().cloned().collect();
        chunks.into_iter().for_each(|chunk| self.tell(Input::ChunkReady(chunk)));
        for id in self.spool.blobs.clone() {
            self.tell(Input::BlobReady(BlobInfo { id, size: 5000, media_type: String::new() }));
        }
        for name in self.spool.artifacts.clone() {
            self.tell(Input::ArtifactReady(ArtifactInfo { name, size: 1, sha256: String::new() }));
        }
        self.tell(Input::RunStarted("{}".to_owned()));
        if let Some(ended) = self.spool.ended.clone() {
            self.tell(Input::Ended(ended));
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        self.tell(Input::Tick);
    }

    /// From here on nothing fails: the shipment must come to its end in a bounded number of steps.
    fn calm(&mut self) {
        if self.spool.ended.is_none() {
            self.end();
        }
        for _ in 0..2000 {
            if self.done && self.requests.is_empty() {
                return;
            }
            self.deliver(0, 0);
            self.pass(60_000);
        }
        panic!("no end in 2000 steps: {:?} {:?}", self.requests, self.ship);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn exactly_what_was_recorded_arrives(
        seed: u64,
        steps in prop::collection::vec((0..10_u8, any::<u8>(), any::<usize>()), 0..120),
    ) {
        let mut world = World::new(seed);
        for (step, detail, which) in steps {
            match step {
                0..=2 => world.record(detail),
                3..=7 => world.deliver(which, detail),
                8 => world.pass(u64::from(detail) * 40),
                _ => world.crash(detail % 3 == 0),
            }
        }
        world.calm();
        prop_assert_eq!(&world.server.chunks, &(1..=world.spool.cut).collect::<BTreeSet<_>>());
        prop_assert!(world.server.blobs.is_superset(&world.spool.blobs));
        prop_assert_eq!(&world.server.artifacts, &world.spool.artifacts);
        prop_assert_eq!(&world.server.finalized, &world.spool.ended);
        prop_assert!(world.spool.chunks.is_empty());
    }
}
