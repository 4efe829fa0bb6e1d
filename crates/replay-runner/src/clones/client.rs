//! One clone's admin interface: Clone Admin Protocol v1, path form first and body form where that is not known. Every call is bounded.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::error::CloneError;
use super::target::token_variable;

const SNAPSHOT_TYPE: &str = "application/vnd.molar.clone-snapshot+gzip";
const CONNECT: Duration = Duration::from_secs(2);
const READ: Duration = Duration::from_secs(10);
const RESTORE: Duration = Duration::from_mins(1);
/// A clone that says nothing about it takes so much.
const MAX_SNAPSHOT_BYTES: u64 = 100 << 20;
/// Tries of a call that the clone was too busy for, or that found no connection.
const TRIES: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What a clone says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Health {
    /// Its kind, such as `stripe`.
    pub kind: String,
    /// Its version.
    pub version: String,
    /// What it can do.
    pub features: Vec<String>,
    /// The largest snapshot that it takes, in bytes.
    pub max_snapshot_bytes: Option<u64>,
}

/// What a restore answers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Restored {
    /// Counts restores.
    pub epoch: u64,
    /// Names the restored state.
    pub state_digest: Option<String>,
    /// What came out otherwise than in the snapshot, in the clone's words.
    pub warnings: Vec<String>,
}

/// A run's state in short.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Names the state.
    pub digest: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Clock {
    clock_ms: Option<f64>,
}

/// A client of one clone.
#[derive(Debug, Clone)]
pub struct Client {
    clone: String,
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

type Result<T> = std::result::Result<T, CloneError>;

impl Client {
    /// A client; nothing is sent yet.
    pub fn new(clone: &str, admin: &str, token: Option<String>) -> Result<Self> {
        let base = admin.trim_end_matches('/').trim_end_matches("/_clone").to_owned();
        let builder = reqwest::Client::builder().connect_timeout(CONNECT).timeout(READ);
        // A redirect could lead away from the clone, and a proxy away from this machine.
        let http = builder.redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let unreachable = |source| CloneError::Unreachable {
            clone: clone.to_owned(),
            admin: base.clone(),
            source,
        };
        Ok(Self { clone: clone.to_owned(), token, http: http.map_err(unreachable)?, base })
    }

    /// Makes sure that this is a clone and no live vendor. Has to come before anything that writes.
    pub async fn health(&self) -> Result<Health> {
        let answer = self.send("health", self.request(Method::GET, "/_clone/health", None)).await?;
        let says_so = answer.headers().contains_key("x-molar-clone");
        if !says_so {
            return Err(CloneError::UnknownTarget {
                clone: self.clone.clone(),
                admin: self.base.clone(),
            });
        }
        self.read("health", answer).await
    }

    /// Puts a snapshot into `run`, whole or not at all. The same key does it once, however often it is asked.
    pub async fn restore(&self, run: &str, snapshot: &[u8], key: &str) -> Result<Restored> {
        let path = format!("/_clone/snapshot/{}/restore", segment(run));
        let digest = STANDARD.encode(Sha256::digest(snapshot));
        let request = self.request(Method::POST, &path, Some(run)).timeout(RESTORE);
        let request = request
            .header("idempotency-key", key)
            .header("content-type", SNAPSHOT_TYPE)
            .header("digest", format!("sha-256={digest}"))
            .body(snapshot.to_vec());
        let answer = self.send("restore", request).await?;
        if !matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
            return self.read("restore", answer).await;
        }
        let body = json!({ "run": run, "target_run": run, "snapshot_b64": STANDARD.encode(snapshot), "clock": "snapshot", "fire": "none" });
        let request =
            self.request(Method::POST, "/_clone/snapshot/restore", Some(run)).timeout(RESTORE);
        let answer =
            self.send("restore", request.header("idempotency-key", key).json(&body)).await?;
        self.read("restore", answer).await
    }

    /// Begins `run` from a seed, as the recorded one began.
    pub async fn seed(&self, run: &str, seed: &str, key: &str) -> Result<()> {
        let body = json!({ "run": run, "seed": seed, "mode": "reset" });
        self.post("seed", "/_clone/seed", run, Some(key), &body).await.map(drop)
    }

    /// The state of `run` in short; `kind` is the clone's.
    pub async fn summary(&self, kind: &str, run: &str) -> Result<Summary> {
        let path = format!("/_clone/{}/{}", segment(kind), segment(run));
        let answer = self.send("summary", self.request(Method::GET, &path, Some(run))).await?;
        self.read("summary", answer).await
    }

