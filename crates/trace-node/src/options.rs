//! What JavaScript hands in and gets back: plain objects whose comments become the `.d.ts`.

use std::path::PathBuf;
use std::time::Duration;

use napi::Either;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use trace_core::edge;
use trace_core::edge::vault::VaultOptions;
use trace_core::redact::Rules;

use crate::error::{Code, Error, Result, coded};

/// How a recorder is opened.
#[napi(object)]
#[derive(Debug)]
pub struct RecorderOptions {
    /// Directory of the local store; traces go to `traces/runs/…` below it, blobs to `blobs/…`.
    pub root: String,
    /// Organisation the trace belongs to; `local` when absent.
    pub org: Option<String>,
    /// The trace's UUID; drawn when absent.
    pub trace_id: Option<String>,
    /// Wall clock at ts 0, in milliseconds since the epoch; the moment of the call when absent.
    pub wall_ms: Option<f64>,
    /// JSON payload of `run.start` without `format`, `trace_id`, `short_id` and `wall_ms`, which are filled in.
    pub run_start: String,
    /// Companion server to ship to; without one the trace stays in `root`.
    pub server: Option<ServerOptions>,
    /// Keeps everything in `root` until `finish`, so that a discarded trace was never anywhere else.
    pub hold: Option<bool>,
    /// JSON of the redaction rules; the default rules when absent.
    pub redaction: Option<String>,
    /// What becomes of the originals of redacted values: `off` forgets them, otherwise they go to the trace's encrypted
    /// `secrets.age`, readable with the private key only.
    #[napi(ts_type = "'auto' | 'off'")]
    pub vault: Option<String>,
    /// Public keys (`age1…`, commas between them) the vault is encrypted to; a key pair in `root` when absent.
    pub vault_recipient: Option<String>,
    /// What people want hidden on pages; the Playwright trace is kept without it.
    pub masks: Option<MaskOptions>,
    /// Bounds on memory, disk and time.
    pub limits: Option<RecorderLimits>,
}

/// What people want hidden on pages.
#[napi(object)]
#[derive(Debug)]
pub struct MaskOptions {
    /// The values of all form fields rather than of the sensitive ones only.
    pub inputs: bool,
    /// Elements by selector: their text, or the whole of them.
    pub elements: bool,
}

impl From<MaskOptions> for edge::Masks {
    fn from(masks: MaskOptions) -> Self {
        Self { inputs: masks.inputs, elements: masks.elements }
    }
}

/// Where the companion server answers.
#[napi(object)]
pub struct ServerOptions {
    /// Base URL such as `https://traces.example.com`.
    pub url: String,
    /// API key (`molar_sk_…`).
    pub key: String,
}

impl std::fmt::Debug for ServerOptions {
    /// The key never reaches a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerOptions").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Bounds of a recorder; what goes beyond is dropped and counted in a `capture.notice`.
#[napi(object)]
#[derive(Debug, Default)]
pub struct RecorderLimits {
    /// Bytes waiting in memory.
    pub queue_bytes: Option<f64>,
    /// Bytes waiting on disk for a server.
    pub spool_bytes: Option<f64>,
    /// Longest time `finish` takes, in milliseconds.
    pub finish_timeout_ms: Option<f64>,
}

/// One content of an event; what the JavaScript half calls `PayloadContent`.
#[napi(object)]
pub struct ContentOptions {
    /// Name of the payload field that receives the content.
    pub field: String,
    /// The value.
    pub data: Either<Uint8Array, String>,
    /// Media type such as `image/png`.
    pub media_type: String,
    /// Bytes of the original that are missing.
    pub truncated: Option<f64>,
}

impl std::fmt::Debug for ContentOptions {
    /// Bodies are as private as the trace itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContentOptions").field("field", &self.field).finish_non_exhaustive()
    }
}

impl TryFrom<RecorderOptions> for edge::RecorderOptions {
    type Error = Error;
    fn try_from(options: RecorderOptions) -> Result<Self> {
        let org = options.org.as_deref().unwrap_or("local");
        let trace_id = required(options.trace_id, "traceId")?;
        Ok(Self {
            root: PathBuf::from(options.root),
            org: org.parse().map_err(|error| coded(INVALID, &error))?,
            trace_id: trace_id.parse().map_err(|error| coded(INVALID, &error))?,
            wall_ms: whole(required(options.wall_ms, "wallMs")?),
            run_start: options.run_start,
            server: options.server.map(Into::into),
            hold: options.hold.unwrap_or(false),
            rules: rules(options.redaction.as_deref())?,
            vault: vault(options.vault.as_deref(), options.vault_recipient)?,
            masks: options.masks.map(Into::into).unwrap_or_default(),
            limits: options.limits.unwrap_or_default().into(),
        })
    }
}

impl From<ServerOptions> for edge::ServerOptions {
    fn from(server: ServerOptions) -> Self {
        let key = Some(server.key).filter(|key| !key.is_empty());
        Self { url: server.url, key }
    }
}

impl From<RecorderLimits> for edge::Limits {
    fn from(limits: RecorderLimits) -> Self {
        let mut bounds = Self::default();
        if let Some(bytes) = limits.queue_bytes {
            bounds.queue_bytes = usize::try_from(whole(bytes)).unwrap_or(usize::MAX);
        }
        if let Some(bytes) = limits.spool_bytes {
            bounds.spool_bytes = whole(bytes);
        }
        if let Some(ms) = limits.finish_timeout_ms {
            bounds.finish_timeout = Duration::from_millis(whole(ms));
            bounds.idle_timeout = bounds.idle_timeout.min(bounds.finish_timeout);
        }
        bounds
    }
}

impl From<ContentOptions> for edge::ContentDraft {
    fn from(content: ContentOptions) -> Self {
        let data = match content.data {
            Either::A(bytes) => bytes.to_vec(),
            Either::B(text) => text.into_bytes(),
        };
        let truncated = content.truncated.map_or(0, whole);
        Self { field: content.field, media_type: content.media_type, data, truncated }
    }
}

const INVALID: &str = "OPTIONS_INVALID";

/// The redaction rules of a JSON text; the default rules without one.
pub(crate) fn rules(json: Option<&str>) -> Result<Rules> {
    json.map_or_else(
        || Ok(Rules::default()),
        |json| serde_json::from_str(json).map_err(|error| coded("REDACTION_INVALID", &error)),
    )
}

fn vault(mode: Option<&str>, recipient: Option<String>) -> Result<VaultOptions> {
    match (mode, recipient.filter(|list| !list.is_empty())) {
        (Some("off"), _) => Ok(VaultOptions::Off),
        (None | Some("auto"), None) => Ok(VaultOptions::Auto),
        (None | Some("auto"), Some(list)) => Ok(VaultOptions::To(list)),
        (Some(other), _) => {
            let reason = format!("option `vault` is `auto` or `off`, not `{other}`");
            Err(Error::new(Code(INVALID), reason))
        }
    }
}

fn required<T>(value: Option<T>, name: &str) -> Result<T> {
    value.ok_or_else(|| Error::new(Code(INVALID), format!("option `{name}` is missing")))
}

/// JavaScript's only number as a count: fractions are cut, what is negative or no number counts as zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, which is the wanted rule"
)]
pub(crate) fn whole(number: f64) -> u64 {
    number as u64
}
