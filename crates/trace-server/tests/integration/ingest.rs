//! The way in: idempotent, in any order, durable.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{TestApp, refusal};
use crate::recording::{Recording, sha256};

#[tokio::test]
async fn register_is_idempotent_and_both_ids_and_prefixes_find_the_trace() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    let first = caller.register(&recording).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    let first: Value = first.json().await.unwrap();
    let again = caller.register(&recording).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let short_id = first["short_id"].as_str().unwrap();
    for path in [
        format!("/v1/traces/{}", recording.id),
        format!("/v1/traces/{short_id}"),
        format!("/v1/trace/traces/{short_id}"),
    ] {
        let row = caller.get_json(&path).await;
        assert_eq!(row["id"], json!(recording.id), "{path}");
        assert_eq!(row["status"], json!("running"));
    }
}

#[tokio::test]
async fn chunks_arrive_in_any_order_and_the_mark_moves_over_closed_gaps() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    for (n, expect) in [(3, 0), (1, 1), (2, 3)] {
        let reply = caller.put_chunk(&recording.id, n, &recording.chunk(n)).await;
        assert_eq!(reply.status(), StatusCode::CREATED);
        let reply: Value = reply.json().await.unwrap();
        assert_eq!(reply, json!({"high_water": expect, "watching": false}), "chunk {n}");
    }
    let again = caller.put_chunk(&recording.id, 2, &recording.chunk(2)).await;
    assert_eq!(again.status(), StatusCode::OK);
    let other = Recording::long(1, 1, 3).chunk(1);
    let conflict = caller.put_chunk(&recording.id, 2, &other).await;
    assert_eq!(refusal(conflict).await, (409, "chunk_conflict".to_owned()));
    caller.register(&recording).await;
    let known: Value = caller.register(&recording).await.json().await.unwrap();
    assert_eq!(known["high_water"], json!(3));
}

#[tokio::test]
async fn concurrent_uploads_of_one_chunk_leave_one_winner_with_its_own_bytes() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    let (a, b) = (recording.chunk(1), Recording::long(1, 1, 3).chunk(1));
    let (first, second) = tokio::join!(
        caller.put_chunk(&recording.id, 1, &a),
        caller.put_chunk(&recording.id, 1, &b)
    );
    let mut found = [first.status().as_u16(), second.status().as_u16()];
    found.sort_unstable();
    assert_eq!(found, [201, 409]);
    assert_eq!(caller.seqs(&format!("/v1/traces/{}/events", recording.id)).await, [1, 2, 3]);
}

#[tokio::test]
async fn finalize_names_what_is_missing_and_closes_once() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    caller.put_chunk(&recording.id, 2, &recording.chunk(2)).await;
    let refused: Value = caller.finalize(&recording, "failed").await.json().await.unwrap();
    assert_eq!((&refused["code"], &refused["missing"]), (&json!("missing_chunks"), &json!([1, 3])));
    for n in [1, 3] {
        caller.put_chunk(&recording.id, n, &recording.chunk(n)).await;
    }
    let path = format!("/v1/traces/{}/finalize", recording.id);
    let wrong = caller.post(&path, &json!({"status": "failed", "chunks": 3, "last_seq": 9})).await;
    assert_eq!(refusal(wrong).await, (422, "bad_seq".to_owned()));
    for _ in 0..2 {
        assert_eq!(caller.finalize(&recording, "failed").await.status(), StatusCode::ACCEPTED);
    }
    let other = caller.finalize(&recording, "passed").await;
    assert_eq!(refusal(other).await, (409, "finalized".to_owned()));
    let late = caller.put_chunk(&recording.id, 4, &recording.chunk(3)).await;
    assert_eq!(refusal(late).await, (409, "finalized".to_owned()));
    let known = caller.put_chunk(&recording.id, 3, &recording.chunk(3)).await;
    assert_eq!(known.status(), StatusCode::OK);
}

