//! A whole trace in one request.

use std::io::Read as _;
use std::path::Path;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use trace_core::edge::{
    self, BundleOptions, ContentDraft, Draft, Finish, Limits, Masks, Recorder, RecorderOptions,
};
use trace_core::{Timestamp, TraceId};

use crate::app::{Caller, TestApp, refusal};
use crate::recording::{Recording, sha256};

/// A recorded test with a blob and a video, as `molar-trace bundle` writes it.
fn bundle(numbers: &[u8]) -> Vec<u8> {
    let root = tempfile::tempdir().unwrap();
    let dirs: Vec<_> = numbers.iter().map(|n| record(root.path(), *n)).collect();
    let mut bytes = Vec::new();
    edge::write_bundle(&dirs, BundleOptions::default(), &mut bytes, |_, _| {}).unwrap();
    bytes
}

fn record(root: &Path, n: u8) -> std::path::PathBuf {
    let recorder = Recorder::start(RecorderOptions {
        root: root.to_owned(),
        org: "local".parse().unwrap(),
        trace_id: TraceId::from_random([n; 16]),
        wall_ms: 1_767_225_600_000,
        run_start: json!({"project": "chromium", "scenario": {"slug": "upgrade"}}).to_string(),
        server: None,
        rules: trace_core::redact::Rules::default(),
        vault: edge::vault::VaultOptions::Off,
        hold: false,
        masks: Masks::default(),
        limits: Limits::default(),
    })
    .unwrap();
    for at in 1..200_u64 {
        let payload = json!({"level": "error", "text": sha256(&at.to_le_bytes())}).to_string();
        let data = if at == 7 { vec![b'x'; 9000] } else { Vec::new() };
        let content = ContentDraft {
            field: "body".to_owned(),
            media_type: "text/html".to_owned(),
            data,
            truncated: 0,
        };
        let contents = if at == 7 { vec![content] } else { Vec::new() };
        let kind = if at == 7 { "network.response" } else { "console.error" };
        let (ts, kind) = (Timestamp::from_us(at), kind.to_owned());
        recorder.append(Draft { ts, kind, step_id: None, payload, contents });
    }
    let film = root.join("film");
    std::fs::write(&film, [0x1a, 0x45, 0xdf, 0xa3, n]).unwrap();
    recorder.add_artifact("video.webm".parse().unwrap(), film, true);
    let (ts, payload) = (Timestamp::from_us(500), json!({"duration_ms": 1}).to_string());
    recorder.finish(Finish { ts, status: "failed".to_owned(), payload }).dir
}

/// The bundle with some files replaced, and a list that says so.
fn forged(bundle: &[u8], change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut tar = tar::Archive::new(zstd::Decoder::new(bundle).unwrap());
    let mut list = Value::Null;
    let mut files = Vec::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if name == "bundle.json" {
            list = serde_json::from_slice(&bytes).unwrap();
            continue;
        }
        let bytes = change(&name, bytes);
        for listed in list["files"].as_array_mut().unwrap() {
            if listed["name"] == name.as_str() {
                listed["size"] = bytes.len().into();
                listed["sha256"] = sha256(&bytes).into();
            }
        }
        files.push((name, bytes));
    }
    files.insert(0, ("bundle.json".to_owned(), list.to_string().into_bytes()));
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    zstd::encode_all(&tar.into_inner().unwrap()[..], 1).unwrap()
}

async fn send(caller: &Caller, bytes: Vec<u8>) -> Response {
    caller.request(Method::POST, "/v1/traces/ingest").body(bytes).send().await.unwrap()
}

