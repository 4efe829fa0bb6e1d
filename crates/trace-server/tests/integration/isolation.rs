//! Two organisations, every route: what is another's does not exist.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::recording::{Recording, sha256};

#[tokio::test]
async fn another_organisations_ids_answer_exactly_like_missing_ones() {
    let server = TestApp::start().await;
    let (ours, theirs) = (server.caller("acme").await, server.caller("rival").await);
    let recording = Recording::failed(1);
    ours.register(&recording).await;
    ours.put_chunk(&recording.id, 1, &recording.chunk(1)).await;
    ours.put_blob(&recording.id, b"secret page", "text/html").await;
    ours.put_artifact(&recording.id, "video.webm", b"video").await;
    let row = ours.get_json(&format!("/v1/traces/{}", recording.id)).await;
    let short_id = row["short_id"].as_str().unwrap().to_owned();
    let blob = sha256(b"secret page");
    let missing = crate::recording::id(99);
    let routes = [
        (Method::GET, String::new()),
        (Method::GET, "/events".to_owned()),
        (Method::GET, "/stream".to_owned()),
        (Method::GET, "/artifacts/video.webm".to_owned()),
        (Method::GET, format!("/blobs/{blob}")),
        (Method::PUT, "/chunks/2".to_owned()),
        (Method::PUT, format!("/blobs/{blob}")),
        (Method::PUT, "/artifacts/video.webm".to_owned()),
        (Method::POST, "/blobs/missing".to_owned()),
        (Method::POST, "/finalize".to_owned()),
        (Method::POST, "/abort".to_owned()),
        (Method::POST, "/pin".to_owned()),
        (Method::DELETE, "/pin".to_owned()),
        (Method::POST, "/replay".to_owned()),
        (Method::GET, "/replays".to_owned()),
        (Method::GET, format!("/diff/{}", recording.id)),
    ];
    for (method, route) in routes {
        let mut answers = Vec::new();
        for id in [recording.id.as_str(), &short_id, &missing, "nonsense"] {
            let path = format!("/v1/traces/{id}{route}");
            let answer = theirs.request(method.clone(), &path).body("{}").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
            answers.push(answer.text().await.unwrap());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{method} {route} tells them apart");
    }
    assert_eq!(theirs.get_json("/v1/traces").await["items"], json!([]));
    let again = ours.get_json(&format!("/v1/traces/{}", recording.id)).await;
    assert_eq!(again, row, "a refused call changed something");
}

#[tokio::test]
async fn what_others_store_neither_shows_nor_spares_an_upload_nor_opens_anything() {
    let server = TestApp::start().await;
    let (ours, theirs) = (server.caller("acme").await, server.caller("rival").await);
    let (one, two) = (Recording::failed(1), Recording::failed(2));
    ours.register(&one).await;
    theirs.register(&two).await;
    ours.put_blob(&one.id, b"secret page", "text/html").await;
    let name = sha256(b"secret page");
    let path = format!("/v1/traces/{}/blobs", two.id);
    let ask = json!({"sha256": [name]});
    let missing: Value = theirs.post(&format!("{path}/missing"), &ask).await.json().await.unwrap();
    assert_eq!(missing, json!({"missing": [name]}));
    assert_eq!(theirs.get(&format!("{path}/{name}")).await.status(), StatusCode::NOT_FOUND);
    // An upload of the name without the content must not become a reading right.
    let lie = theirs.request(Method::PUT, &format!("{path}/{name}")).body("guess").send().await;
    assert_eq!(lie.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(theirs.get(&format!("{path}/{name}")).await.status(), StatusCode::NOT_FOUND);
    // Whoever has the bytes is answered as if nobody had them.
    let own = theirs.put_blob(&two.id, b"secret page", "text/html").await;
    assert_eq!(own.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn the_same_trace_id_in_two_organisations_is_two_traces() {
    let server = TestApp::start().await;
    let (ours, theirs) = (server.caller("acme").await, server.caller("rival").await);
    let recording = Recording::failed(1);
    assert_eq!(ours.register(&recording).await.status(), StatusCode::CREATED);
    ours.put_chunk(&recording.id, 1, &recording.chunk(1)).await;
    let other: Value = theirs.register(&recording).await.json().await.unwrap();
    assert_eq!(other["high_water"], json!(0));
    assert!(theirs.seqs(&format!("/v1/traces/{}/events", recording.id)).await.is_empty());
}
