//! `ReplaySource`: a recorded trace for whoever carries it out again; structures cross as JSON text, bodies as bytes.

use std::path::{Path, PathBuf};

use napi::bindgen_prelude::{Buffer, Env, PromiseRaw};
use napi_derive::napi;
use serde::Serialize;
use serde_json::json;
use trace_core::dom::{PageDocument, beside, outline};
use trace_core::edge::replay::{self, ReplayOptions, ReplaySource};
use trace_core::replay::network::{Asked, Client, Phase};
use trace_core::replay::origins::OriginOptions;

use crate::background;
use crate::error::{Code, Error, Result, coded};

/// What to replay, and what is known beside the trace.
#[napi(object)]
#[derive(Debug, Default)]
pub struct ReplaySourceOptions {
    /// The trace's directory.
    pub directory: String,
    /// Root of the store that holds its blobs; by default the one it lies in.
    pub blobs: Option<String>,
    /// Number of the top-level step from which on the test runs anew, from 1.
    pub from_step: u32,
    /// Answers of the steps before are given in order too, because those steps are carried out again.
    pub whole_run: bool,
    /// File of the private key that opens the vault; without it placeholders stay and match anything.
    pub vault_key: Option<String>,
    /// Origins of the application, besides the recorded `baseURL`.
    pub app_origins: Option<Vec<String>>,
    /// Origins of clones.
    pub clone_origins: Option<Vec<String>>,
    /// Origins that may really be asked.
    pub passthrough: Option<Vec<String>>,
}

/// A request of the replay.
#[napi(object)]
pub struct AskedRequest {
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// Its headers as pairs.
    pub headers: Vec<Vec<String>>,
    /// Its body.
    pub body: Option<Buffer>,
    /// `restoring` before the step, `live` from it on and where all steps are carried out.
    #[napi(ts_type = "'restoring' | 'live'")]
    pub phase: String,
    /// Virtual time, in milliseconds on the recorded trace's axis.
    pub at_ms: f64,
    /// Who asks: `browser` by default, `test` for an `APIRequestContext`.
    #[napi(ts_type = "'browser' | 'test'")]
    pub client: Option<String>,
}

impl std::fmt::Debug for AskedRequest {
    /// Headers and bodies never reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskedRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The addon's half of `ReplaySource`.
#[napi]
#[derive(Debug)]
pub struct NativeReplaySource {
    source: ReplaySource,
}

#[napi]
impl NativeReplaySource {
    /// Opens the trace; throws `{ code, message }` when it cannot be read, has no such step, or its vault does not open.
    #[napi(constructor)]
    pub fn new(options: ReplaySourceOptions) -> Result<Self> {
        let options = ReplayOptions {
            directory: options.directory.into(),
            blobs: options.blobs.map(PathBuf::from),
            from_step: options.from_step.into(),
            whole_run: options.whole_run,
            vault_key: options.vault_key.map(PathBuf::from),
            origins: OriginOptions {
                app: options.app_origins.unwrap_or_default(),
                clones: options.clone_origins.unwrap_or_default(),
                passthrough: options.passthrough.unwrap_or_default(),
            },
            ..ReplayOptions::default()
        };
        let source = ReplaySource::open(&options).map_err(|error| coded(error.code(), &error))?;
        Ok(Self { source })
    }

    /// JSON of the plan.
    #[napi]
    pub fn plan(&self) -> Result<String> {
        json(self.source.plan())
    }

    /// The plan as a dry run that a person reads.
    #[napi]
    pub fn plan_text(&self) -> String {
        self.source.plan().to_text()
    }

    /// Whose an address of the replay is.
    #[napi(ts_return_type = "'app' | 'clone' | 'third-party' | 'passthrough'")]
    pub fn origin_class(&self, url: String) -> String {
        self.source.origin_class(&url).as_str().to_owned()
    }

    /// What is asked of `replayed` was recorded of `recorded`.
    #[napi]
    pub fn map_origin(&mut self, replayed: String, recorded: String) {
        self.source.map_origin(&replayed, &recorded);
    }

