//! Traces of a companion server, over its HTTP API.

use std::io::Write;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;
use trace_core::blob::{ArtifactName, BlobId};
use trace_core::trace::ArtifactRef;
use trace_core::{Event, ndjson};

use super::{Found, OpenTrace, Row, Source};
use crate::args::List;
use crate::error::CliError;

/// The largest page that the API gives.
const PAGE: usize = 1000;

/// A companion server and the key to it.
#[derive(Debug)]
pub(crate) struct ServerSource {
    url: String,
    key: Option<String>,
}

impl ServerSource {
    pub(crate) fn new(url: &str, key: Option<&str>) -> Result<Self, CliError> {
        let parsed =
            reqwest::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if parsed.is_none() {
            return Err(CliError::Server {
                message: format!(
                    "`{url}` is no server address; give one such as http://127.0.0.1:4173"
                ),
                source: None,
            });
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), key: key.map(str::to_owned) })
    }

    pub(super) fn connection(&self) -> Result<Connection, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = Client::builder().connect_timeout(std::time::Duration::from_secs(5)).build();
        let client = client.map_err(|source| failed(&self.url, source))?;
        Ok(Connection { url: self.url.clone(), key: self.key.clone(), runtime, client })
    }
}

impl Source for ServerSource {
    fn place(&self) -> String {
        self.url.clone()
    }

