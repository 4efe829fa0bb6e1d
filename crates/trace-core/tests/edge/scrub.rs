//! A secret that the rules did not know is taken out of finished traces.

use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use trace_core::chunk::frame::decode_all;
use trace_core::edge::scrub::{ScrubError, Wanted, plan, scrub};
use trace_core::edge::{Draft, Recorder, open_trace};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::kit::{body, check_whole, lines, log, options, passed, tree};

/// No rule knows it, and it needs escapes everywhere.
const SECRET: &str = "Blue \"Ocean\"/42 ä";

fn wanted() -> Wanted {
    Wanted::values(vec![SECRET.to_owned()]).unwrap()
}

fn page(extra: &str) -> Draft {
    body("text/html", format!("<p>{SECRET}</p>{extra}{}", "x".repeat(6000)).into_bytes())
}

/// A trace that says the secret in a line, in inline bytes, in blobs and in its archive.
fn record(root: &Path, n: u8, own: &str) -> PathBuf {
    let recorder = Recorder::start(options(root, n)).unwrap();
    recorder.append(log(&format!("said {SECRET}")));
    recorder.append(log("nothing here"));
    recorder.append(Draft {
        kind: "network.request".to_owned(),
        payload: json!({"url": "http://127.0.0.1/?q=Blue%20%22Ocean%22%2F42%20%C3%A4",
            "body": {"size": 21, "media_type": "application/octet-stream", "base64": STANDARD.encode(format!("\u{0}{SECRET}"))}})
        .to_string(),
        ..log("")
    });
    recorder.append(page("shared"));
    recorder.append(page(own));
    let zip = root.join("from.zip");
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("1-trace.trace", format!("{}\n", json!({"type": "console", "text": SECRET}))),
        ("resources/a.html", format!("<b>{SECRET}</b>")),
        ("resources/b.css", "b{}".to_owned()),
    ] {
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    std::fs::write(&zip, out.finish().unwrap().into_inner()).unwrap();
    recorder.add_artifact("trace.playwright.zip".parse().unwrap(), zip, true);
    passed(&recorder).dir
}

/// Everything below a directory, unpacked as far as it can be.
fn everything(dir: &Path) -> String {
    let mut all = Vec::new();
    for (_, bytes) in tree(dir) {
        all.extend(decode_all(&bytes, 1 << 30).unwrap_or_default());
        if let Ok(mut zip) = ZipArchive::new(Cursor::new(&bytes)) {
            for n in 0..zip.len() {
                zip.by_index(n).unwrap().read_to_end(&mut all).unwrap();
            }
        }
        all.extend(bytes);
    }
    String::from_utf8_lossy(&all).into_owned()
}

fn stands_in(all: &str) -> bool {
    let found = STANDARD.encode(format!("\u{0}{SECRET}"));
    ["Ocean", "%22Ocean", found.as_str()].iter().any(|form| all.contains(form))
}

#[test]
fn a_scrubbed_trace_says_the_secret_nowhere() {
    let root = tempfile::tempdir().unwrap();
    let (first, second) = (record(root.path(), 1, "a"), record(root.path(), 2, "b"));
    assert!(stands_in(&everything(root.path())), "the check itself must be able to fail");
    let before = tree(root.path());
    let planned = plan(&first, &mut wanted(), false).unwrap();
    assert_eq!(tree(root.path()), before, "a plan changes nothing");
    let told = scrub(&first, &mut wanted(), false).unwrap();
    assert_eq!(
        (planned.lines, planned.places, planned.blobs),
        (told.lines, told.places, told.blobs)
    );
    assert_eq!((told.lines, told.blobs), (4, 2), "{told:?}");
    assert_eq!(told.artifacts, ["trace.playwright.zip"]);
    assert_eq!(told.shared.len(), 1, "the other trace needs one of the blobs");
    assert!(!stands_in(&everything(&first)));
    check_whole(&lines(&first));
    check_readable(&first, root.path());
    // The second trace lets the last clear blob go.
    let told = scrub(&second, &mut wanted(), true).unwrap();
    assert_eq!(told.shared, Vec::<String>::new());
    assert!(!stands_in(&everything(root.path())));
    check_readable(&second, root.path());
    let again = scrub(&second, &mut wanted(), false).unwrap();
    assert_eq!((again.lines, again.places, again.blobs), (0, 0, 0));
    assert!(!second.join("scrub").exists() && !second.join("recorder.lock").exists());
}

