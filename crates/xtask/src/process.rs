//! The only place that starts programs: visible commands, quiet commands, and servers that are stopped by a guard.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The workspace's root, wherever the command was called from.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A command that runs in the workspace's root and whose environment names no other tool's secrets.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Announces a command, runs it with its output visible, and fails when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Like [`run`], but what has not ended after `bound` is ended with everything that it started: a test that hangs then fails in words
/// instead of holding a machine that nobody watches. At a terminal there is somebody who watches, and Ctrl-C must reach the command,
/// which a group of its own would keep from it; there it runs without a bound.
pub fn run_within(bound: Duration, command: &mut Command) -> Result<()> {
    if std::io::stdin().is_terminal() {
        return run(command);
    }
    run_bounded(bound, command)
}

fn run_bounded(bound: Duration, command: &mut Command) -> Result<()> {
    let name = shown(command);
    eprintln!("\x1b[2m$ {name}\x1b[0m");
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.spawn().with_context(|| format!("cannot start `{name}`"))?;
    let until = Instant::now() + bound;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("`{name}` ended with {status}"),
            None if Instant::now() < until => std::thread::sleep(Duration::from_millis(100)),
            None => break,
        }
    }
    end_group(&mut child);
    bail!("`{name}` had not ended after {bound:?}: see above which test was still running")
}

/// Ends a process and, where there are groups, whoever shares its own.
fn end_group(child: &mut Child) {
    #[cfg(unix)]
    drop(Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status());
    drop(child.kill());
    drop(child.wait());
}

/// Announces and runs a command whose exit code the caller judges.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    eprintln!("\x1b[2m$ {}\x1b[0m", shown(command));
    command.status().with_context(|| format!("cannot start `{}`", shown(command)))
}

/// Runs a command quietly and gives its standard output; on failure both outputs stand in the error.
pub fn output(command: &mut Command) -> Result<String> {
    let out = command.output().with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !out.status.success() {
        let (stdout, stderr) =
            (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        bail!("`{}` ended with {}\n{stdout}{stderr}", shown(command), out.status);
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// A server process: it printed one JSON line when it was ready, and it is stopped when the guard goes.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// The JSON line it printed.
    pub ready: serde_json::Value,
}

impl Server {
    /// Starts a server and waits at most `bound` for its JSON line on standard output.
    pub fn start(command: &mut Command, log: &Path, bound: Duration) -> Result<Self> {
        let name = shown(command);
        let log_file = std::fs::File::create(log)
            .with_context(|| format!("cannot write `{}`", log.display()))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .with_context(|| format!("cannot start `{name}`"))?;
        let lines = child.stdout.take().map(json_lines).context("no standard output")?;
        let mut server = Self { child, ready: serde_json::Value::Null };
        match lines.recv_timeout(bound) {
            Ok(ready) => server.ready = ready,
            Err(_) => {
                bail!("`{name}` did not become ready in {bound:?}; its log is `{}`", log.display())
            }
        }
        Ok(server)
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A text field of the JSON line.
    pub fn address(&self, field: &str) -> Result<String> {
        self.ready[field]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("no `{field}` in {}", self.ready))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM lets the server drain; a process that ignores it is ended after five seconds, by its id only.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        let until = Instant::now() + Duration::from_secs(5);
        while asked.is_ok() && Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// Forwards every JSON line; other lines are dropped so that the pipe never fills.
fn json_lines(stdout: impl std::io::Read + Send + 'static) -> mpsc::Receiver<serde_json::Value> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Ok(value) = serde_json::from_str(&line) {
                // When nobody waits any more, reading goes on so that the server is never blocked on its output.
                drop(sender.send(value));
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_hangs_is_ended_with_everything_that_it_started() {
        let dir = std::env::temp_dir().join(format!("molar-xtask-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let script = "sleep 600 & echo $! > pid; wait";
        let mut hanging = Command::new("sh");
        hanging.args(["-c", script]).current_dir(&dir).stdin(Stdio::null());
        let told = run_bounded(Duration::from_secs(1), &mut hanging).unwrap_err().to_string();
        assert!(told.contains("had not ended after 1s"), "{told}");
        let pid = std::fs::read_to_string(dir.join("pid")).unwrap();
        let until = Instant::now() + Duration::from_mins(1);
        while Command::new("kill")
            .args(["-0", pid.trim()])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
        {
            assert!(Instant::now() < until, "process {pid} is still there");
            std::thread::sleep(Duration::from_millis(20));
        }
        run_bounded(Duration::from_mins(1), &mut Command::new("true")).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