    /// Sets the clock of `run`, fires nothing, and leaves it paused.
    pub async fn set_clock(&self, run: &str, to_ms: u64) -> Result<()> {
        let body = json!({ "run": run, "to": to_ms, "fire": "none", "mode": "paused" });
        self.post("clock/set", "/_clone/clock/set", run, None, &body).await.map(drop)
    }

    /// The clock of `run` in epoch milliseconds; none where the clone does not say it so exactly.
    pub async fn clock_ms(&self, run: &str) -> Result<Option<f64>> {
        let path = format!("/_clone/clock?run={}", segment(run));
        let answer = self.send("clock", self.request(Method::GET, &path, Some(run))).await?;
        Ok(self.read::<Clock>("clock", answer).await?.clock_ms)
    }

    /// Stops the clock of `run`.
    pub async fn pause(&self, run: &str) -> Result<()> {
        self.post("clock/pause", "/_clone/clock/pause", run, None, &json!({ "run": run }))
            .await
            .map(drop)
    }

    /// Lets the clock of `run` go on, and with it what a restore has held.
    pub async fn resume(&self, run: &str) -> Result<()> {
        self.post("clock/resume", "/_clone/clock/resume", run, None, &json!({ "run": run }))
            .await
            .map(drop)
    }

    /// Forgets `run`; one that is not there is forgotten already.
    pub async fn drop_run(&self, run: &str) -> Result<()> {
        let path = format!("/_clone/run/{}", segment(run));
        let answer = self.send("drop", self.request(Method::DELETE, &path, Some(run))).await?;
        match self.accepted("drop", answer).await {
            Err(error) if !error.is_absent() => Err(error),
            _ => Ok(()),
        }
    }

    async fn post(
        &self,
        deed: &'static str,
        path: &str,
        run: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Result<Response> {
        let mut request = self.request(Method::POST, path, Some(run)).json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = self.send(deed, request).await?;
        self.accepted(deed, answer).await
    }

    fn request(&self, method: Method, path: &str, run: Option<&str>) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match run {
            Some(run) => request.header("x-molar-run", run),
            None => request,
        }
    }

    /// Sends, and again where the clone was busy or not there. Every call may be repeated: a restore and a seed carry a key, and the
    /// rest comes to the same.
    async fn send(&self, deed: &'static str, request: RequestBuilder) -> Result<Response> {
        let unreachable = |source| CloneError::Unreachable {
            clone: self.clone.clone(),
            admin: self.base.clone(),
            source,
        };
        let mut pause = Duration::from_millis(100);
        for _ in 1..TRIES {
            let Some(again) = request.try_clone() else { break };
            match again.send().await {
                Ok(answer) if !is_busy(answer.status()) => return Ok(answer),
                Ok(answer) => pause = asked_pause(&answer).unwrap_or(pause),
                Err(error) if error.is_connect() => {}
                Err(error) => return Err(unreachable(error)),
            }
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            pause *= 2;
        }
        let answer = request.send().await.map_err(unreachable)?;
        if is_busy(answer.status()) {
            return self.accepted(deed, answer).await;
        }
        Ok(answer)
    }

    async fn accepted(&self, deed: &'static str, answer: Response) -> Result<Response> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.text().await.unwrap_or_default();
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let named = |name: &str| problem[name].as_str().map(str::to_owned);
        let token = matches!(status.as_u16(), 401 | 403)
            .then(|| format!("give its admin token in {}", token_variable(&self.clone)));
        let words = [named("code"), named("detail").or_else(|| named("title")), token];
        let detail = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
        Err(CloneError::Refused {
            clone: self.clone.clone(),
            deed,
            status: status.as_u16(),
            detail,
        })
    }

    async fn read<T: DeserializeOwned>(&self, deed: &'static str, answer: Response) -> Result<T> {
        let answer = self.accepted(deed, answer).await?;
        let otherwise = |what: String| CloneError::Otherwise { clone: self.clone.clone(), what };
        let bytes = answer.bytes().await;
        let bytes = bytes.map_err(|error| otherwise(format!("{deed} broke off: {error}")))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| otherwise(format!("{deed} answers no JSON: {error}")))
    }

    /// Refuses a snapshot that the clone would not take.
    pub(super) fn fits(&self, snapshot: &[u8], health: &Health) -> Result<()> {
        let most = health.max_snapshot_bytes.unwrap_or(MAX_SNAPSHOT_BYTES);
        if snapshot.len() as u64 <= most {
            return Ok(());
        }
        let what = format!("its snapshot has {} bytes and it takes {most}", snapshot.len());
        Err(CloneError::Otherwise { clone: self.clone.clone(), what })
    }
}

fn is_busy(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

fn asked_pause(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// A path segment: whatever a run is called, it stays one.
fn segment(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    text.bytes()
        .map(
            |byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") },
        )
        .collect()
}