    fn list(&self, wanted: &List) -> Result<Vec<Row>, CliError> {
        #[derive(Deserialize)]
        struct Page {
            items: Vec<Row>,
            next_cursor: Option<String>,
        }
        let connection = self.connection()?;
        let (mut rows, mut cursor) = (Vec::new(), None::<String>);
        while rows.len() < wanted.limit {
            let limit = (wanted.limit - rows.len()).min(200).to_string();
            let mut query = vec![("limit", limit)];
            query.extend(wanted.status.clone().map(|status| ("status", status)));
            query.extend(wanted.signature.clone().map(|signature| ("signature", signature)));
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let page: Page = serde_json::from_str(
                &connection.text(connection.get("/v1/traces").query(&query))?,
            )?;
            rows.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(rows)
    }

    fn open(&self, id: &str) -> Result<Box<dyn OpenTrace>, CliError> {
        let connection = self.connection()?;
        let detail =
            match connection.text(connection.get(&format!("/v1/traces/{}", path_segment(id)))) {
                Err(CliError::NotFound { .. }) => {
                    return Err(CliError::NotFound { id: id.to_owned(), place: self.place() });
                }
                other => other?,
            };
        let Detail { row, artifacts } = serde_json::from_str(&detail)?;
        Ok(Box::new(ServerTrace { row, artifacts, connection }))
    }
}

/// Keeps an id that was typed from becoming another path.
fn path_segment(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// A client, its runtime and where it talks to.
#[derive(Debug)]
pub(super) struct Connection {
    url: String,
    key: Option<String>,
    runtime: Runtime,
    client: Client,
}

impl Connection {
    fn get(&self, path: &str) -> RequestBuilder {
        self.authorised(self.client.get(format!("{}{path}", self.url)))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    fn send(&self, request: RequestBuilder) -> Result<Response, CliError> {
        let response =
            self.runtime.block_on(request.send()).map_err(|source| failed(&self.url, source))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refusal(response))
    }

    /// Streams a file; the outer error is the file's.
    pub(super) fn post_file(
        &self,
        path: &str,
        file: &std::path::Path,
    ) -> std::io::Result<reqwest::Result<Response>> {
        let request = self.authorised(self.client.post(format!("{}{path}", self.url)));
        self.runtime.block_on(async {
            let file = tokio::fs::File::open(file).await?;
            let length = file.metadata().await?.len();
            let request = request.header("content-type", "application/zstd");
            Ok(request.header("content-length", length).body(file).send().await)
        })
    }

    fn text(&self, request: RequestBuilder) -> Result<String, CliError> {
        self.read(self.send(request)?)
    }

    pub(super) fn read(&self, response: Response) -> Result<String, CliError> {
        self.runtime.block_on(response.text()).map_err(|source| failed(&self.url, source))
    }

    /// What the server's problem document says, in one line.
    pub(super) fn refusal(&self, response: Response) -> CliError {
        let status = response.status();
        let body = self.runtime.block_on(response.text()).unwrap_or_default();
        let problem: Value = serde_json::from_str(&body).unwrap_or_default();
        let said = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        if problem["code"] == "bad_query" {
            return CliError::Query { rendered: said("detail") };
        }
        if status == StatusCode::NOT_FOUND {
            return CliError::NotFound { id: String::new(), place: self.url.clone() };
        }
        let hint =
            if status == StatusCode::UNAUTHORIZED { "; set MOLAR_TRACE_KEY or --key" } else { "" };
        let message = [said("message"), said("detail")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>();
        CliError::Server {
            message: format!("{} answered {status}: {}{hint}", self.url, message.join(": ")),
            source: None,
        }
    }
}

fn failed(url: &str, source: reqwest::Error) -> CliError {
    let message = if source.is_connect() {
        format!("nothing answers at {url}; is the server running, and is the address right?")
    } else {
        format!("talking to {url} failed")
    };
    CliError::Server { message, source: Some(source) }
}

/// What the server says about one trace.
#[derive(Debug, Deserialize)]
struct Detail {
    #[serde(flatten)]
    row: Row,
    #[serde(default)]
    artifacts: Vec<Artifact>,
}

/// A file beside the trace, as the API words it.
#[derive(Debug, Deserialize)]
struct Artifact {
    name: String,
    bytes: u64,
    sha256: String,
}

/// One trace on a server.
#[derive(Debug)]
struct ServerTrace {
    row: Row,
    artifacts: Vec<Artifact>,
    connection: Connection,
}

/// One page of events; the lines are kept as the server sent them.
#[derive(Debug, Deserialize)]
struct EventPage {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
    #[serde(default)]
    diagnostics: Vec<Value>,
}

impl ServerTrace {
    /// Copies what lies below the trace's address; answers whether it is there.
    fn copy_to(&self, below: &str, out: &mut dyn Write) -> Result<bool, CliError> {
        let path = format!("/v1/traces/{}/{below}", path_segment(&self.row.id));
        let mut response = match self.connection.send(self.connection.get(&path)) {
            Err(CliError::NotFound { .. }) => return Ok(false),
            other => other?,
        };
        let connection = &self.connection;
        loop {
            let piece = connection.runtime.block_on(response.chunk());
            match piece.map_err(|source| failed(&connection.url, source))? {
                Some(piece) => out.write_all(&piece)?,
                None => return Ok(true),
            }
        }
    }

    /// Calls `each` for every matching line, page by page; gives what the server found damaged.
    fn for_each_line(
        &self,
        query: Option<&str>,
        limit: usize,
        mut each: impl FnMut(&str) -> Result<(), CliError>,
    ) -> Result<Vec<String>, CliError> {
        let path = format!("/v1/traces/{}/events", path_segment(&self.row.id));
        let (mut n, mut cursor, mut damage) = (0, None::<String>, Vec::new());
        while n < limit {
            let mut asked = vec![("limit", (limit - n).min(PAGE).to_string())];
            asked.extend(query.map(|query| ("query", query.to_owned())));
            asked.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let text = self.connection.text(self.connection.get(&path).query(&asked))?;
            let page: EventPage = serde_json::from_str(&text)?;
            damage.extend(page.diagnostics.iter().map(Value::to_string));
            n += page.items.len();
            page.items.iter().try_for_each(|line| each(line.get()))?;
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(damage)
    }
}

impl OpenTrace for ServerTrace {
    fn row(&self) -> &Row {
        &self.row
    }

    fn events(&self, query: Option<&str>, limit: usize) -> Result<Found, CliError> {
        let mut events: Vec<Event> = Vec::new();
        let damage = self.for_each_line(query, limit, |line| {
            events.extend(ndjson::decode_line(line.as_bytes()).ok());
            Ok(())
        })?;
        Ok(Found { events, damage })
    }

    fn copy_lines(&self, out: &mut dyn Write) -> Result<Vec<String>, CliError> {
        self.for_each_line(None, usize::MAX, |line| Ok(writeln!(out, "{line}")?))
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Vec<u8>>, CliError> {
        let mut bytes = Vec::new();
        let found = self.copy_to(&format!("blobs/{}", id.hex()), &mut bytes)?;
        Ok(found.then_some(bytes))
    }

    fn artifacts(&self) -> Result<Vec<ArtifactRef>, CliError> {
        let known = |artifact: &&Artifact| artifact.name.parse::<ArtifactName>().is_ok();
        let reference = |artifact: &Artifact| ArtifactRef {
            name: artifact.name.clone(),
            size: artifact.bytes,
            sha256: artifact.sha256.clone(),
        };
        Ok(self.artifacts.iter().filter(known).map(reference).collect())
    }

    fn copy_artifact(&self, name: &ArtifactName, out: &mut dyn Write) -> Result<bool, CliError> {
        self.copy_to(&format!("artifacts/{name}"), out)
    }
}
