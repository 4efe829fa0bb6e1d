//! The ingest calls of the API, and what their answers mean.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Body, Client, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::blob::{ArtifactName, BlobId};
use crate::chunk::frame::MAGIC;
use crate::ship::{Answer, Ended, Outcome, Refusal};

use super::error::{FileError, RecorderError, explain};
use super::layout::TraceDir;
use super::options::ServerOptions;
use super::progress::Progress;
use super::supply::Supply;
use super::vault::learn_recipient;

/// One call with everything it needs.
#[derive(Debug)]
pub(super) enum Request {
    Register(String),
    Chunk(u64, String),
    Missing(Vec<BlobId>),
    Blob(BlobId, String),
    Artifact(ArtifactName, String),
    Finalize(Ended),
}

/// The API for one trace.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    traces: String,
    trace: String,
    server: ServerOptions,
    at: TraceDir,
    supply: Supply,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Silence after which a request is repeated.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

impl Api {
    pub(super) fn new(
        server: &ServerOptions,
        at: &TraceDir,
        supply: Supply,
    ) -> Result<Self, RecorderError> {
        let bad = |reason: String| RecorderError::Option { option: "server.url", reason };
        let base = server.url.trim_end_matches('/');
        reqwest::Url::parse(base).map_err(|error| bad(format!("`{base}`: {error}")))?;
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // A redirect would carry recorded bodies and the key to another address.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("molar-trace/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| bad(explain(&error)))?;
        let traces = format!("{base}/v1/traces");
        let name = at.dir.file_name().map(|name| name.to_string_lossy().into_owned());
        let trace = format!("{traces}/{}", name.unwrap_or_default());
        Ok(Self { client, traces, trace, server: server.clone(), at: at.clone(), supply })
    }

    /// Different for every trace and process, so that workers do not retry in step.
    pub(super) fn jitter_seed(&self) -> u64 {
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(&self.trace)
    }

    /// Makes the call. Whatever goes wrong becomes an outcome; its reason is left with `progress`.
    pub(super) async fn perform(&self, request: Request, progress: &Arc<Progress>) -> Outcome {
        let sent = match self.prepare(request, progress).await {
            Ok(builder) => builder.send().await,
            // A file that the spool does not have anymore never comes back.
            Err(error) => return refused("spool", explain(&error)),
        };
        match sent {
            Ok(response) => self.understand(response, progress).await,
            Err(error) => {
                progress.failed(explain(&error.without_url()));
                Outcome::Retry { after_ms: None }
            }
        }
    }

    async fn prepare(
        &self,
        request: Request,
        progress: &Arc<Progress>,
    ) -> Result<reqwest::RequestBuilder, FileError> {
        let trace = &self.trace;
        let builder = match request {
            Request::Register(payload) => {
                let builder = self.client.post(&self.traces);
                builder.header("content-type", "application/json").body(payload)
            }
            Request::Chunk(n, sha256) => {
                let body = self.supply.chunk(&self.at, n).await?;
                let builder = self.client.put(format!("{trace}/chunks/{n}")).body(body);
                builder.header("x-molar-sha256", sha256).header("content-type", "application/zstd")
            }
            Request::Missing(ids) => {
                let names: Vec<String> = ids.iter().map(BlobId::hex).collect();
                self.client.post(format!("{trace}/blobs/missing")).json(&json!({"sha256": names}))
            }
            Request::Blob(id, media_type) => self.blob(&id, media_type).await?,
            Request::Artifact(name, sha256) => {
                let path = self.at.artifact(&name);
                let file =
                    tokio::fs::File::open(&path).await.map_err(FileError::at("open", &path))?;
                let size = file.metadata().await.map_err(FileError::at("read", &path))?.len();
                let builder = self.client.put(format!("{trace}/artifacts/{name}"));
                let builder = builder.header("content-length", size).body(told(file, progress));
                builder.header("x-molar-sha256", sha256).header("content-type", name.media_type())
            }
            Request::Finalize(Ended { status, chunks, last_seq }) => {
                let body = json!({"status": status, "chunks": chunks, "last_seq": last_seq});
                self.client.post(format!("{trace}/finalize")).json(&body)
            }
        };
        Ok(self.authorised(builder))
    }

    fn authorised(&self, builder: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.server.key {
            Some(key) => builder.bearer_auth(key),
            None => builder,
        }
    }

    /// The artifacts that the server holds already, with their digests; none when it does not say, such as to a key that may
    /// only write.
    pub(super) async fn known_artifacts(&self) -> Vec<(ArtifactName, String)> {
        #[derive(Deserialize)]
        struct Known {
            artifacts: Vec<ArtifactRef>,
        }
        #[derive(Deserialize)]
        struct ArtifactRef {
            name: String,
            sha256: String,
        }
        let asked = self.authorised(self.client.get(&self.trace)).timeout(CONNECT_TIMEOUT).send();
        let Ok(answer) = asked.await else { return Vec::new() };
        let Ok(known) = answer.json::<Known>().await else { return Vec::new() };
        let named = |artifact: ArtifactRef| Some((artifact.name.parse().ok()?, artifact.sha256));
        known.artifacts.into_iter().filter_map(named).collect()
    }