async fn send_form(caller: &Caller, bytes: &[u8]) -> Response {
    let mut form =
        b"--cut\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nnightly\r\n--cut\r\n\
        content-disposition: form-data; name=\"file\"; filename=\"t.tar.zst\"\r\n\r\n"
            .to_vec();
    form.extend_from_slice(bytes);
    form.extend_from_slice(b"\r\n--cut--\r\n");
    let request = caller.request(Method::POST, "/v1/trace/traces/ingest");
    request
        .header("content-type", "multipart/form-data; boundary=cut")
        .body(form)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_bundle_becomes_a_trace_once() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    let bytes = bundle(&[1]);
    let first = send(&caller, bytes.clone()).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    let first: Value = first.json().await.unwrap();
    let id = first["id"].as_str().unwrap().to_owned();
    assert_eq!(first["missing_blobs"], 0);
    assert_eq!(first["artifacts"][0]["name"], "video.webm");
    assert!(first["url"].as_str().unwrap().ends_with(&id), "{first}");
    let row = caller.wait_for_archive(&id).await;
    assert_eq!((&row["status"], &row["blobs"]["count"]), (&json!("failed"), &json!(1)));
    let events = caller.get_json(first["links"]["events"].as_str().unwrap()).await;
    assert_eq!(events["items"].as_array().unwrap().len(), 200);
    let video = format!("/v1/traces/{id}/artifacts/video.webm");
    assert_eq!(caller.get(&video).await.bytes().await.unwrap()[4], 1);

    // Again, the other way: nothing is new, and what was finished stays so.
    let again = send_form(&caller, &bytes).await;
    assert_eq!(again.status(), StatusCode::OK);
    let again: Value = again.json().await.unwrap();
    for part in ["id", "url", "links", "missing_blobs", "blobs", "events"] {
        let expect = if part == "events" { &row[part] } else { &first[part] };
        assert_eq!(&again[part], expect, "{part}");
    }
    assert_eq!((&again["status"], &again["archived"]), (&json!("failed"), &json!(true)));
    // Another organisation has a trace of its own, and nothing of this one.
    let stranger = server.caller("other").await;
    assert_eq!(stranger.get(&format!("/v1/traces/{id}")).await.status(), StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_bundle_of_one_trace_is_refused_and_leaves_nothing() {
    let server = TestApp::with(|config| config.limits.bundle_bytes = 64 << 10).await;
    let caller = server.caller("acme").await;
    let good = bundle(&[1]);
    let check = async |bytes: Vec<u8>, expect: (u16, &str), says: &str| {
        let answer = send(&caller, bytes).await;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        assert_eq!((status, body["code"].as_str().unwrap()), expect, "{says}: {body}");
        assert!(body["message"].as_str().unwrap().contains(says), "no `{says}` in {body}");
    };
    let bad = (422, "bad_bundle");
    check(Vec::new(), bad, "no bundle").await;
    check(b"no archive".to_vec(), bad, "").await;
    check(good[..good.len() / 2].to_vec(), bad, "").await;
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 0xff;
    check(flipped, bad, "").await;
    check(bundle(&[1, 2]), bad, "holds 2 traces").await;
    check(vec![0; 65 << 10], (413, "too_large"), "").await;
    // Little on the wire, too much in it.
    let vast =
        forged(
            &good,
            |name, bytes| {
                if name.ends_with("summary.json") { vec![b' '; 1 << 20] } else { bytes }
            },
        );
    assert!(vast.len() < 64 << 10);
    check(vast, (413, "too_large"), "at most 65536").await;
    let swapped = |file: &'static str, with: Vec<u8>| {
        forged(&good, move |name, bytes| if name.ends_with(file) { with.clone() } else { bytes })
    };
    check(swapped("manifest.json", b"{}".to_vec()), bad, "not finished").await;
    check(swapped("video.webm", b"other".to_vec()), (422, "digest_mismatch"), "SHA-256").await;
    check(swapped("trace.ndjson.zst", b"{\"ts\":0}\n".to_vec()), bad, "").await;
    let other = Recording::failed(9).chunk(1);
    check(swapped("trace.ndjson.zst", other), bad, "another trace").await;
    let blob =
        forged(&good, |name, bytes| if name.starts_with("blobs/") { b"x".to_vec() } else { bytes });
    check(blob, (422, "digest_mismatch"), "").await;
    let form = caller.request(Method::POST, "/v1/traces/ingest").body("--cut--\r\n");
    let form =
        form.header("content-type", "multipart/form-data; boundary=cut").send().await.unwrap();
    assert_eq!(refusal(form).await, (422, "bad_bundle".to_owned()));

    let reader = server.reader("acme").await;
    assert_eq!(refusal(send(&reader, good.clone()).await).await, (403, "missing_scope".to_owned()));
    assert_eq!(caller.get_json("/v1/traces").await["items"], json!([]));
    // The good one still gets in, unless somebody else's chunk has its number.
    let taken = Recording::long(1, 1, 3);
    caller.register(&taken).await;
    caller.put_chunk(&taken.id, 1, &taken.chunk(1)).await;
    assert_eq!(refusal(send(&caller, good).await).await, (409, "chunk_conflict".to_owned()));
    let staging = server.app.config.storage.staging_dir();
    let emptied = async {
        while std::fs::read_dir(&staging).unwrap().next().is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::app::PATIENCE, emptied).await.expect("staging is not emptied");
    server.stop().await;
}
