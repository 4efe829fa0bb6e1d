//! The relay: Playwright launched the browser and holds its pipe, so calls go to the guest in its worker, which passes them through
//! Playwright's own sessions. Neither needs the browser's debugging port, which asks nobody who he is.
//!
//! The channel is a loopback connection and not a Unix socket: a socket's path may not be longer than 107 bytes, which the folders of
//! some users are, and Windows has none that Node and this understand. The runner listens and says port and token in the order, a file
//! that only its user may read. Who does not say the token in the first line is turned away; one who does is the only one let in.

use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinSet;

use super::port::{Ask, Open, Port, WireEnd};
use super::{CdpError, CdpEvent, CdpTransport};

/// Longest a caller may take to say the token.
const GREETING: Duration = Duration::from_secs(5);
/// Longest line: a picture of a large page as base64.
const MOST_BYTES: u64 = 64 << 20;
/// Lines that were read and not yet looked at.
const AHEAD: usize = 64;
const TOKEN_BYTES: usize = 32;

/// What the guest is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayAddress {
    /// On the loopback address.
    pub port: u16,
    /// Said once, in the first line.
    pub token: String,
}

/// Where the guest is waited for.
#[derive(Debug)]
pub struct RelayDoor {
    listener: StdListener,
    address: RelayAddress,
}

/// A browser that the guest of a replay asks for us.
#[derive(Debug)]
pub struct Relay {
    port: Port,
}

impl RelayDoor {
    /// Listens on a free port.
    pub fn open() -> std::io::Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let mut token = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut token)?;
        let token = token.iter().map(|byte| format!("{byte:02x}")).collect();
        let address = RelayAddress { port: listener.local_addr()?.port(), token };
        Ok(Self { listener, address })
    }

    /// For the order.
    pub fn address(&self) -> &RelayAddress {
        &self.address
    }

    /// Lets the first in who says the token, and nobody after. Strangers cannot keep it waiting, since each is listened to by himself.
    pub async fn meet(self, within: Duration) -> Result<Relay, CdpError> {
        let Self { listener, address } = self;
        let unreachable = |why: String| CdpError::Unreachable {
            address: format!("127.0.0.1:{}", address.port),
            why,
        };
        let listener = TcpListener::from_std(listener).map_err(|it| unreachable(it.to_string()))?;
        let mut callers = JoinSet::new();
        let met = tokio::time::timeout(within, async {
            loop {
                tokio::select! {
                    called = listener.accept() => {
                        let (stream, _) = called?;
                        callers.spawn(greeted(stream, Sha256::digest(&address.token)));
                    }
                    Some(heard) = callers.join_next() => if let Ok(Some(met)) = heard {
                        return Ok::<_, std::io::Error>(met);
                    },
                }
            }
        });
        let (reader, writer) = met
            .await
            .map_err(|_| unreachable(format!("nobody came within {} s", within.as_secs())))?
            .map_err(|error| unreachable(error.to_string()))?;
        Ok(Relay { port: Port::new(|end| carry(end, reader, writer)) })
    }
}

impl Relay {
    /// Waits no longer than this for the result of a call.
    #[must_use]
    pub fn patient_for(self, call: Duration) -> Self {
        Self { port: self.port.patient_for(call) }
    }
}

impl CdpTransport for Relay {
    async fn send(
        &self,
        method: &str,
        params: Value,
        session: Option<&str>,
    ) -> Result<Value, CdpError> {
        self.port.send(method, params, session).await
    }

    async fn event(&self) -> Option<CdpEvent> {
        self.port.event().await
    }

    async fn close(&self) {
        self.port.close().await;
    }
}

type Halves = (BufReader<OwnedReadHalf>, OwnedWriteHalf);

/// The caller, if he says the token in time. Digests are compared, so that how long it takes says nothing about the token.
async fn greeted(stream: TcpStream, wanted: impl AsRef<[u8]>) -> Option<Halves> {
    let (reader, writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut said = Vec::new();
    let mut line = (&mut reader).take(2 * TOKEN_BYTES as u64 + 1);
    tokio::time::timeout(GREETING, line.read_until(b'\n', &mut said)).await.ok()?.ok()?;
    let said = Sha256::digest(said.strip_suffix(b"\n")?);
    (said.as_slice() == wanted.as_ref()).then_some((reader, writer))
}

/// One frame, a line of JSON, worded as on a browser's own wire.
#[derive(Debug, Deserialize)]
struct Frame {
    id: Option<u64>,
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(rename = "sessionId")]
    session: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    message: String,
}

/// Carries calls and answers until one side ends it.
async fn carry(mut end: WireEnd, reader: BufReader<OwnedReadHalf>, mut writer: OwnedWriteHalf) {
    let (tell, mut frames) = channel(AHEAD);
    // A read that is given up half way would lose what it has read, so it is never given up.
    let mut reading = JoinSet::new();
    reading.spawn(read(reader, tell));
    let mut next = 0;
    let why = loop {
        tokio::select! {
            ask = end.asks.recv() => {
                let Some(ask) = ask else { break "the connection was closed" };
                next += 1;
                if say(&mut writer, next, ask, &mut end.open).await.is_err() {
                    break "its worker takes no more";
                }
            }
            frame = frames.recv() => {
                let Some(frame) = frame else { break "its worker has ended" };
                heard(frame, &mut end.open);
            }
        }
    };
    end.open.ended(why);
    // The guest lets its sessions go when its input ends.
    drop(writer.shutdown().await);
}

async fn read(mut reader: BufReader<OwnedReadHalf>, tell: Sender<Frame>) {
    loop {
        let mut line = Vec::new();
        let read = (&mut reader).take(MOST_BYTES).read_until(b'\n', &mut line).await;
        if !read.is_ok_and(|bytes| bytes > 0) || line.last() != Some(&b'\n') {
            return;
        }
        // What is no frame is no answer either: its call ends by its own bound.
        let Ok(frame) = serde_json::from_slice(&line) else { continue };
        if tell.send(frame).await.is_err() {
            return;
        }
    }
}

async fn say(
    writer: &mut OwnedWriteHalf,
    id: u64,
    Ask { method, params, session, answer }: Ask,
    open: &mut Open,
) -> std::io::Result<()> {
    let mut frame = json!({ "id": id, "method": method, "params": params });
    if let Some(session) = session {
        frame["sessionId"] = session.into();
    }
    open.asked(id, method, answer);
    writer.write_all(format!("{frame}\n").as_bytes()).await
}

fn heard(frame: Frame, open: &mut Open) {
    let Frame { id, result, error, method, params, session } = frame;
    match (id, method) {
        (Some(id), _) => open.answered(id, error.map_or(Ok(result), |it| Err(it.message))),
        (None, Some(method)) => open.happened(CdpEvent { method, params, session }),
        (None, None) => {}
    }
}
