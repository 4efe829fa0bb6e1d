//! The half of a connection that callers hold. The other half, which owns the wire, is a task of its own: so a caller that gives up
//! never leaves half a message behind.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

use super::{CdpError, CdpEvent};

/// Longest a call may take: a browser that has not answered by then waits for something that will not come.
const CALL: Duration = Duration::from_secs(30);
/// Longest the wire may take to close.
const CLOSING: Duration = Duration::from_secs(5);

type Answer = Result<Value, CdpError>;

/// A call on its way.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: String,
    pub(super) params: Value,
    pub(super) session: Option<String>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What callers hold.
#[derive(Debug)]
pub(super) struct Port {
    call: Duration,
    asks: std::sync::Mutex<Option<UnboundedSender<Ask>>>,
    events: Mutex<UnboundedReceiver<CdpEvent>>,
    wire: Mutex<Option<JoinHandle<()>>>,
}

/// What the task on the wire holds.
#[derive(Debug)]
pub(super) struct WireEnd {
    pub(super) asks: UnboundedReceiver<Ask>,
    pub(super) open: Open,
}

/// Calls without an answer yet, and where events go.
#[derive(Debug)]
pub(super) struct Open {
    calls: HashMap<u64, (String, oneshot::Sender<Answer>)>,
    // Without a bound: events come only of what a caller has switched on, and one that is dropped would be a lie.
    events: UnboundedSender<CdpEvent>,
}

impl Port {
    /// Both halves; `wire` is the task that carries out what is asked.
    pub(super) fn new<F>(wire: impl FnOnce(WireEnd) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let ((asks, asked), (tell, events)) = (unbounded_channel(), unbounded_channel());
        let open = Open { calls: HashMap::new(), events: tell };
        let task = tokio::spawn(wire(WireEnd { asks: asked, open }));
        Self {
            call: CALL,
            asks: std::sync::Mutex::new(Some(asks)),
            events: Mutex::new(events),
            wire: Mutex::new(Some(task)),
        }
    }

    /// The same with another bound on calls.
    pub(super) fn patient_for(mut self, call: Duration) -> Self {
        self.call = call;
        self
    }

    pub(super) async fn send(
        &self,
        method: &str,
        params: Value,
        session: Option<&str>,
    ) -> Result<Value, CdpError> {
        let (answer, answered) = oneshot::channel();
        let ask =
            Ask { method: method.to_owned(), params, session: session.map(str::to_owned), answer };
        let asks = self.asks.lock().ok().and_then(|asks| asks.clone()).ok_or(CdpError::Closed)?;
        asks.send(ask).map_err(|_| gone("it went before it was asked"))?;
        match tokio::time::timeout(self.call, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) if self.is_closed() => Err(CdpError::Closed),
            Ok(Err(_)) => Err(gone("it went before it answered")),
            Err(_) => Err(CdpError::Late { method: method.to_owned(), within: self.call }),
        }
    }

    pub(super) async fn event(&self) -> Option<CdpEvent> {
        self.events.lock().await.recv().await
    }

    pub(super) async fn close(&self) {
        drop(self.asks.lock().ok().and_then(|mut asks| asks.take()));
        let Some(mut wire) = self.wire.lock().await.take() else { return };
        if tokio::time::timeout(CLOSING, &mut wire).await.is_err() {
            wire.abort();
        }
    }

    fn is_closed(&self) -> bool {
        self.asks.lock().map_or(true, |asks| asks.is_none())
    }
}

impl Drop for Port {
    /// Whoever forgets to close lets the wire go all the same.
    fn drop(&mut self) {
        if let Some(wire) = self.wire.get_mut() {
            wire.abort();
        }
    }
}

impl Open {
    pub(super) fn asked(&mut self, id: u64, method: String, answer: oneshot::Sender<Answer>) {
        // Callers that gave up.
        self.calls.retain(|_, (_, answer)| !answer.is_closed());
        self.calls.insert(id, (method, answer));
    }

    /// `Err` is the browser's own message. An answer that nobody waits for any more is dropped.
    pub(super) fn answered(&mut self, id: u64, answer: Result<Value, String>) {
        let Some((method, waiting)) = self.calls.remove(&id) else { return };
        drop(waiting.send(answer.map_err(|message| CdpError::Refused { method, message })));
    }

    pub(super) fn happened(&self, event: CdpEvent) {
        // Nobody listens any more when the owner is gone.
        drop(self.events.send(event));
    }

    /// Every open call fails.
    pub(super) fn ended(&mut self, why: &str) {
        for (_, (_, waiting)) in self.calls.drain() {
            drop(waiting.send(Err(gone(why))));
        }
    }
}

pub(super) fn gone(why: &str) -> CdpError {
    CdpError::Gone { why: why.to_owned() }
}