    async fn blob(
        &self,
        id: &BlobId,
        media_type: String,
    ) -> Result<reqwest::RequestBuilder, FileError> {
        let stored = read(&self.at.blob(id)).await?;
        // Whoever stored the blob first chose the encoding, and a blob may be a zstd file itself: its name tells.
        let is_plain = !stored.starts_with(&MAGIC) || BlobId::of(&stored) == *id;
        let builder = self.client.put(format!("{}/blobs/{}", self.trace, id.hex())).body(stored);
        let builder = builder.header("content-type", clean(media_type));
        Ok(if is_plain { builder } else { builder.header("content-encoding", "zstd") })
    }

    async fn understand(&self, response: Response, progress: &Progress) -> Outcome {
        let status = response.status();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let after_ms =
            retry_after.and_then(|text| text.trim().parse::<u64>().ok()).map(|s| s * 1000);
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(error) => {
                progress.failed(explain(&error.without_url()));
                return Outcome::Retry { after_ms };
            }
        };
        if status.is_success() {
            let said: Accepted = serde_json::from_slice(&body).unwrap_or_default();
            if let Some(recipient) = &said.vault_recipient {
                learn_recipient(&self.at.root, &self.server, recipient);
            }
            return accepted(said, progress);
        }
        let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
        if is_temporary(status) {
            progress.failed(format!("it answered `{status}` {}", problem.text()));
            return Outcome::Retry { after_ms };
        }
        let code = problem.code.clone().unwrap_or_else(|| code_of(status).to_owned());
        let message = format!("{status} {}", problem.text());
        let missing_chunks = problem.missing.unwrap_or_default();
        let refusal = Refusal { code, message: message.trim_end().to_owned(), missing_chunks };
        if status == StatusCode::CONFLICT {
            Outcome::Conflict(refusal)
        } else {
            Outcome::Permanent(refusal)
        }
    }
}

/// A file as a body that tells, piece by piece, that it is on its way: a video takes longer than anybody waits in silence.
fn told(file: tokio::fs::File, progress: &Arc<Progress>) -> Body {
    let progress = Arc::clone(progress);
    Body::wrap_stream(futures::stream::try_unfold(file, move |mut file| {
        let progress = Arc::clone(&progress);
        async move {
            use tokio::io::AsyncReadExt as _;
            let mut piece = vec![0; 256 << 10];
            let n = file.read(&mut piece).await?;
            piece.truncate(n);
            progress.step();
            Ok::<_, std::io::Error>((n > 0).then_some((piece, file)))
        }
    }))
}

pub(super) async fn read(path: &std::path::Path) -> Result<Vec<u8>, FileError> {
    tokio::fs::read(path).await.map_err(FileError::at("read", path))
}

/// A media type comes from recorded pages; what is no header value is not sent as one.
fn clean(media_type: String) -> String {
    let fits = !media_type.is_empty() && media_type.bytes().all(|b| (0x20..0x7f).contains(&b));
    if fits { media_type } else { "application/octet-stream".to_owned() }
}

fn refused(code: &str, message: String) -> Outcome {
    Outcome::Permanent(Refusal { code: code.to_owned(), message, missing_chunks: Vec::new() })
}

fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
}

/// For an answer that is not ours, such as a proxy's.
fn code_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "unauthenticated",
        403 => "forbidden",
        404 | 300..=399 => "not_found",
        409 => "conflict",
        413 => "too_large",
        _ => "refused",
    }
}

/// The fields of all 2xx answers together.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Accepted {
    high_water: Option<u64>,
    watching: Option<bool>,
    missing: Vec<String>,
    url: Option<String>,
    vault_recipient: Option<String>,
}

fn accepted(said: Accepted, progress: &Progress) -> Outcome {
    progress.seen_at(said.url);
    let missing = said
        .missing
        .iter()
        .filter_map(|text| BlobId::from_hex(text.strip_prefix("sha256:").unwrap_or(text)).ok());
    let missing = missing.collect();
    Outcome::Ok(Answer { high_water: said.high_water, watching: said.watching, missing })
}

/// `application/problem+json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: Option<String>,
    message: Option<String>,
    detail: Option<String>,
    missing: Option<Vec<u64>>,
}

impl Problem {
    fn text(&self) -> String {
        let parts = [self.message.as_deref(), self.detail.as_deref()];
        let parts: Vec<&str> =
            parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        // A page of an error in between is no message.
        parts.join(": ").chars().take(500).collect()
    }
}
