//! The runner as a process: its lines as they come, its last one, and its end.

use std::time::Duration;

use replay_runner::Outcome;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc::{self, Receiver};

use super::hide::Hidden;

/// A longer line is cut: the certificate of a long test is the longest there is.
const MAX_LINE: u64 = 4 << 20;
/// The end of what it printed beside its lines.
const TAIL: usize = 2000;
/// How long a runner may take to close what it opened, once it was asked to end.
const CLOSING: Duration = Duration::from_mins(1);

/// A line of the runner's.
#[derive(Debug)]
pub(super) enum Told {
    /// Progress, as JSON.
    Progress(serde_json::Value),
    /// The end.
    Outcome(Box<Outcome>),
}

/// A runner under way.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Its lines; closed at their end.
    pub(super) lines: Receiver<Told>,
    tail: tokio::task::JoinHandle<String>,
}

impl Running {
    /// Starts it.
    pub(super) fn start(mut command: Command, hidden: &Hidden) -> std::io::Result<Self> {
        let mut child = command.spawn()?;
        let stdin = child.stdin.take();
        let (sender, lines) = mpsc::channel(64);
        if let Some(stdout) = child.stdout.take() {
            let hidden = hidden.clone();
            tokio::spawn(async move {
                let mut reader = BufReader::new(stdout);
                while let Some(line) = next_line(&mut reader).await {
                    let told = read(&hidden.hide(&line));
                    if let Some(told) = told
                        && sender.send(told).await.is_err()
                    {
                        // Nobody listens any more, but a full pipe would keep the runner from closing.
                        drop(tokio::io::copy(&mut reader, &mut tokio::io::sink()).await);
                        return;
                    }
                }
            });
        }
        let stderr = child.stderr.take();
        let hidden = hidden.clone();
        let tail = tokio::spawn(async move {
            let Some(stderr) = stderr else { return String::new() };
            hidden.hide(&last_of(stderr).await)
        });
        Ok(Self { child, stdin, lines, tail })
    }

    /// Asks it to end and to close what it opened: its standard input ends.
    pub(super) fn ask_to_end(&mut self) {
        self.stdin = None;
    }

    /// Waits for its end; one that was asked to and does not come to it is killed, and what it left is closed by the next runner.
    /// Gives the end of what it printed beside its lines.
    pub(super) async fn end(mut self, was_asked: bool) -> String {
        self.lines.close();
        let patience = if was_asked { CLOSING } else { CLOSING * 2 };
        let ended = tokio::time::timeout(patience, self.child.wait()).await;
        if ended.is_err() {
            tracing::warn!("a runner did not end and is killed");
            drop(self.child.kill().await);
        }
        let tail = tokio::time::timeout(Duration::from_secs(5), self.tail).await;
        tail.ok().and_then(Result::ok).unwrap_or_default()
    }
}

async fn next_line(reader: &mut BufReader<impl AsyncRead + Unpin>) -> Option<String> {
    let mut line = Vec::new();
    loop {
        let read = reader.take(MAX_LINE).read_until(b'\n', &mut line).await;
        if read.ok()? == 0 {
            return None;
        }
        if line.ends_with(b"\n") || line.len() as u64 >= MAX_LINE {
            return Some(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
    }
}

fn read(line: &str) -> Option<Told> {
    let mut value: serde_json::Value = serde_json::from_str(line).ok()?;
    if let Some(outcome) = value.get_mut("outcome") {
        let outcome = serde_json::from_value(outcome.take()).ok()?;
        return Some(Told::Outcome(Box::new(outcome)));
    }
    value.is_object().then_some(Told::Progress(value))
}

async fn last_of(mut reader: impl AsyncRead + Unpin) -> String {
    let (mut kept, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(n @ 1..) = reader.read(&mut piece).await {
        kept.extend_from_slice(&piece[..n]);
        let surplus = kept.len().saturating_sub(4 * TAIL);
        kept.drain(..surplus);
    }
    let from = kept.len().saturating_sub(TAIL);
    String::from_utf8_lossy(&kept[from..]).trim().to_owned()
}
