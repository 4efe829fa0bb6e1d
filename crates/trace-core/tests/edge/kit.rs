//! What the tests share: a root of their own, options, and a trace read back line by line.

use std::path::{Path, PathBuf};

use serde_json::Value;
use trace_core::chunk::frame;
use trace_core::edge::vault::VaultOptions;
use trace_core::edge::{
    ContentDraft, Draft, Finish, FinishReport, Limits, Masks, Recorder, RecorderOptions,
    ServerOptions,
};
use trace_core::{Timestamp, TraceId};

pub(crate) const WALL_MS: u64 = 1_767_225_600_000;

pub(crate) fn trace_id(n: u8) -> TraceId {
    TraceId::from_random([n; 16])
}

pub(crate) fn options(root: &Path, n: u8) -> RecorderOptions {
    RecorderOptions {
        root: root.to_owned(),
        org: "local".parse().unwrap(),
        trace_id: trace_id(n),
        wall_ms: WALL_MS,
        run_start: r#"{"project":"shop","scenario":{"slug":"upgrade"}}"#.to_owned(),
        server: None,
        hold: false,
        rules: trace_core::redact::Rules::default(),
        vault: VaultOptions::Auto,
        masks: Masks::default(),
        limits: Limits::default(),
    }
}

pub(crate) fn shipped_to(url: &str, root: &Path, n: u8) -> RecorderOptions {
    let key = Some("molar_sk_fake".to_owned());
    RecorderOptions { server: Some(ServerOptions { url: url.to_owned(), key }), ..options(root, n) }
}

pub(crate) fn log(text: &str) -> Draft {
    Draft {
        ts: Timestamp::from_us(5000),
        kind: "console.log".to_owned(),
        payload: serde_json::json!({"level": "log", "text": text}).to_string(),
        ..Draft::default()
    }
}

pub(crate) fn body(media_type: &str, data: Vec<u8>) -> Draft {
    let content = ContentDraft {
        field: "body".to_owned(),
        media_type: media_type.to_owned(),
        data,
        truncated: 0,
    };
    Draft {
        ts: Timestamp::from_us(6000),
        kind: "network.response".to_owned(),
        step_id: Some("s1".to_owned()),
        payload: r#"{"request_id":"r1","status":200}"#.to_owned(),
        contents: vec![content],
    }
}

pub(crate) fn passed(recorder: &Recorder) -> FinishReport {
    recorder.finish(Finish {
        ts: Timestamp::from_us(9000),
        status: "passed".to_owned(),
        payload: r#"{"duration_ms":9}"#.to_owned(),
    })
}

/// The lines of a finished trace.
pub(crate) fn lines(dir: &Path) -> Vec<Value> {
    let file = std::fs::read(dir.join("trace.ndjson.zst")).unwrap();
    parse(&frame::decode_all(&file, 1 << 30).unwrap())
}

pub(crate) fn parse(raw: &[u8]) -> Vec<Value> {
    raw.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// Every trace has to have this: seq from 1 without gaps, `run.start` first, `run.end` last with the right counts.
pub(crate) fn check_whole(lines: &[Value]) {
    for (line, seq) in lines.iter().zip(1..) {
        assert_eq!(line["seq"], seq, "{line}");
    }
    assert_eq!(lines[0]["kind"], "run.start");
    let end = lines.last().unwrap();
    assert_eq!(end["kind"], "run.end");
    let mut counts = serde_json::Map::new();
    for line in lines {
        let count = counts.entry(line["kind"].as_str().unwrap()).or_insert(0.into());
        *count = (count.as_u64().unwrap() + 1).into();
    }
    assert_eq!(end["counts"].as_object().unwrap(), &counts);
}

pub(crate) fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

/// Every file below a directory with its bytes.
pub(crate) fn tree(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    files(dir).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}