#[tokio::test]
async fn blobs_are_verified_deduplicated_and_served_harmless() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let (one, two) = (Recording::failed(1), Recording::failed(2));
    caller.register(&one).await;
    caller.register(&two).await;
    let html = b"<script>alert(1)</script>".repeat(400);
    let name = sha256(&html);
    let ask = json!({"sha256": [name, format!("sha256:{name}")]});
    let path = |id: &str| format!("/v1/traces/{id}/blobs/missing");
    let missing: Value = caller.post(&path(&one.id), &ask).await.json().await.unwrap();
    assert_eq!(missing["missing"].as_array().unwrap().len(), 2);
    let sent = caller.put_blob(&one.id, &html, "text/html").await;
    assert_eq!(sent.status(), StatusCode::CREATED);
    assert_eq!(caller.put_blob(&one.id, &html, "text/html").await.status(), StatusCode::OK);
    // The organisation holds it now, so another trace of it need not send it and may read it.
    let missing: Value = caller.post(&path(&two.id), &ask).await.json().await.unwrap();
    assert_eq!(missing, json!({"missing": []}));
    let read = caller.get(&format!("/v1/traces/{}/blobs/{name}", two.id)).await;
    let headers = read.headers().clone();
    assert_eq!(read.bytes().await.unwrap(), html);
    for (header, expect) in [
        ("content-type", "application/octet-stream"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
    ] {
        assert_eq!(headers[header], expect, "{header}");
    }
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
}

#[tokio::test]
async fn compressed_blobs_must_decompress_to_their_name() {
    let server = TestApp::with(|config| config.limits.blob_bytes = 1 << 20).await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    let send = async |name: &str, body: Vec<u8>| {
        let path = format!("/v1/traces/{}/blobs/{name}", recording.id);
        let put = caller.request(Method::PUT, &path).header("content-encoding", "zstd");
        put.body(body).send().await.unwrap()
    };
    let raw = vec![b'a'; 100_000];
    let frame = zstd::encode_all(&raw[..], 3).unwrap();
    assert_eq!(send(&sha256(&raw), frame.clone()).await.status(), StatusCode::CREATED);
    let read = caller.get(&format!("/v1/traces/{}/blobs/{}", recording.id, sha256(&raw))).await;
    assert_eq!(read.bytes().await.unwrap(), raw);
    let lie = send(&sha256(b"other"), frame.clone()).await;
    assert_eq!(refusal(lie).await, (422, "digest_mismatch".to_owned()));
    let two = [frame.clone(), frame].concat();
    assert_eq!(refusal(send(&sha256(&raw), two).await).await, (422, "bad_frame".to_owned()));
    let bomb = zstd::encode_all(&vec![0; 5 << 20][..], 19).unwrap();
    assert_eq!(refusal(send(&sha256(b"bomb"), bomb).await).await, (413, "too_large".to_owned()));
}

#[tokio::test]
async fn artifacts_are_allow_listed_and_read_by_range() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    // Larger than what stays in memory on its way in.
    let video: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).take(3_000_000).collect();
    let id = &recording.id;
    assert_eq!(caller.put_artifact(id, "video.webm", &video).await.status(), StatusCode::CREATED);
    assert_eq!(caller.put_artifact(id, "video.webm", &video).await.status(), StatusCode::OK);
    let other = caller.put_artifact(id, "video.webm", b"other").await;
    assert_eq!(refusal(other).await, (409, "artifact_conflict".to_owned()));
    let named = caller.put_artifact(id, "index.html", b"<script>").await;
    assert_eq!(refusal(named).await, (422, "invalid".to_owned()));
    // A test with two contexts has two of Playwright's own.
    let second = "trace.playwright-2.zip";
    assert_eq!(caller.put_artifact(id, second, b"PK").await.status(), StatusCode::CREATED);
    let fetched = caller.get(&format!("/v1/traces/{id}/artifacts/{second}")).await;
    assert_eq!(fetched.headers()["content-type"], "application/zip");
    let listed = caller.get_json(&format!("/v1/traces/{id}")).await["artifacts"].to_string();
    assert!(listed.contains(second), "{listed}");
    let path = format!("/v1/traces/{id}/artifacts/video.webm");
    let part = caller.request(Method::GET, &path).header("range", "bytes=1000000-1000009");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["content-range"], "bytes 1000000-1000009/3000000");
    assert_eq!(part.bytes().await.unwrap(), video[1_000_000..1_000_010]);
    assert_eq!(caller.get(&path).await.bytes().await.unwrap(), video);
    assert_eq!(std::fs::read_dir(server.app.config.storage.staging_dir()).unwrap().count(), 0);
}