    /// JSON of what answers a request: `{"hit":…}` or `{"miss":…}`; a hit of the record's future is used up by it.
    #[napi]
    pub fn find(&mut self, asked: AskedRequest) -> Result<String> {
        let invalid = |what: &str, given: &str| {
            Error::new(Code("OPTIONS_INVALID"), format!("`{what}` is `{given}`"))
        };
        let phase = match asked.phase.as_str() {
            "restoring" => Phase::Restoring,
            "live" => Phase::Live,
            other => return Err(invalid("phase", other)),
        };
        let client = match asked.client.as_deref() {
            None | Some("browser") => Client::Browser,
            Some("test") => Client::Test,
            Some(other) => return Err(invalid("client", other)),
        };
        let pair = |mut pair: Vec<String>| {
            let value = pair.pop().filter(|_| pair.len() == 1)?;
            Some((pair.pop()?, value))
        };
        let headers: Vec<(String, String)> = asked.headers.into_iter().filter_map(pair).collect();
        let body = asked.body.as_deref().unwrap_or_default();
        let (method, url) = (asked.method.as_str(), asked.url.as_str());
        let asked = Asked { method, url, headers: &headers, body, at_ms: asked.at_ms };
        json(&self.source.find(&asked, phase, client))
    }

    /// The body of an entry's answer, decoded, secrets put back; null when there is none.
    #[napi]
    pub fn body(&self, entry: u32) -> Option<Buffer> {
        self.source.body(entry as usize).map(Buffer::from)
    }

    /// JSON array of the recorded web sockets with their frames.
    #[napi]
    pub fn sockets(&self) -> Result<String> {
        json(&self.source.sockets())
    }

    /// JSON lines of Playwright's calls in order, secrets put back; empty when the trace has no archive of them.
    #[napi]
    pub fn tape(&self) -> String {
        self.source.tape()
    }

    /// JSON array of the requests before the step that changed something at the application, secrets put back, in order.
    #[napi]
    pub fn changes(&self) -> Result<String> {
        json(&self.source.changes())
    }

    /// JSON array of the recorded pages just before the step: `page`, `href`, `nodes` and `outline`.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn documents<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, String>> {
        let documents = self.source.documents();
        background::promise(env, move || {
            let pages = documents.pages().map_err(|error| coded(error.code(), &error))?;
            let told = |page: &PageDocument| {
                let (document, outline) = (&page.document, outline(&page.document));
                json!({"page": page.page, "href": document.href, "nodes": document.len(), "outline": outline})
            };
            json(&pages.iter().map(told).collect::<Vec<_>>())
        })
    }

    /// JSON of how a recorded page just before the step compares with its document as it is: JSON of `{href, node}`, the node as
    /// rrweb's snapshots name it; null when the record has none of that page.
    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn beside_document<'env>(
        &self,
        env: &'env Env,
        page: String,
        live: String,
    ) -> Result<PromiseRaw<'env, Option<String>>> {
        let documents = self.source.documents();
        background::promise(env, move || {
            let pages = documents.pages().map_err(|error| coded(error.code(), &error))?;
            let Some(recorded) = pages.iter().find(|known| known.page == page) else {
                return Ok(None);
            };
            let found = beside(recorded, &live);
            json(&found.map_err(|error| coded("OPTIONS_INVALID", &error))?).map(Some)
        })
    }

    /// JSON of the browser before the step: `{"contexts":{…},"reasons":[…]}`.
    #[napi]
    pub fn state(&self) -> Result<String> {
        json(&self.source.state())
    }
}

/// JSON of how a replay came out beside its record, both finished traces in their directories; `text` is it for people.
#[napi]
pub fn certify(recorded: String, replayed: String, from_step: u32) -> Result<String> {
    let (recorded, replayed) = (Path::new(&recorded), Path::new(&replayed));
    let found = replay::certify((recorded, None), (replayed, None), from_step.into());
    let found = found.map_err(|error| coded(error.code(), &error))?;
    let told = |error| coded("TRACE_UNREADABLE", &error);
    let mut value = serde_json::to_value(&found).map_err(told)?;
    value["text"] = found.to_text().into();
    json(&value)
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| coded("TRACE_UNREADABLE", &error))
}
