//! A recorder whose process is killed loses nothing but its last moment.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use trace_core::edge::{Recorder, RecoverReport, Shipped, recover};

use crate::kit::{body, check_whole, files, lines, log, of_kind, options};

const ROOT: &str = "MOLAR_TEST_KILL_ROOT";
/// The promise is 50 ms of a thread that gets to run; this is five times as much, since a test machine with more work than
/// cores may not let it run for that long. The lag that was really seen is printed.
const SAFE_MS: u128 = 250;

fn wall_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// The process that is killed: appends for ever and says what it has appended and when.
#[test]
fn child() {
    let Some(root) = std::env::var_os(ROOT) else { return };
    let recorder = Recorder::start(options(Path::new(&root), 1)).unwrap();
    let mut out = std::io::stdout();
    for n in 0_u64.. {
        recorder.append(log(&n.to_string()));
        if n % 50 == 0 {
            recorder.append(body("text/html", format!("{n:08} ").repeat(2000).into_bytes()));
        }
        writeln!(out, "appended {n} {}", wall_ms()).unwrap();
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Starts the child, kills it after a while; answers for each number how old it was then, in milliseconds.
fn kill_after(root: &Path, wait: Duration) -> Vec<u128> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["kill::child", "--exact", "--nocapture"])
        .env(ROOT, root)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        text
    });
    std::thread::sleep(wait);
    let killed_ms = wall_ms();
    child.kill().unwrap();
    child.wait().unwrap();
    let text = reader.join().unwrap();
    let appended = text.lines().filter_map(|line| line.split_once("appended ")?.1.split_once(' '));
    appended.filter_map(|(_, ms)| Some(killed_ms.saturating_sub(ms.parse().ok()?))).collect()
}

fn recover_here(root: &Path) -> RecoverReport {
    recover(root, None, |_| {})
}

#[test]
fn twenty_kills_lose_nothing_but_the_last_moment() {
    let mut lag_ms = 0;
    for round in 0..20_u64 {
        let root = tempfile::tempdir().unwrap();
        // Spread over the first chunks, off the beat of the one-second cut.
        let ages = kill_after(root.path(), Duration::from_millis(30 + round * 137 % 1400));
        let report = recover_here(root.path());
        assert_eq!((report.problems, report.alive), (vec![], 0));
        let Some(trace) = report.traces.first() else {
            assert_eq!(ages, Vec::<u128>::new(), "killed before it could start");
            continue;
        };
        assert_eq!((&trace.shipped, trace.status.as_str()), (&Shipped::Local, "aborted"));
        let lines = lines(&trace.dir);
        check_whole(&lines);
        let logs = of_kind(&lines, "console.log");
        let found = logs
            .iter()
            .zip(0_u64..)
            .take_while(|(l, n)| l["text"].as_str() == Some(&n.to_string()));
        // The oldest line that is missing is the first one.
        let oldest_ms = ages.get(found.count()).copied().unwrap_or(0);
        lag_ms = lag_ms.max(oldest_ms);
        assert!(oldest_ms <= SAFE_MS, "round {round}: a line of {oldest_ms} ms age is missing");
        assert_eq!(of_kind(&lines, "capture.notice")[0]["code"], "recovered");
        for line in of_kind(&lines, "network.response") {
            let id: trace_core::blob::BlobId =
                line["body"]["blob"].as_str().unwrap().parse().unwrap();
            let path = root.path().join(trace_core::blob::ObjectKey::blob(&id).as_str());
            let stored = std::fs::read(path).unwrap();
            assert!(trace_core::blob::decode_stored(&id, &stored, 1 << 20).is_ok());
        }
        assert_eq!(recover_here(root.path()), RecoverReport::default());
    }
    println!("the oldest line lost in 20 kills: {lag_ms} ms");
}

#[test]
fn a_half_line_is_cut_off_and_named() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    recorder.append(log("whole"));
    let dir = recorder.dir().to_owned();
    drop(recorder);
    let report = until_let_go(root.path(), || {
        // The writer cuts when it is let go; a text file behind its last chunk is what a kill leaves.
        let next = files(&dir.join("live")).len() + 1;
        let half = dir.join(format!("live/{next:06}.ndjson"));
        std::fs::write(half, b"{\"ts\":1,\"seq\":3,\"kind\":\"x\"}\n{\"ts\":1,\"se").unwrap();
    });
    assert_eq!(report.traces[0].lost_bytes, 11);
    let lines = lines(&dir);
    check_whole(&lines);
    let notice = of_kind(&lines, "capture.notice")[0]["message"].as_str().unwrap().to_owned();
    assert!(notice.contains("11 bytes"), "{notice}");
}

/// Recovers as soon as the recorder's thread has let the trace go; `before` runs once at that moment.
pub(crate) fn until_let_go(root: &Path, before: impl FnOnce()) -> RecoverReport {
    let until = Instant::now() + Duration::from_secs(10);
    let lock = files(root).into_iter().find(|path| path.ends_with("recorder.lock")).unwrap();
    let lock = std::fs::File::open(lock).unwrap();
    while lock.try_lock().is_err() {
        assert!(Instant::now() < until, "the recorder never let go");
        std::thread::yield_now();
    }
    before();
    lock.unlock().unwrap();
    recover_here(root)
}

#[test]
fn the_living_are_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    let report = recover_here(root.path());
    assert_eq!((report.alive, report.traces.len()), (1, 0));
    drop(recorder);
}

#[test]
fn two_recoveries_share_the_work() {
    let root = tempfile::tempdir().unwrap();
    for n in 1..=8 {
        drop(Recorder::start(options(root.path(), n)).unwrap());
    }
    let until = Instant::now() + Duration::from_secs(10);
    let mut done = 0;
    while done < 8 {
        assert!(Instant::now() < until, "only {done} of 8 were recovered");
        let reports = std::thread::scope(|scope| {
            let both = [0, 1].map(|_| scope.spawn(|| recover_here(root.path())));
            both.map(|thread| thread.join().unwrap())
        });
        for report in reports {
            assert_eq!(report.problems, Vec::<String>::new());
            done += report.traces.len();
        }
    }
    assert_eq!(done, 8);
}
