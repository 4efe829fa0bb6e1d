//! The real binary, killed between acknowledgements: nothing acknowledged is lost.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::app::Caller;
#[cfg(unix)]
use crate::process::stop;
use crate::recording::{Recording, sha256};

const BINARY: &str = env!("CARGO_BIN_EXE_trace-server");

/// A server process; killed when dropped.
struct Process {
    child: Child,
    url: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: no handler runs, no buffer is flushed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(dir: &Path) -> Process {
    let mut child = Command::new(BINARY)
        .args(["serve", "--port", "0", "--log", "error", "--data-dir"])
        .arg(dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    Process { child, url: told["url"].as_str().unwrap().to_owned() }
}

fn make_key(dir: &Path) -> String {
    let made = Command::new(BINARY)
        .args(["keys", "create", "--org", "acme", "--data-dir"])
        .arg(dir)
        .args(["--scope", "traces:write", "--scope", "traces:read"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_after_every_chunk() {
    let dir = tempfile::tempdir().unwrap();
    let key = make_key(dir.path());
    let recording = Recording::long(1, 12, 40);
    let blob = b"a page of the shop".repeat(100);
    for n in 1..=recording.n_chunks() {
        let server = start(dir.path());
        let caller = Caller::new(&server.url, &key);
        let known: Value = caller.register(&recording).await.json().await.unwrap();
        assert_eq!(known["high_water"].as_u64(), Some(u64::from(n) - 1));
        let acked = caller.put_chunk(&recording.id, n, &recording.chunk(n)).await;
        assert_eq!(acked.status(), 201);
        if n == 3 {
            assert_eq!(caller.put_blob(&recording.id, &blob, "text/html").await.status(), 201);
        }
        if n == recording.n_chunks() {
            assert_eq!(caller.finalize(&recording, "passed").await.status(), 202);
        }
        // The next chunk is on its way when the process dies; the recorder will send it again.
        let (late, id) = (recording.chunk((n + 1).min(recording.n_chunks())), recording.id.clone());
        let dying = tokio::spawn(async move {
            let put = caller.request(reqwest::Method::PUT, &format!("/v1/traces/{id}/chunks/9999"));
            put.header("x-molar-sha256", sha256(&late)).body(late).send().await.map(drop)
        });
        drop(server);
        // Either it was refused in time or the connection broke; both are fine.
        let _ = dying.await.unwrap();
    }
    let server = start(dir.path());
    let caller = Caller::new(&server.url, &key);
    caller.wait_for_archive(&recording.id).await;
    let seqs = caller.seqs(&format!("/v1/traces/{}/events?limit=5000", recording.id)).await;
    assert_eq!(seqs, (1..=480).collect::<Vec<u64>>());
    let read = caller.get(&format!("/v1/traces/{}/blobs/{}", recording.id, sha256(&blob))).await;
    assert_eq!(read.bytes().await.unwrap(), blob);
}

/// The moment at which it says that it is there is the earliest at which anybody can ask.
#[cfg(unix)]
#[tokio::test]
async fn sigterm_ends_it_in_order_from_its_first_word_on() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let mut server = start(dir.path());
        assert!(stop(&mut server.child).success());
    }
}
