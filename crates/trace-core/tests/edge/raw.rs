//! Files of a living Playwright worker outlive their deletion, and a trace that nobody wants leaves nothing.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use trace_core::edge::{Death, Follow, Recorder, RecorderOptions, Shipped, note_death, recover};

use crate::kill::until_let_go;
use crate::kit::{body, check_whole, files, lines, log, of_kind, options, passed, shipped_to};

const FIRST: &str = r#"{"type":"context-options","version":10,"wallTime":1700000000000}"#;

fn until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a worker has on disk while it records: one recording of ours, one of another test, a video.
fn playwright_files(dir: &Path) -> PathBuf {
    let traces = dir.join("traces");
    std::fs::create_dir_all(traces.join("resources")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(traces.join(name), text).unwrap();
    write("resources/one.css", "p{}");
    write("resources/unused.css", "q{}");
    write("mine.trace", &format!("{FIRST}\n{{\"a\":\"resources/one.css\"}}\n"));
    write("mine.network", "{\"b\":\"resources/gone.js\"}\n");
    write("mine-pwnetcopy-1.network", "{}\n");
    write("other.trace", "{}\n");
    std::fs::write(dir.join("page.webm"), b"film").unwrap();
    traces
}

fn follow_all(recorder: &Recorder, traces: &Path) {
    let trace = Follow::Trace { dir: traces.to_owned(), stem: "mine".to_owned() };
    recorder.follow(trace).unwrap();
    let file = traces.with_file_name("page.webm");
    recorder.follow(Follow::Video { file, page: "p1".to_owned(), start_us: 1500 }).unwrap();
}

fn members(zip: &Path) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    let n_members = zip.len();
    let read = |n| {
        let mut member = zip.by_index(n).unwrap();
        let mut text = String::new();
        member.read_to_string(&mut text).unwrap();
        (member.name().unwrap().into_owned(), text)
    };
    (0..n_members).map(read).collect()
}

/// The recorder is let go as a killed process lets go of it, after Playwright's files have been followed and deleted.
fn check_salvaged(playwright: &Path) {
    let root = tempfile::tempdir().unwrap();
    let traces = playwright_files(playwright);
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    follow_all(&recorder, &traces);
    let (dir, raw) = (recorder.dir().to_owned(), recorder.dir().join("raw"));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&raw).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o700, "others may not look");
    }
    until("the files were not followed", || raw.join("video/page.webm").exists());
    until("the files were not followed", || raw.join("trace/resources/one.css").exists());
    // Both grow on under their first name, the last line is cut short by the kill.
    let mut trace = std::fs::read(traces.join("mine.trace")).unwrap();
    trace.extend_from_slice(b"{\"c\":1}\n{\"half");
    append(&traces.join("mine.trace"), b"{\"c\":1}\n{\"half");
    until("the growth was not followed", || {
        std::fs::read(raw.join("trace/mine.trace")).is_ok_and(|kept| kept == trace)
    });
    std::fs::remove_dir_all(&traces).unwrap();
    drop(recorder);
    let report = until_let_go(root.path(), || ());
    assert_eq!(report.problems, Vec::<String>::new());
    let lines = lines(&dir);
    check_whole(&lines);
    let zip = members(&dir.join("trace.playwright.zip"));
    let names: Vec<_> = zip.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0-trace.trace", "0-trace.network", "resources/one.css"]);
    assert_eq!(zip[0].1, format!("{FIRST}\n{{\"a\":\"resources/one.css\"}}\n{{\"c\":1}}\n"));
    assert_eq!(std::fs::read(dir.join("video.webm")).unwrap(), b"film");
    let video = of_kind(&lines, "video")[0];
    assert_eq!((&video["page"], &video["start_ts"]), (&"p1".into(), &1.5.into()));
    let told = of_kind(&lines, "capture.notice");
    assert_eq!(
        (&told[0]["code"], &told[0]["source"]),
        (&"artifact.salvaged".into(), &"trace.playwright.zip".into())
    );
    let message = told[0]["message"].as_str().unwrap();
    assert!(message.contains("6 bytes") && message.contains("1 files are missing"), "{message}");
    assert!(!raw.exists(), "raw files stay behind");
}

fn append(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    std::fs::File::options().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn what_a_killed_worker_left_becomes_artifacts() {
    check_salvaged(tempfile::tempdir().unwrap().path());
}

/// `/dev/shm` is another file system than the temporary directory, where no file can have a name on both.
#[cfg(target_os = "linux")]
#[test]
fn files_of_another_file_system_are_copied_as_they_grow() {
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return };
    check_salvaged(elsewhere.path());
}

#[test]
fn a_finished_trace_keeps_no_raw_file() {
    let (root, playwright) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let traces = playwright_files(playwright.path());
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    follow_all(&recorder, &traces);
    let raw = recorder.dir().join("raw");
    until("the files were not followed", || raw.join("video/page.webm").exists());
    let report = passed(&recorder);
    assert_eq!(report.shipped, Shipped::Local);
    assert!(!raw.exists());
    assert!(!report.dir.join("trace.playwright.zip").exists());
}

#[test]
fn a_recovered_trace_tells_how_its_process_died() {
    let cases = [
        (
            Death { code: None, signal: Some("SIGKILL".to_owned()) },
            "was killed by SIGKILL",
            "SIGKILL",
        ),
        (
            Death { code: None, signal: Some("SIGABRT".to_owned()) },
            "memory is exhausted",
            "SIGABRT",
        ),
        (Death { code: Some(3), signal: None }, "exit code 3", "exit 3"),
    ];
    for (death, words, name) in cases {
        let root = tempfile::tempdir().unwrap();
        let recorder = Recorder::start(options(root.path(), 1)).unwrap();
        let dir = recorder.dir().to_owned();
        assert_eq!(
            note_death(root.path(), std::process::id(), &death),
            Vec::<PathBuf>::new(),
            "alive"
        );
        drop(recorder);
        until_let_go(root.path(), || {
            std::fs::write(dir.join("death.json"), serde_json::to_vec(&death).unwrap()).unwrap();
        });
        let lines = lines(&dir);
        let error = &lines.last().unwrap()["error"];
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        assert_eq!(error["name"], name);
        assert!(!dir.join("death.json").exists());
    }
}

#[test]
fn a_discarded_trace_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let kept = Recorder::start(options(root.path(), 1)).unwrap();
    kept.append(body("text/html", b"shared ".repeat(2000)));
    assert_eq!(passed(&kept).shipped, Shipped::Local);
    let before = files(root.path());
    // A server that is not there would be noticed: a held trace asks nobody.
    let held = RecorderOptions { hold: true, ..shipped_to("http://127.0.0.1:9", root.path(), 2) };
    let recorder = Recorder::start(held).unwrap();
    recorder.append(log("nobody wants this"));
    recorder.append(body("text/html", b"shared ".repeat(2000)));
    recorder.append(body("text/html", b"its own ".repeat(2000)));
    let report = recorder.discard();
    assert_eq!((report.shipped, report.problems), (Shipped::Discarded, vec![]));
    assert_eq!(files(root.path()), before);
    assert_eq!(recover(root.path(), None, |_| {}).traces, vec![]);
}
