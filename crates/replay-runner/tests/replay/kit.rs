//! What the tests share: a suite in a repository of its own, a recorded trace, and the command as a process.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const TRACE: &str = "550e8400-e29b-41d4-a716-446655440000";
/// Long enough for the busiest machine; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A suite below `code/shop`, its traces below `molar`, and the homes of its replays.
pub(crate) struct Suite {
    pub(crate) dir: TempDir,
}

/// What a run of the command came to.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The outcome of `--json`.
    pub(crate) fn outcome(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        let line: Value = serde_json::from_str(last)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr));
        line["outcome"].clone()
    }
}

impl Suite {
    /// A suite in a git repository with one commit, or without one.
    pub(crate) fn new(with_git: bool) -> Self {
        let suite = Self { dir: tempfile::tempdir().unwrap() };
        suite.write("package.json", "{}");
        suite.write("shop/playwright.config.ts", "export default { webhook: '/old' };\n");
        suite.write("shop/tests/upgrade.spec.ts", "// the test\n");
        suite.write("lib/plans.js", "exports.plan = 'free';\n");
        suite.write(".gitignore", "node_modules/\ndist/\ntest-results/\n");
        suite.program("node_modules/.bin/playwright", include_str!("stand-in.sh"));
        suite.write("node_modules/left-pad/index.js", "module.exports = 1;\n");
        suite.write("guest.cjs", "");
        if with_git {
            suite.git(&["init", "--quiet"]);
            suite.git(&["add", "."]);
            suite.git(&["commit", "--quiet", "-m", "the suite"]);
        }
        fs::create_dir_all(suite.trace_dir()).unwrap();
        fs::write(suite.trace_dir().join("trace.ndjson.zst"), lines()).unwrap();
        suite
    }

    pub(crate) fn code(&self) -> PathBuf {
        self.dir.path().join("code")
    }

    /// Changes a text of the source trace.
    pub(crate) fn edit_trace(&self, old: &str, new: &str) {
        let path = self.trace_dir().join("trace.ndjson.zst");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{text}");
        fs::write(&path, text.replace(old, new)).unwrap();
    }

    /// One more line of the source trace.
    pub(crate) fn append_to_trace(&self, line: &Value) {
        append(&self.trace_dir().join("trace.ndjson.zst"), std::slice::from_ref(line));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.code().join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(crate) fn trace_dir(&self) -> PathBuf {
        self.dir.path().join("molar/traces/runs/local/2026/01/01").join(TRACE)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn program(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        // What its user has set up for every repository, such as hooks, is no part of a test.
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(self.code()).args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
        ]);
        let done = git.args(args).output().unwrap();
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// The command, none of the caller's variables in its environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay-runner"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MOLAR_")) {
            command.env_remove(name);
        }
        command.args(args).arg("--home").arg(self.home()).stdin(Stdio::null());
        command.arg("--root").arg(self.dir.path().join("molar"));
        command
    }

    /// `run` from step 2 with the stand-in's way to end.
    pub(crate) fn replay(&self, ending: &str, more: &[&str]) -> Command {
        let mut command = self.command(&["run", "--json", "--from-step", "2"]);
        command.arg("--trace").arg(self.trace_dir()).arg("--suite").arg(self.path("shop"));
        command
            .arg("--guest")
            .arg(self.path("guest.cjs"))
            .arg("--env")
            .arg(format!("STAND_IN={ending}"));
        command.args(more);
        command
    }

    pub(crate) fn run(&self, ending: &str, more: &[&str]) -> Ran {
        finished(&mut self.replay(ending, more))
    }

    /// A file that the stand-in left in the child's root.
    pub(crate) fn left(&self, outcome: &Value, name: &str) -> String {
        let root =
            self.dir.path().join("molar/replays").join(outcome["replay_id"].as_str().unwrap());
        fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Nothing of any replay is left: no worktree, no directory.
    pub(crate) fn is_clean(&self) {
        let entries = fs::read_dir(self.home()).unwrap().flatten();
        let left: Vec<_> =
            entries.map(|entry| entry.file_name()).filter(|name| !is_kept(name)).collect();
        assert!(left.is_empty(), "{left:?}");
        if self.path(".git").exists() {
            assert_eq!(self.git(&["worktree", "list"]).lines().count(), 1);
        }
    }
}

/// What a home keeps from one replay to the next.
pub(crate) fn is_kept(name: &OsStr) -> bool {
    name == "home.lock" || name == "compiled"
}

/// More lines of a file.
pub(crate) fn append(path: &Path, lines: &[Value]) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
}

pub(crate) fn finished(command: &mut Command) -> Ran {
    let done = command.output().unwrap();
    Ran {
        code: done.status.code(),
        stdout: String::from_utf8(done.stdout).unwrap(),
        stderr: String::from_utf8(done.stderr).unwrap(),
    }
}

pub(crate) fn started(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Looks until there is something to see.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < until, "never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The exit code of a process that is about to end; one that does not fails its test instead of holding it for ever.
pub(crate) fn ended(child: &mut Child) -> Option<i32> {
    eventually("the end of a process", || child.try_wait().unwrap()).code()
}

/// Whether a process is there and not a zombie.
pub(crate) fn is_alive(pid: &str) -> bool {
    let told = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
    let state = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

/// The test of two steps; the second fails.
fn lines() -> String {
    let start = json!({
        "ts": 0, "seq": 1, "kind": "run.start", "format": 1, "trace_id": TRACE, "short_id": "aB3dE5gH7", "wall_ms": 1_767_225_600_000_u64,
        "project": "chromium",
        "scenario": {"slug": "upgrade", "title": "upgrades (now)", "file": "tests/upgrade.spec.ts", "line": 1, "title_path": ["plans", "upgrades (now)"]},
        "run": {"id": "run-1"}, "retry": 0, "repeat_each": 0, "worker": {"index": 0, "parallel_index": 0, "pid": 1}, "source": "pr",
        "seeds": {}, "environment": {}, "capture": {}, "recorder": {"name": "test", "version": "0"},
    });
    let rest = [
        json!({"ts": 1, "seq": 2, "kind": "scenario.event", "name": "rng.seed", "data": {"seed": "seed-1", "scope": ["pages"]}}),
        json!({"ts": 2, "seq": 3, "kind": "step.start", "step_id": "s1", "title": "Open", "category": "test.step", "index": 1, "path": ["Open"]}),
        json!({"ts": 3, "seq": 4, "kind": "step.end", "step_id": "s1", "status": "passed", "duration_ms": 1}),
        json!({"ts": 4, "seq": 5, "kind": "step.start", "step_id": "s2", "title": "Upgrade", "category": "test.step", "index": 2, "path": ["Upgrade"]}),
        json!({"ts": 5, "seq": 6, "kind": "step.end", "step_id": "s2", "status": "failed", "duration_ms": 1}),
        json!({"ts": 6, "seq": 7, "kind": "run.end", "status": "failed", "duration_ms": 6, "counts": {}}),
    ];
    let rest: String = rest.iter().map(|line| format!("{line}\n")).collect();
    format!("{start}\n{rest}")
}

/// A patch that changes a file's only line.
pub(crate) fn patch(file: &str, old: &str, new: &str) -> String {
    format!("--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-{old}\n+{new}\n")
}

pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
