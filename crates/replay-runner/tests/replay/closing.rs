//! What a replay has opened is closed, whoever ends it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::kit::{Suite, eventually, is_alive, started};

/// Waits until the stand-in hangs; gives the processes that it knows of.
fn hanging(suite: &Suite) -> Vec<String> {
    eventually("a replay that hangs", || {
        let replays = fs::read_dir(suite.dir.path().join("molar/replays")).ok()?;
        let progress = fs::read_dir(suite.home())
            .ok()?
            .flatten()
            .find_map(|entry| fs::read_to_string(entry.path().join("progress.ndjson")).ok())?;
        let pids = replays
            .flatten()
            .find_map(|entry| fs::read_to_string(entry.path().join("pids")).ok())?;
        progress.contains("running").then(|| pids.lines().map(str::to_owned).collect())
    })
}

fn all_gone(pids: &[String]) {
    for pid in pids {
        eventually(&format!("the end of process {pid}"), || (!is_alive(pid)).then_some(()));
    }
}

pub(crate) fn send(signal: &str, pid: u32) {
    let done =
        std::process::Command::new("kill").arg(signal).arg(pid.to_string()).status().unwrap();
    assert!(done.success());
}

#[test]
fn a_replay_that_is_told_to_end_closes_everything_and_says_so() {
    let suite = Suite::new(true);
    let runner = started(&mut suite.replay("hang", &[]));
    let pids = hanging(&suite);
    assert!(pids.len() >= 2 && pids.iter().all(|pid| is_alive(pid)), "{pids:?}");
    send("-TERM", runner.id());
    let done = runner.wait_with_output().unwrap();
    let last = String::from_utf8(done.stdout).unwrap();
    let outcome: Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
    assert_eq!(done.status.code(), Some(3), "{last}");
    assert_eq!(outcome["outcome"]["code"], "CANCELLED", "{last}");
    assert!(outcome["outcome"]["message"].as_str().unwrap().contains("SIGTERM"), "{last}");
    // Also those that left the group and those that ignored the request.
    all_gone(&pids);
    suite.is_clean();
}

#[test]
fn what_a_killed_replay_left_is_closed_by_the_next_start() {
    let suite = Suite::new(true);
    let mut runner = started(&mut suite.replay("hang", &[]));
    let pids = hanging(&suite);
    runner.kill().unwrap();
    runner.wait().unwrap();
    assert!(pids.iter().all(|pid| is_alive(pid)), "{pids:?}");
    assert_eq!(suite.git(&["worktree", "list"]).lines().count(), 2);
    // Somebody else's process whose number a manifest might name by accident is told apart by its start and its mark.
    let mut stranger = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    forge_orphan(&suite.home().join("0123456789abcdef"), stranger.id());
    // What is no replay's is nobody's to remove, wherever the home was put.
    let bystander = suite.home().join("photos");
    forge_orphan(&bystander, stranger.id());
    let ran = suite.run("pass", &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    all_gone(&pids);
    fs::remove_dir_all(&bystander).unwrap();
    suite.is_clean();
    assert!(is_alive(&stranger.id().to_string()));
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// A manifest whose process number has been given to somebody else meanwhile.
fn forge_orphan(dir: &Path, pid: u32) {
    fs::create_dir_all(dir).unwrap();
    let manifest = serde_json::json!({"order": "", "worktree": null, "group": {"pid": pid, "start": "1"}, "clone_runs": []});
    fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
    fs::write(dir.join("lock"), "").unwrap();
}

#[test]
fn a_replay_beyond_its_time_is_ended() {
    let suite = Suite::new(true);
    let ran = suite.run("hang", &["--timeout", "1"]);
    let outcome = ran.outcome();
    assert_eq!((ran.code, outcome["code"].as_str()), (Some(3), Some("CANCELLED")), "{outcome}");
    assert!(outcome["message"].as_str().unwrap().contains("--timeout"), "{outcome}");
    suite.is_clean();
}

#[test]
fn a_program_that_hangs_before_the_test_is_ended_too() {
    let suite = Suite::new(true);
    // The runner asks `node` where the guest is installed.
    suite.program("../bin/node", "#!/bin/sh\nexec sleep 600\n");
    let own = suite.path("../bin").canonicalize().unwrap();
    let all = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let path = std::env::join_paths(std::iter::once(own).chain(all)).unwrap();
    let mut command = suite.command(&["run", "--json", "--from-step", "2", "--timeout", "1"]);
    command.arg("--trace").arg(suite.trace_dir()).arg("--suite").arg(suite.path("shop"));
    let ran = super::kit::finished(command.env("PATH", path));
    let outcome = ran.outcome();
    assert_eq!((ran.code, outcome["code"].as_str()), (Some(3), Some("CANCELLED")), "{outcome}");
    suite.is_clean();
}

#[test]
fn two_replays_of_one_trace_at_once_do_not_disturb_each_other() {
    let suite = Suite::new(true);
    let patches = ["one", "two"].map(|name| {
        let diff =
            super::kit::patch("shop/tests/upgrade.spec.ts", "// the test", &format!("// {name}"));
        suite.write(&format!("../{name}.patch"), &diff).display().to_string()
    });
    // The first one hangs while the second begins, runs and ends.
    let runner = started(&mut suite.replay("hang", &["--edit", &patches[0]]));
    let pids = hanging(&suite);
    let second = suite.run("pass", &["--edit", &patches[1]]);
    assert_eq!(second.code, Some(0), "{}{}", second.stdout, second.stderr);
    assert_eq!(suite.left(&second.outcome(), "seen/tests/upgrade.spec.ts"), "// two\n");
    assert!(pids.iter().all(|pid| is_alive(pid)), "{pids:?}");
    assert_eq!(suite.git(&["worktree", "list"]).lines().count(), 2);
    send("-INT", runner.id());
    let done = runner.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(3));
    let last = String::from_utf8(done.stdout).unwrap();
    let outcome: Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
    assert_eq!(suite.left(&outcome["outcome"], "seen/tests/upgrade.spec.ts"), "// one\n");
    all_gone(&pids);
    suite.is_clean();
}
