//! Recorded documents in the store: what two runs share is there once, and each comes back as its page wrote it.

use serde_json::{Value, json};
use trace_core::Timestamp;
use trace_core::blob::{BlobId, ObjectKey, decode_stored};
use trace_core::dom::{TEMPLATE_MEDIA_TYPE, TemplateError};
use trace_core::edge::{ContentDraft, Draft, Recorder};
use trace_core::event::{Content, ContentData};

use crate::kit::{files, lines, of_kind, options, passed};

/// A page of some size, as served on a port at a time.
fn page(port: u16, time: u64) -> String {
    let items: Vec<Value> = (10..200)
        .map(|id| json!({"type": 2, "tagName": "a", "attributes": {"href": format!("http://127.0.0.1:{port}/{id}")}, "childNodes": [], "id": id}))
        .collect();
    let node = json!({"type": 0, "id": 1, "childNodes": [{"type": 2, "tagName": "html", "attributes": {}, "childNodes": items, "id": 2}]});
    json!([
        {"type": 4, "data": {"href": format!("http://127.0.0.1:{port}/"), "width": 9, "height": 9}, "timestamp": time},
        {"type": 2, "data": {"node": node, "initialOffset": {"left": 0, "top": 0}}, "timestamp": time + 1},
    ])
    .to_string()
}

fn snapshot(events: &str) -> Draft {
    let fields = json!({"page": "p1", "frame": "p1f1", "frame_url": "http://a/", "stream": "d1", "generation": 1, "count": 2, "first_ts": 1, "last_ts": 2});
    let content = ContentDraft {
        field: "events".to_owned(),
        media_type: "application/json".to_owned(),
        data: events.as_bytes().to_vec(),
        truncated: 0,
    };
    Draft {
        ts: Timestamp::from_us(1000),
        kind: "dom.snapshot".to_owned(),
        payload: fields.to_string(),
        contents: vec![content],
        ..Draft::default()
    }
}

#[test]
fn two_runs_of_a_page_share_its_parts_and_each_comes_back_whole() {
    let root = tempfile::tempdir().unwrap();
    let pages = [page(4000, 1_763_730_000_123), page(51_234, 1_763_731_111_456)];
    for (n, page) in (1..).zip(&pages) {
        let recorder = Recorder::start(options(root.path(), n)).unwrap();
        recorder.append(snapshot(page));
        let report = passed(&recorder);
        let written = lines(&report.dir);
        let content = of_kind(&written, "dom.snapshot")[0]["events"].clone();
        let content: Content = serde_json::from_value(content).unwrap();
        let ContentData::Template(template) = &content.data else { panic!("{content:?}") };
        assert_eq!(content.size, page.len() as u64);
        let read = |blob: &BlobId| -> Result<Vec<u8>, TemplateError> {
            let stored = std::fs::read(root.path().join(ObjectKey::blob(blob).as_str())).unwrap();
            Ok(decode_stored(blob, &stored, 1 << 20).unwrap())
        };
        assert_eq!(&template.rebuild(1 << 20, read).unwrap(), page);
        let manifest = std::fs::read_to_string(report.dir.join("manifest.json")).unwrap();
        assert!(manifest.contains(TEMPLATE_MEDIA_TYPE), "{manifest}");
        assert!(template.parts.iter().all(|part| manifest.contains(&part.blob.hex())));
        assert_eq!(files(&root.path().join("blobs")).len(), template.parts.len(), "run {n}");
    }
}
