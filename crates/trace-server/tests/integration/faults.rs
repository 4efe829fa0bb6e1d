//! Broken input is refused with a code that says which way it is broken.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Caller, TestApp, refusal};
use crate::recording::{Recording, compress, sha256};

async fn check(caller: &Caller, id: &str, n: u32, body: &[u8], expect: (u16, &str)) {
    let found = refusal(caller.put_chunk(id, n, body).await).await;
    assert_eq!(found, (expect.0, expect.1.to_owned()));
}

#[tokio::test]
async fn every_kind_of_damage_has_its_code_and_leaves_nothing() {
    let server = TestApp::with(|config| config.limits.chunk_raw_bytes = 1 << 20).await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    let (id, good) = (&recording.id, recording.chunk(1));
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let lines = recording.lines(1);
    let second = compress(&recording.lines(2));
    for (body, code) in [
        (b"not zstd".to_vec(), "bad_frame"),
        (good[..good.len() - 3].to_vec(), "bad_frame"),
        (flipped, "bad_frame"),
        ([good.clone(), good.clone()].concat(), "bad_frame"),
        (compress(lines.trim_end()), "bad_line"),
        (compress(&format!("{lines}{{\"ts\":9,\n")), "bad_line"),
        (compress(&lines.replace("\"seq\":2", "\"seq\":5")), "bad_seq"),
        (compress(&lines.replace("\"format\":1", "\"format\":2")), "from_the_future"),
        (compress(&lines.replace("run.start", "run.begin")), "bad_line"),
        (compress(""), "bad_line"),
        (second.clone(), "bad_line"),
    ] {
        check(&caller, id, 1, &body, (422, code)).await;
    }
    check(&caller, id, 1, &compress(&"x".repeat(2 << 20)), (413, "too_large")).await;
    assert!(caller.seqs(&format!("/v1/traces/{id}/events")).await.is_empty());
    assert_eq!(caller.put_chunk(id, 1, &good).await.status(), 201);
    check(&caller, id, 2, &recording.chunk(3), (422, "bad_seq")).await;
    assert_eq!(caller.put_chunk(id, 3, &recording.chunk(3)).await.status(), 201);
    let short = compress(&recording.lines(2).lines().next().map(|l| format!("{l}\n")).unwrap());
    check(&caller, id, 2, &short, (422, "bad_seq")).await;
    assert_eq!(caller.put_chunk(id, 2, &second).await.status(), 201);
}

#[tokio::test]
async fn wrong_digests_sizes_and_numbers_are_refused() {
    let server = TestApp::with(|config| config.limits.chunk_bytes = 1000).await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    let put = |n: &str, body: Vec<u8>, digest: Option<String>| {
        let path = format!("/v1/traces/{}/chunks/{n}", recording.id);
        let request = caller.request(Method::PUT, &path).body(body);
        match digest {
            Some(digest) => request.header("x-molar-sha256", digest).send(),
            None => request.send(),
        }
    };
    let good = recording.chunk(1);
    let found = refusal(put("1", good.clone(), Some(sha256(b"else"))).await.unwrap()).await;
    assert_eq!(found, (422, "digest_mismatch".to_owned()));
    let found = refusal(put("1", good.clone(), None).await.unwrap()).await;
    assert_eq!(found, (400, "digest_required".to_owned()));
    for n in ["0", "-1", "x"] {
        let found = refusal(put(n, good.clone(), Some(sha256(&good))).await.unwrap()).await;
        assert_eq!(found, (422, "bad_seq".to_owned()), "{n}");
    }
    let large = vec![0; 2000];
    let found = refusal(put("1", large.clone(), Some(sha256(&large))).await.unwrap()).await;
    assert_eq!(found, (413, "too_large".to_owned()));
}

#[tokio::test]
async fn questions_that_make_no_sense_are_explained() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let recording = Recording::failed(1);
    caller.register(&recording).await;
    let path = format!("/v1/traces/{}/events?query=seq.x%3D1", recording.id);
    let body: Value = caller.get(&path).await.json().await.unwrap();
    assert_eq!((&body["code"], &body["position"]), (&json!("bad_query"), &json!(0)));
    for path in [
        "/v1/traces?status=done",
        "/v1/traces?from=yesterday",
        "/v1/traces?cursor=x",
        "/v1/traces?colour=red",
        &format!("/v1/traces/{}/events?limit=many", recording.id),
    ] {
        assert_eq!(refusal(caller.get(path).await).await, (422, "invalid".to_owned()), "{path}");
    }
    let future = json!({"format": 2, "what": "ever"});
    let found = refusal(caller.post("/v1/traces", &future).await).await;
    assert_eq!(found, (422, "from_the_future".to_owned()));
}