/// Sizes, digests and references of the clean trace agree with what is there.
fn check_readable(dir: &Path, root: &Path) {
    let trace = open_trace(dir).unwrap();
    assert!(trace.events().all(|event| event.is_ok()));
    let manifest = std::fs::read(dir.join("manifest.json")).unwrap();
    let manifest: trace_core::trace::Manifest = serde_json::from_slice(&manifest).unwrap();
    for blob in &manifest.blobs {
        let id = trace_core::blob::BlobId::from_hex(&blob.sha256).unwrap();
        let stored = std::fs::read(root.join(trace_core::blob::ObjectKey::blob(&id).as_str()));
        let raw = trace_core::blob::decode_stored(&id, &stored.unwrap(), 1 << 20).unwrap();
        assert_eq!(raw.len() as u64, blob.size);
    }
    for artifact in &manifest.artifacts {
        let bytes = std::fs::read(dir.join(&artifact.name)).unwrap();
        assert_eq!(trace_core::blob::BlobId::of(&bytes).hex(), artifact.sha256);
    }
    let summary = std::fs::read(dir.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!(summary["total_lines"], lines(dir).len());
}

/// Cut off anywhere behind its plan, the next run finishes it.
#[test]
fn a_scrub_that_was_cut_off_is_finished_by_the_next() {
    let root = tempfile::tempdir().unwrap();
    let dir = record(root.path(), 1, "a");
    let old = std::fs::read(dir.join("trace.ndjson.zst")).unwrap();
    scrub(&dir, &mut wanted(), false).unwrap();
    // As a process leaves it that died between two of its renames.
    let staging = dir.join("scrub");
    std::fs::create_dir(&staging).unwrap();
    std::fs::rename(dir.join("trace.ndjson.zst"), staging.join("trace.ndjson.zst")).unwrap();
    std::fs::write(dir.join("trace.ndjson.zst"), old).unwrap();
    let files = json!({"files": ["trace.ndjson.zst", "summary.json"], "removed": [], "new_blobs": [], "old_blobs": []});
    std::fs::write(staging.join("plan.json"), files.to_string()).unwrap();
    assert!(matches!(plan(&dir, &mut wanted(), false), Err(ScrubError::CutOff(_))));
    let told = scrub(&dir, &mut wanted(), false).unwrap();
    assert!(told.resumed && told.lines == 0, "{told:?}");
    assert!(!stands_in(&everything(root.path())));
    check_readable(&dir, root.path());
}

#[test]
fn a_pattern_is_looked_for_in_what_people_read() {
    let root = tempfile::tempdir().unwrap();
    let dir = record(root.path(), 1, "a");
    let told = scrub(&dir, &mut Wanted::pattern(r#""Ocean"/\d+ ä"#).unwrap(), false).unwrap();
    assert!(told.lines >= 1 && told.blobs == 2, "{told:?}");
    let all = everything(&dir);
    assert!(all.contains("said Blue [REDACTED:scrubbed:"), "{all}");
}

#[test]
fn what_cannot_be_scrubbed_is_refused() {
    assert!(matches!(Wanted::values(vec!["abc".to_owned()]), Err(ScrubError::TooShort)));
    assert!(matches!(Wanted::pattern("("), Err(ScrubError::Pattern(_))));
    assert!(matches!(Wanted::pattern("x*"), Err(ScrubError::Pattern(_))));
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    let refused = scrub(recorder.dir(), &mut wanted(), false);
    assert!(matches!(refused, Err(ScrubError::Unfinished(_))));
    passed(&recorder);
}
