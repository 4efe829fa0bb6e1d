//! Requests, responses, failures and web sockets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::words;
use super::{Content, Extra, Headers};

words! {
    /// What a WebSocket event is about.
    WsDirection {
        /// The socket opens.
        Open = "open",
        /// The page sends.
        Sent = "sent",
        /// The page receives.
        Received = "received",
        /// The socket closes.
        Close = "close",
        /// The socket breaks.
        Error = "error",
    }
}

/// Payload of `network.request`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkRequest {
    /// Joins request and response.
    pub request_id: String,
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// What the browser wants it for.
    pub resource_type: String,
    /// Its headers.
    pub headers: Headers,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// Its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Content>,
    /// The request that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_from: Option<String>,
    /// The service or web worker that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<Value>,
    /// Why the body is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_missing: Option<String>,
    /// The request that a CORS preflight asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preflight_for: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `network.response`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkResponse {
    /// Joins request and response.
    pub request_id: String,
    /// The request's method.
    pub method: String,
    /// The request's address.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// The status line's text.
    pub status_text: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Content>,
    /// Why the body is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_missing: Option<String>,
    /// Answered by the browser's cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_cache: Option<bool>,
    /// Answered by a service worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_service_worker: Option<bool>,
    /// The server's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<Value>,
    /// Phase to milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Extra>,
    /// From request to end of body.
    pub duration_ms: f64,
    /// What the browser wanted it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The protocol spoken, such as `h2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// The service or web worker that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<Value>,
    /// What `page.route` did: `fulfilled`, `continued` or `aborted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed: Option<String>,
    /// Which cache answered: `memory`, `disk`, `prefetch` or `validated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<String>,
    /// Bytes over the wire, headers included and before decoding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_bytes: Option<u64>,
    /// Protocol, cipher, subject and issuer of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Extra>,
    /// Time on the trace's axis and bytes of each piece of a stream's body, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<Vec<(f64, u64)>>,
    /// Still open when the test ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `network.failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkFailed {
    /// The request.
    pub request_id: String,
    /// Its method.
    pub method: String,
    /// Its address.
    pub url: String,
    /// Why.
    pub error: String,
    /// Given up by the page itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canceled: Option<bool>,
    /// What the browser wanted it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// The service or web worker that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<Value>,
    /// What `page.route` did: `fulfilled`, `continued` or `aborted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed: Option<String>,
    /// What the browser names as the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl NetworkFailed {
    /// The `error` of a request that the end of the test cut off: nothing is known of what would have become of it.
    pub const UNDER_WAY: &'static str = "still under way when the test ended";
}

/// Payload of `network.ws`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkWs {
    /// The socket.
    pub request_id: String,
    /// Its address.
    pub url: String,
    /// What happened.
    pub direction: WsDirection,
    /// The frame's opcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opcode: Option<u8>,
    /// The frame's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Content>,
    /// The close code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The close reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The worker that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<Value>,
    /// Status of the handshake's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
