//! Reading: the same answer live, viewable and archived.

use serde_json::{Value, json};

use crate::app::{Caller, TestApp};
use crate::recording::Recording;

const QUESTIONS: [(&str, &[u64]); 13] = [
    ("", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ("query=status%3E%3D400", &[6]),
    ("query=kind%3Dstep.*%20AND%20NOT%20status%3Dfailed", &[2, 4, 5]),
    ("kind=network.response", &[6]),
    ("kind=step.start,step.end", &[2, 4, 5, 8]),
    ("step=2", &[5, 6, 7, 8]),
    ("step=s1", &[2, 3, 4]),
    ("query=step%20in%202..2%20AND%20pass%3Dfalse", &[7]),
    ("from_seq=4&to_seq=6", &[4, 5, 6]),
    ("from_ts=5&to_ts=7", &[6, 7, 8]),
    ("step=2&from_seq=7", &[7, 8]),
    ("limit=3", &[1, 2, 3]),
    ("query=status%3D999", &[]),
];

async fn ask(caller: &Caller, id: &str) -> Vec<Value> {
    let mut answers = Vec::new();
    for (question, expect) in QUESTIONS {
        let path = format!("/v1/traces/{id}/events?{question}");
        assert_eq!(caller.seqs(&path).await, expect, "{question}");
        answers.push(caller.get_json(&path).await);
    }
    answers
}

async fn page_through(caller: &Caller, id: &str, question: &str) -> Vec<Vec<u64>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/traces/{id}/events?{question}{cursor}");
        let page = caller.get_json(&path).await;
        let items = page["items"].as_array().unwrap();
        pages.push(items.iter().map(|event| event["seq"].as_u64().unwrap()).collect());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn answers_do_not_depend_on_the_form_of_storage() {
    let server = TestApp::with(|config| config.jobs.workers = 0).await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    for n in 1..=recording.n_chunks() {
        caller.put_chunk(&recording.id, n, &recording.chunk(n)).await;
    }
    let live = ask(&caller, &recording.id).await;
    let pages = page_through(&caller, &recording.id, "query=kind%3Dstep.*&limit=2").await;
    // Where a page ends depends on seqs alone, so a full last page is followed by one that finds nothing more.
    assert_eq!(pages, [vec![2, 4], vec![5, 8], vec![]]);
    caller.finalize(&recording, "failed").await;
    assert_eq!(ask(&caller, &recording.id).await, live);
    assert!(trace_server::jobs::run_due(&server.app, "test").await.unwrap());
    let row = caller.get_json(&format!("/v1/traces/{}", recording.id)).await;
    assert_eq!((&row["archived"], &row["status"]), (&json!(true), &json!("failed")));
    assert_eq!(ask(&caller, &recording.id).await, live);
    let again = page_through(&caller, &recording.id, "query=kind%3Dstep.*&limit=2").await;
    assert_eq!(again, pages);
}

#[tokio::test]
async fn plain_lines_are_the_recorded_bytes() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.ship(&recording, "failed").await;
    caller.wait_for_archive(&recording.id).await;
    let path = format!("/v1/traces/{}/events", recording.id);
    let lines = caller
        .request(reqwest::Method::GET, &path)
        .header("accept", "application/x-ndjson")
        .send()
        .await
        .unwrap();
    assert_eq!(lines.headers()["content-type"], "application/x-ndjson");
    assert_eq!(lines.text().await.unwrap(), recording.all_lines());
}

#[tokio::test]
async fn the_list_filters_pages_and_searches() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    for (n, status) in [(1, "failed"), (2, "passed"), (3, "failed")] {
        let recording = Recording::failed(n);
        caller.ship(&recording, status).await;
        caller.wait_for_archive(&recording.id).await;
    }
    let signature = caller.get_json(&format!("/v1/traces/{}", crate::recording::id(1))).await;
    let signature = signature["failure_signature"].as_str().unwrap().to_owned();
    let ids = async |question: &str| {
        let list = caller.get_json(&format!("/v1/traces?{question}")).await;
        let items = list["items"].as_array().unwrap();
        let n =
            |row: &Value| (1..4_u8).find(|n| row["id"] == json!(crate::recording::id(*n))).unwrap();
        items.iter().map(n).collect::<Vec<u8>>()
    };
    for (question, expect) in [
        ("", vec![3, 2, 1]),
        ("status=failed", vec![3, 1]),
        ("status=passed&source=pr&tier=hot&run=run-1", vec![2]),
        ("source=manual", vec![]),
        ("scenario=checkout", vec![3, 2, 1]),
        ("scenario=other", vec![]),
        (&format!("signature={signature}"), vec![3, 1]),
        ("pinned=true", vec![3, 1]),
        ("q=webhookhandler", vec![3, 2, 1]),
        ("q=%22%20OR%20*", vec![]),
        ("q=stripe%20checkout", vec![3, 2, 1]),
        ("q=nowhere", vec![]),
        ("from=2000-01-01&to=2000-01-02", vec![]),
        ("from=2000-01-01", vec![3, 2, 1]),
    ] {
        assert_eq!(ids(question).await, expect, "{question}");
    }
    let first = caller.get_json("/v1/traces?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = caller.get_json(&format!("/v1/traces?limit=2&cursor={cursor}")).await;
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_cursor"], Value::Null);
}
