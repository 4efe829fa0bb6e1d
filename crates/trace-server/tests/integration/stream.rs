//! Following a trace.

use std::time::Duration;

use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Caller, PATIENCE, TestApp};
use crate::recording::Recording;

/// One event of a stream as `(id, name, data)`.
type Told = (String, String, String);

/// Reads events until `until` says enough or the stream ends.
async fn follow(
    caller: &Caller,
    path: &str,
    last_event_id: Option<&str>,
    until: impl Fn(&[Told]) -> bool,
) -> Vec<Told> {
    let mut request = caller.request(Method::GET, path).header("accept", "text/event-stream");
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let mut bytes = request.send().await.unwrap().bytes_stream();
    let (mut text, mut told) = (String::new(), Vec::new());
    let reading = async {
        while let Some(part) = bytes.next().await {
            text.push_str(std::str::from_utf8(&part.unwrap()).unwrap());
            while let Some((block, rest)) = text.clone().split_once("\n\n") {
                text = String::from(rest);
                told.extend(parse(block));
                if until(&told) {
                    return;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the stream said too little");
    told
}

fn parse(block: &str) -> Option<Told> {
    let field = |name: &str| {
        let prefix = format!("{name}: ");
        let line = block.lines().find_map(|line| line.strip_prefix(&prefix));
        line.unwrap_or_default().to_owned()
    };
    let told = (field("id"), field("event"), field("data"));
    (!told.1.is_empty()).then_some(told)
}

fn ids(told: &[Told]) -> Vec<&str> {
    told.iter().map(|(id, _, _)| id.as_str()).filter(|id| !id.is_empty()).collect()
}

#[tokio::test]
async fn a_watcher_gets_everything_once_while_it_happens_and_recorders_know() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    caller.put_chunk(&recording.id, 1, &recording.chunk(1)).await;
    let path = format!("/v1/traces/{}/stream", recording.id);
    let watcher = tokio::spawn({
        let (caller, path) = (caller.clone(), path.clone());
        async move { follow(&caller, &path, None, |_| false).await }
    });
    let is_there = async {
        while server.app.hub.watchers() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_there).await.unwrap();
    let reply = caller.put_chunk(&recording.id, 2, &recording.chunk(2)).await;
    assert_eq!(reply.json::<Value>().await.unwrap(), json!({"high_water": 2, "watching": true}));
    caller.put_chunk(&recording.id, 3, &recording.chunk(3)).await;
    caller.finalize(&recording, "failed").await;
    let told = watcher.await.unwrap();
    assert_eq!(ids(&told), ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    let names: Vec<&str> = told.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!((names[0], names[5]), ("run.start", "network.response"));
    assert_eq!(names[10..], ["finalized", "end"]);
    let end: Value = serde_json::from_str(&told[11].2).unwrap();
    assert_eq!(end["status"], json!("failed"));
    let lines: String = told[..10].iter().flat_map(|(_, _, data)| [data, "\n"]).collect();
    assert_eq!(lines, recording.all_lines());
}

#[tokio::test]
async fn a_stream_resumes_where_it_broke_whatever_became_of_the_trace() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    caller.put_chunk(&recording.id, 1, &recording.chunk(1)).await;
    let path = format!("/v1/traces/{}/stream", recording.id);
    let first = follow(&caller, &path, None, |told| ids(told).len() == 2).await;
    assert_eq!(ids(&first), ["1", "2"]);
    for n in [2, 3] {
        caller.put_chunk(&recording.id, n, &recording.chunk(n)).await;
    }
    caller.finalize(&recording, "failed").await;
    caller.wait_for_archive(&recording.id).await;
    let rest = follow(&caller, &path, Some("2"), |_| false).await;
    assert_eq!(ids(&rest), ["3", "4", "5", "6", "7", "8", "9", "10"]);
    let from = follow(&caller, &format!("{path}?from_seq=9"), None, |_| false).await;
    assert_eq!(ids(&from), ["9", "10"]);
}

#[tokio::test]
async fn a_shutdown_ends_streams_in_time() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    caller.put_chunk(&recording.id, 1, &recording.chunk(1)).await;
    let path = format!("/v1/traces/{}/stream", recording.id);
    let watcher = tokio::spawn(async move { follow(&caller, &path, None, |_| false).await });
    while server.app.hub.watchers() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.stop().await;
    let told = watcher.await.unwrap();
    assert!(told.iter().all(|(_, name, _)| name != "end"), "a shutdown is not the end: {told:?}");
}
