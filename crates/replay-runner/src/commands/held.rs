//! A replay that keeps what it prepared, and what it is asked on standard input: one request a line.

use std::io::BufRead as _;
use std::path::PathBuf;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::signals::Signals;
use crate::act::Stage;
use crate::edits;
use crate::error::{Result, RunnerError};
use crate::outcome::State;
use crate::pipeline::Action;
use crate::progress::Progress;
use crate::stdin;

/// What can be asked.
const WORDS: &str = "`edit FILE`, `undo`, `run` or `end`";

/// Lines of standard input as they come; the end of the input ends them.
pub(super) fn asked() -> UnboundedReceiver<String> {
    let (tell, told) = unbounded_channel();
    // A read cannot be given up, so its thread ends with the process.
    std::thread::spawn(move || {
        let lines = stdin::lines().lines().map_while(std::io::Result::ok);
        lines.take_while(|line| tell.send(line.clone()).is_ok()).for_each(drop);
    });
    told
}

/// Carries out what is asked until a run is, which gives true, or the end.
pub(super) async fn next(
    stage: &mut Stage<'_>,
    asked: &mut UnboundedReceiver<String>,
    signals: &mut Signals,
) -> Result<bool> {
    told(stage, None, &format!("held: write {WORDS} to standard input"))?;
    loop {
        let line = tokio::select! {
            line = asked.recv() => line,
            by = signals.asked_to_end() => by.map(|_| None)?,
        };
        let Some(line) = line else { return Ok(false) };
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let done = match word {
            "" => continue,
            "run" => return Ok(true),
            "end" => return Ok(false),
            "edit" => edit(stage, rest.trim()).await,
            "undo" => stage.undo().await,
            other => Err(RunnerError::usage(format!("`{other}` is not known; write {WORDS}"))),
        };
        // What cannot be done leaves everything as it was, and the next request may be right.
        match done {
            Ok(()) => {}
            Err(RunnerError::Blocked { code, message, .. }) => {
                told(stage, Some(code.to_string()), &message)?;
            }
            Err(RunnerError::Usage { message }) => told(stage, None, &message)?,
            Err(other) => return Err(other),
        }
    }
}

async fn edit(stage: &mut Stage<'_>, file: &str) -> Result<()> {
    for patch in edits::read(&[PathBuf::from(file)])? {
        stage.apply(patch).await?;
    }
    Ok(())
}

fn told(stage: &Stage<'_>, code: Option<String>, message: &str) -> Result<()> {
    let mut line = Progress::of(State::Ready, Action::Edits, message);
    line.code = code;
    stage.teller.progress(&line)
}
