//! Originals of redacted values: in the vault, nowhere else, and only for whoever has the key.

use std::path::Path;

use serde_json::{Value, json};
use trace_core::edge::vault::{KEY_FILE, Key, Vault, VaultError, VaultOptions};
use trace_core::edge::{ContentDraft, Draft, Recorder, RecorderOptions, recover};

use crate::kit::{body, check_whole, lines, log, of_kind, options, passed, tree};

const TOKEN: &str = "tok-abcdef0123456789abcdef0123456789";
const PASSWORD: &str = "hunter2-hunter2";
const SESSION: &str = "session-5f2d7a-kept";

fn request() -> Draft {
    let payload = json!({"headers": [["authorization", format!("Bearer {TOKEN}")]]}).to_string();
    Draft { kind: "network.request".to_owned(), payload, ..log("") }
}

/// Long enough to be compressed on its way.
fn whole_state() -> Value {
    json!({"cookies": [{"value": SESSION}], "storage": "x".repeat(9000)})
}

fn state() -> Draft {
    let payload = json!({"reason": "step.end", "secret": whole_state()});
    Draft { kind: "browser.state".to_owned(), payload: payload.to_string(), ..log("") }
}

fn state_by_content() -> Draft {
    let data = json!({"forms": [SESSION]}).to_string().into_bytes();
    let media_type = "application/json".to_owned();
    let content = ContentDraft { field: "secret".to_owned(), media_type, data, truncated: 0 };
    let payload = r#"{"reason":"step.end"}"#.to_owned();
    Draft { kind: "browser.state".to_owned(), payload, contents: vec![content], ..log("") }
}

fn record(options: RecorderOptions) -> std::path::PathBuf {
    let recorder = Recorder::start(options).unwrap();
    recorder.append(request());
    recorder.append(body("application/json", json!({"password": PASSWORD}).to_string().into()));
    recorder.append(state());
    recorder.append(state());
    recorder.append(state_by_content());
    let report = passed(&recorder);
    assert_eq!(report.problems, Vec::<String>::new());
    report.dir
}

/// No byte below the root, compressed or not, says a secret.
fn check_nothing_in_clear(root: &Path) {
    for (path, bytes) in tree(root) {
        let frames = trace_core::chunk::frame::decode_all(&bytes, 1 << 30).unwrap_or_default();
        for secret in [TOKEN, PASSWORD, SESSION] {
            for bytes in [&bytes, &frames] {
                let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!found, "`{secret}` stands in `{}`", path.display());
            }
        }
    }
}

#[test]
fn originals_open_with_the_key_and_stand_nowhere_else() {
    let root = tempfile::tempdir().unwrap();
    let dir = record(options(root.path(), 1));
    check_nothing_in_clear(root.path());
    let lines = lines(&dir);
    check_whole(&lines);
    let vault = Vault::open(&dir).unwrap();
    let ids: Vec<_> = vault.entries().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["bearer:1", "value:2", "secret:3", "secret:4"]);
    let key = Key::read(&root.path().join(KEY_FILE)).unwrap();
    let open = vault.unlock(&key).unwrap();
    let text = |id: &str| open.get(id).unwrap().text().unwrap();
    assert_eq!(text("bearer:1"), TOKEN);
    assert_eq!(text("[REDACTED:value:2]"), PASSWORD);
    let states = of_kind(&lines, "browser.state");
    let references: Vec<_> = states.iter().map(|line| &line["secret"]).collect();
    let whole = whole_state().to_string();
    assert_eq!(references[0], &json!({"vault": "secret:3", "bytes": whole.len()}));
    assert_eq!(references[0], references[1], "an equal state is kept once");
    assert_eq!(open.get("secret:3").unwrap().json(), whole);
    assert!(std::fs::metadata(dir.join("secrets.age")).unwrap().len() < 3000);
    assert_eq!(references[2]["vault"], "secret:4");
    assert_eq!(open.get("secret:4").unwrap().json(), json!({"forms": [SESSION]}).to_string());
    assert!(!format!("{open:?} {key:?}").contains("hunter2"));
    let manifest = std::fs::read_to_string(dir.join("manifest.json")).unwrap();
    assert!(manifest.contains("secrets.age"), "{manifest}");
}

