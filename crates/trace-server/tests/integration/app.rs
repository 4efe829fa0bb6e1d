//! One server for one test, and what a test does with it again and again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use trace_server::auth::{ApiKey, Scope, Scopes};
use trace_server::catalog::KeyRow;
use trace_server::clock::Clock;
use trace_server::serve::Server;
use trace_server::{App, Config};

use crate::recording::{Recording, sha256};

/// Long enough for a slow machine, short enough to end a hanging test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) url: String,
    pub(crate) client: Client,
    running: JoinHandle<anyhow::Result<()>>,
    dir: TempDir,
}

/// A caller with a key of its own.
#[derive(Clone)]
pub(crate) struct Caller {
    client: Client,
    url: String,
    key: String,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_clock(change, Clock::System).await
    }

    pub(crate) async fn with_clock(change: impl FnOnce(&mut Config), clock: Clock) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(dir.path());
        change(&mut config);
        let app = App::open(config, clock).await.unwrap();
        let server = Server::bind(Arc::clone(&app)).await.unwrap();
        let url = format!("http://{}", server.address());
        let running = tokio::spawn(server.run());
        Self { app, url, client: Client::new(), running, dir }
    }

    /// A caller of `org` who may do everything.
    pub(crate) async fn caller(&self, org: &str) -> Caller {
        self.caller_with(org, Scopes::all()).await
    }

    pub(crate) async fn caller_with(&self, org: &str, scopes: Scopes) -> Caller {
        let key = ApiKey::generate().unwrap();
        let row = KeyRow {
            key_id: key.id().to_owned(),
            secret_sha256: key.digest(),
            scopes: scopes.to_string(),
            name: "test".to_owned(),
            created_ms: 1,
            revoked_ms: None,
        };
        self.app.catalog.insert_key(&org.parse().unwrap(), &row).await.unwrap();
        Caller { client: self.client.clone(), url: self.url.clone(), key: key.reveal() }
    }

    pub(crate) async fn reader(&self, org: &str) -> Caller {
        self.caller_with(org, [Scope::TracesRead].into_iter().collect()).await
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.app.config.storage.data_dir
    }

    /// Stops the server and starts another one on the same data and clock; the caller may do everything.
    pub(crate) async fn restart(self, org: &str) -> (Self, Caller) {
        let (config, clock) = (self.app.config.clone(), self.app.clock.clone());
        self.app.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap();
        let app = App::open(config, clock).await.unwrap();
        let server = Server::bind(Arc::clone(&app)).await.unwrap();
        let url = format!("http://{}", server.address());
        let running = tokio::spawn(server.run());
        let again = Self { app, url, client: Client::new(), running, dir: self.dir };
        let caller = again.caller(org).await;
        (again, caller)
    }

    /// Stops the server and waits for its end.
    pub(crate) async fn stop(self) {
        self.app.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap();
    }
}

pub(crate) fn config(dir: &Path) -> Config {
    Config::for_testing(dir)
}

impl Caller {
    pub(crate) fn new(url: &str, key: &str) -> Self {
        Self { client: Client::new(), url: url.to_owned(), key: key.to_owned() }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    pub(crate) async fn register(&self, recording: &Recording) -> Response {
        self.post("/v1/traces", &recording.start()).await
    }

    pub(crate) async fn put_chunk(&self, id: &str, n: u32, bytes: &[u8]) -> Response {
        self.request(Method::PUT, &format!("/v1/traces/{id}/chunks/{n}"))
            .header("x-molar-sha256", sha256(bytes))
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn put_blob(&self, id: &str, bytes: &[u8], media_type: &str) -> Response {
        self.request(Method::PUT, &format!("/v1/traces/{id}/blobs/{}", sha256(bytes)))
            .header("content-type", media_type)
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn put_artifact(&self, id: &str, name: &str, bytes: &[u8]) -> Response {
        self.request(Method::PUT, &format!("/v1/traces/{id}/artifacts/{name}"))
            .header("x-molar-sha256", sha256(bytes))
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn finalize(&self, recording: &Recording, status: &str) -> Response {
        let body = json!({
            "status": status,
            "chunks": recording.n_chunks(),
            "last_seq": recording.last_seq(),
        });
        self.post(&format!("/v1/traces/{}/finalize", recording.id), &body).await
    }

    /// Registers, sends every chunk, finalizes.
    pub(crate) async fn ship(&self, recording: &Recording, status: &str) {
        assert_eq!(self.register(recording).await.status(), StatusCode::CREATED);
        for n in 1..=recording.n_chunks() {
            let sent = self.put_chunk(&recording.id, n, &recording.chunk(n)).await;
            assert_eq!(sent.status(), StatusCode::CREATED, "{}", sent.text().await.unwrap());
        }
        assert_eq!(self.finalize(recording, status).await.status(), StatusCode::ACCEPTED);
    }

    /// Waits until the trace's row says what `wanted` wants.
    pub(crate) async fn wait_for(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            loop {
                let row = self.get_json(&format!("/v1/traces/{id}")).await;
                if wanted(&row) {
                    return row;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("the trace never got there")
    }

    /// Waits until live chunks are gone, which is the last step.
    pub(crate) async fn wait_for_archive(&self, id: &str) -> Value {
        self.wait_for(id, |row| row["archived"] == json!(true)).await
    }

    pub(crate) async fn seqs(&self, path: &str) -> Vec<u64> {
        let page = self.get_json(path).await;
        page["items"].as_array().unwrap().iter().map(|e| e["seq"].as_u64().unwrap()).collect()
    }
}

/// Status and stable code of a refusal.
pub(crate) async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], json!(status), "{body}");
    assert!(!body["detail"].as_str().unwrap().is_empty(), "{body}");
    (status, body["code"].as_str().unwrap().to_owned())
}
