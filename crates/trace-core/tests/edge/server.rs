//! A small ingest server: keeps what it is sent, and fails on demand.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What the server has.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) registered: Option<Value>,
    pub(crate) chunks: BTreeMap<u64, Vec<u8>>,
    pub(crate) blobs: BTreeMap<String, (String, Vec<u8>)>,
    pub(crate) artifacts: BTreeMap<String, Vec<u8>>,
    pub(crate) finalized: Option<Value>,
    pub(crate) asked: Vec<String>,
}

/// Status, headers and body.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, Value);

/// Decides before the server does: an answer here is given instead, and nothing is kept.
pub(crate) type Fault = Box<dyn Fn(&Asked, &Kept) -> Option<Answer> + Send + Sync>;

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) kept: Arc<Mutex<Kept>>,
    fault: Arc<Mutex<Fault>>,
    stops: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(
        fault: impl Fn(&Asked, &Kept) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Mutex::new(Kept::default()));
        let fault: Arc<Mutex<Fault>> = Arc::new(Mutex::new(Box::new(fault)));
        let stops = Arc::new(AtomicBool::new(false));
        let server = Self { url, kept, fault, stops };
        let (kept, fault) = (Arc::clone(&server.kept), Arc::clone(&server.fault));
        let stops = Arc::clone(&server.stops);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stops.load(Ordering::SeqCst) {
                    return;
                }
                let (kept, fault) = (Arc::clone(&kept), Arc::clone(&fault));
                std::thread::spawn(move || serve(stream, &kept, &fault));
            }
        });
        server
    }

    pub(crate) fn healthy() -> Self {
        Self::start(|_, _| None)
    }

    pub(crate) fn heal(&self) {
        *self.fault.lock().unwrap() = Box::new(|_, _| None);
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
    }
}

fn serve(mut stream: TcpStream, kept: &Mutex<Kept>, fault: &Mutex<Fault>) {
    let Some(asked) = read(&stream) else { return };
    let answer = {
        let mut kept = kept.lock().unwrap();
        kept.asked.push(format!("{} {}", asked.method, asked.path));
        let failed = fault.lock().unwrap()(&asked, &kept);
        failed.unwrap_or_else(|| take(&asked, &mut kept))
    };
    let (status, headers, body) = answer;
    // Status 0 is a server that hangs up.
    if status == 0 {
        return;
    }
    let body = body.to_string();
    let mut text =
        format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
    drop(stream.write_all(format!("{text}\r\n{body}").as_bytes()));
}

pub(crate) fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut parts = line.split(' ');
    let (method, path) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let len = headers.get("content-length").map_or(0, |len| len.parse().unwrap());
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body })
}

fn take(asked: &Asked, kept: &mut Kept) -> Answer {
    let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
    let json = || serde_json::from_slice::<Value>(&asked.body).unwrap();
    let high = |kept: &Kept| {
        (1..=u64::MAX).take_while(|n| kept.chunks.contains_key(n)).last().unwrap_or(0)
    };
    match (asked.method.as_str(), parts.get(3..).unwrap_or(&[])) {
        ("POST", []) => {
            let known = kept.registered.replace(json()).is_some();
            let body = json!({"id": "x", "high_water": high(kept), "url": "http://viewer/x"});
            (if known { 200 } else { 201 }, vec![], body)
        }
        ("PUT", ["chunks", n]) => {
            let n = n.parse().unwrap();
            if kept.chunks.get(&n).is_some_and(|bytes| *bytes != asked.body) {
                return (409, vec![], json!({"code": "chunk_conflict", "message": "other bytes"}));
            }
            let sha256 = trace_core::blob::BlobId::of(&asked.body).hex();
            assert_eq!(asked.headers["x-molar-sha256"], sha256);
            kept.chunks.insert(n, asked.body.clone());
            (201, vec![], json!({"high_water": high(kept), "watching": false}))
        }
        ("POST", ["blobs", "missing"]) => {
            let asked: Vec<String> = serde_json::from_value(json()["sha256"].clone()).unwrap();
            let missing: Vec<_> = asked.iter().filter(|id| !kept.blobs.contains_key(*id)).collect();
            (200, vec![], json!({"missing": missing}))
        }
        ("PUT", ["blobs", sha256]) => {
            let encoding = asked.headers.get("content-encoding").cloned().unwrap_or_default();
            kept.blobs.insert((*sha256).to_owned(), (encoding, asked.body.clone()));
            (201, vec![], json!({}))
        }
        ("PUT", ["artifacts", name]) => {
            kept.artifacts.insert((*name).to_owned(), asked.body.clone());
            (201, vec![], json!({}))
        }
        ("POST", ["finalize"]) => {
            kept.finalized = Some(json());
            (202, vec![], json!({"id": "x", "status": "queued"}))
        }
        _ => (404, vec![], json!({"code": "not_found"})),
    }
}