/// A finished vault is one message, unless more originals came than are held in memory; both open to the same.
#[test]
fn what_is_little_ends_in_one_frame() {
    let check = |filling: usize, messages: usize| {
        let root = tempfile::tempdir().unwrap();
        let recorder = Recorder::start(options(root.path(), 1)).unwrap();
        recorder.append(request());
        let payload = json!({"secret": {"storage": "x".repeat(filling)}}).to_string();
        recorder.append(Draft { kind: "browser.state".to_owned(), payload, ..log("") });
        recorder.append(state());
        let report = passed(&recorder);
        assert_eq!(report.problems, Vec::<String>::new());
        let bytes = std::fs::read(report.dir.join("secrets.age")).unwrap();
        let found = memchr::memmem::find_iter(&bytes, b"age-encryption.org/v1").count();
        assert_eq!(found, messages, "{filling}");
        let key = Key::read(&root.path().join(KEY_FILE)).unwrap();
        let open = Vault::open(&report.dir).unwrap().unlock(&key).unwrap();
        assert_eq!(open.get("bearer:1").unwrap().text().unwrap(), TOKEN);
        assert_eq!(open.get("secret:2").unwrap().json().len(), filling + 14);
        assert_eq!(open.get("secret:3").unwrap().json(), whole_state().to_string());
        let manifest = std::fs::read(report.dir.join("manifest.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let listed = manifest["artifacts"].as_array().unwrap();
        let vault = listed.iter().find(|one| one["name"] == "secrets.age").unwrap();
        assert_eq!(vault["size"], bytes.len(), "what is listed is what lies there");
    };
    check(1 << 10, 1);
    check(300 << 10, 3);
}

#[test]
fn without_a_vault_nothing_is_kept_and_the_record_says_so() {
    let root = tempfile::tempdir().unwrap();
    let dir = record(RecorderOptions { vault: VaultOptions::Off, ..options(root.path(), 1) });
    check_nothing_in_clear(root.path());
    let names: Vec<_> = tree(root.path()).into_iter().map(|(path, _)| path).collect();
    assert!(names.iter().all(|path| !path.ends_with("secrets.age") && !path.ends_with(KEY_FILE)));
    let state = lines(&dir).into_iter().find(|line| line["kind"] == "browser.state").unwrap();
    assert_eq!(state["secret"], json!({"omitted": "vault off"}));
}

/// The public key is all that capture needs; another key opens nothing.
#[test]
fn a_given_recipient_is_the_only_reader() {
    let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    record(options(other.path(), 1));
    let theirs = Key::read(&other.path().join(KEY_FILE)).unwrap();
    let vault = VaultOptions::To(format!(" {} ,", theirs.public()));
    let dir = record(RecorderOptions { vault, ..options(root.path(), 1) });
    assert!(!root.path().join(KEY_FILE).exists());
    let vault = Vault::open(&dir).unwrap();
    assert_eq!(vault.unlock(&theirs).unwrap().get("bearer:1").unwrap().text().unwrap(), TOKEN);
    record(options(root.path(), 2));
    let ours = Key::read(&root.path().join(KEY_FILE)).unwrap();
    assert!(matches!(vault.unlock(&ours), Err(VaultError::Locked { .. })));
}

#[test]
fn a_recipient_that_is_none_costs_the_originals_but_not_the_trace() {
    let root = tempfile::tempdir().unwrap();
    let vault = VaultOptions::To("AGE-SECRET-KEY-1NONSENSE".to_owned());
    let recorder = Recorder::start(RecorderOptions { vault, ..options(root.path(), 1) }).unwrap();
    recorder.append(request());
    let report = passed(&recorder);
    check_nothing_in_clear(root.path());
    let lines = lines(&report.dir);
    let notice = of_kind(&lines, "capture.notice")[0];
    assert_eq!(notice["code"], "vault.refused");
    let told = format!("{notice} {:?}", report.problems);
    assert!(told.contains("vault_recipient") && !told.contains("NONSENSE"), "{told}");
}

/// A killed process leaves every entry whose line it wrote, and half a frame behind them is cut off.
#[test]
fn a_killed_recorder_loses_no_entry() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    recorder.append(request());
    recorder.append(state());
    assert!(recorder.flush(std::time::Duration::from_secs(30)));
    let dir = recorder.dir().to_owned();
    let whole = std::fs::read(dir.join("secrets.age")).unwrap();
    // As the killed process leaves it: its files as they are, and part of a frame that it was writing.
    let (left, beside) = (tempfile::tempdir().unwrap(), dir.strip_prefix(root.path()).unwrap());
    for (path, bytes) in tree(root.path()) {
        let to = left.path().join(path.strip_prefix(root.path()).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(&to, bytes).unwrap();
    }
    let dir = left.path().join(beside);
    std::fs::write(dir.join("secrets.age"), [&whole[..], &whole[12..100]].concat()).unwrap();
    let report = recover(left.path(), None, |_| {});
    assert_eq!((report.traces.len(), report.problems), (1, Vec::new()));
    assert_eq!(std::fs::read(dir.join("secrets.age")).unwrap(), whole);
    let open = Vault::open(&dir).unwrap();
    assert_eq!(open.entries().count(), 2);
    assert!(std::fs::read_to_string(dir.join("manifest.json")).unwrap().contains("secrets.age"));
    passed(&recorder);
}

/// Workers that start at once agree on one key pair, which only its owner can read.
#[test]
fn parallel_recorders_make_one_key() {
    let root = tempfile::tempdir().unwrap();
    let dirs: Vec<_> = std::thread::scope(|scope| {
        let made: Vec<_> = (1..=8)
            .map(|n| {
                scope.spawn({
                    let root = root.path();
                    move || record(options(root, n))
                })
            })
            .collect();
        made.into_iter().map(|made| made.join().unwrap()).collect()
    });
    let path = root.path().join(KEY_FILE);
    let key = Key::read(&path).unwrap();
    for dir in dirs {
        assert_eq!(Vault::open(&dir).unwrap().unlock(&key).unwrap().iter().count(), 4);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let entries = std::fs::read_dir(root.path()).unwrap().flatten();
    assert!(
        entries.map(|entry| entry.path()).all(|path| path.extension().is_none_or(|e| e != "tmp"))
    );
}
