//! A browser's own WebSocket, for Rust alone: no Node, no Playwright.
//!
//! Of the crate `chromiumoxide` only its connection is taken, which carries raw calls. Its `Browser`, `Page` and `Handler` know one
//! release of the protocol: an event with a value that they do not know is dropped, and the handler attaches to every page, changes its
//! size and may close it.

use std::borrow::Cow;
use std::time::Duration;

use ::chromiumoxide::Connection;
use ::chromiumoxide::cdp::browser_protocol::target::SessionId;
use ::chromiumoxide::types::{CallId, EventMessage, Message, Method, MethodId};
use futures::StreamExt as _;
use serde::Deserialize;
use serde_json::Value;

use super::port::{Ask, Open, Port, WireEnd};
use super::{CdpError, CdpEvent, CdpTransport};

/// Longest the browser may take to accept.
const CONNECT: Duration = Duration::from_secs(10);

/// A browser that was started with `--remote-debugging-port`.
#[derive(Debug)]
pub struct Chromiumoxide {
    port: Port,
}

impl Chromiumoxide {
    /// Connects to the address that the browser names, such as `ws://127.0.0.1:9222/devtools/browser/…`.
    pub async fn connect(address: &str) -> Result<Self, CdpError> {
        let unreachable = |why: String| CdpError::Unreachable { address: address.to_owned(), why };
        let connecting = tokio::time::timeout(CONNECT, Connection::<Told>::connect(address));
        let connection = connecting
            .await
            .map_err(|_| unreachable(format!("no answer within {} s", CONNECT.as_secs())))?
            .map_err(|error| unreachable(error.to_string()))?;
        Ok(Self { port: Port::new(|end| carry(end, connection)) })
    }

    /// Waits no longer than this for the result of a call.
    #[must_use]
    pub fn patient_for(self, call: Duration) -> Self {
        Self { port: self.port.patient_for(call) }
    }
}

impl CdpTransport for Chromiumoxide {
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

/// An event in the browser's own words.
#[derive(Debug, Deserialize)]
struct Told {
    method: String,
    #[serde(default)]
    params: Value,
    #[serde(rename = "sessionId")]
    session: Option<String>,
}

impl Method for Told {
    fn identifier(&self) -> MethodId {
        Cow::Owned(self.method.clone())
    }
}

impl EventMessage for Told {
    fn session_id(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

/// Carries calls and answers until one side ends it.
async fn carry(mut end: WireEnd, mut connection: Connection<Told>) {
    let why = loop {
        tokio::select! {
            ask = end.asks.recv() => {
                let Some(ask) = ask else { break "the connection was closed".to_owned() };
                submit(&mut connection, ask, &mut end.open);
            }
            message = connection.next() => match message {
                Some(Ok(message)) => heard(message, &mut end.open),
                // One message that is no frame says nothing about the next.
                Some(Err(::chromiumoxide::error::CdpError::InvalidMessage(..))) => {}
                Some(Err(error)) => break error.to_string(),
                None => break "its WebSocket has ended".to_owned(),
            },
        }
    };
    end.open.ended(&why);
}

fn submit(connection: &mut Connection<Told>, ask: Ask, open: &mut Open) {
    let Ask { method, params, session, answer } = ask;
    let name: MethodId = Cow::Owned(method.clone());
    // A call's number is written into its message, and into nothing else that can fail.
    if let Ok(id) = connection.submit_command(name, session.map(SessionId::from), params) {
        open.asked(number(id), method, answer);
    }
}

fn heard(message: Message<Told>, open: &mut Open) {
    match message {
        Message::Response(answer) => {
            let result = match answer.error {
                Some(error) => Err(error.message),
                None => Ok(answer.result.unwrap_or_default()),
            };
            open.answered(number(answer.id), result);
        }
        Message::Event(Told { method, params, session }) => {
            open.happened(CdpEvent { method, params, session });
        }
    }
}

/// The crate keeps the number to itself, and serialises it as it is.
fn number(id: CallId) -> u64 {
    serde_json::to_value(id).ok().and_then(|id| id.as_u64()).unwrap_or(u64::MAX)
}
