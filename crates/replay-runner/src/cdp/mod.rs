//! Chromium's debugging protocol over a wire that somebody else made: calls and events as raw JSON, never as types of one release of the
//! protocol, because a browser says things that were not known when this was written.

#[cfg(feature = "chromiumoxide")]
mod chromiumoxide; // a WebSocket of the browser's own
mod port; // what both have in common: open calls, events, the end
mod relay; // the worker of a replay, which has the browser

use serde_json::Value;
use thiserror::Error;

#[cfg(feature = "chromiumoxide")]
pub use self::chromiumoxide::Chromiumoxide;
pub use self::relay::{Relay, RelayAddress, RelayDoor};

/// A browser that can be asked. Sessions are had by `Target.attachToTarget` with `flatten`, and named by the `sessionId` that it gives;
/// what is said without one is said to the browser as a whole.
pub trait CdpTransport: Send + Sync {
    /// Asks, and waits for the result, for a bounded time.
    fn send(
        &self,
        method: &str,
        params: Value,
        session: Option<&str>,
    ) -> impl Future<Output = Result<Value, CdpError>> + Send;

    /// The next event that nobody has taken yet; none when the browser is gone or this is closed, and all has been taken.
    fn event(&self) -> impl Future<Output = Option<CdpEvent>> + Send;

    /// Ends it. Calls that are open fail, sessions are let go, and the browser stays. Once more does nothing.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// Something that the browser tells unasked.
#[derive(Debug, Clone, PartialEq)]
pub struct CdpEvent {
    /// Such as `Target.targetCreated`; whatever the browser says, known or not.
    pub method: String,
    /// As it was told.
    pub params: Value,
    /// Whose it is; none of the browser as a whole.
    pub session: Option<String>,
}

/// Why a call came to nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CdpError {
    /// The browser answers that it cannot.
    #[error("the browser refuses `{method}`: {message}")]
    Refused {
        /// What was asked.
        method: String,
        /// In the browser's words.
        message: String,
    },
    /// No answer came in time.
    #[error("the browser did not answer `{method}` within {} s", within.as_secs())]
    Late {
        /// What was asked.
        method: String,
        /// How long it was waited for.
        within: std::time::Duration,
    },
    /// The browser, or who stands between, is gone.
    #[error("the browser is gone: {why}")]
    Gone {
        /// How it went.
        why: String,
    },
    /// It was closed by its owner.
    #[error("the connection to the browser was closed")]
    Closed,
    /// It could not be had at all.
    #[error("no connection to the browser at `{address}`: {why}")]
    Unreachable {
        /// Where.
        address: String,
        /// What was said.
        why: String,
    },
}
