//! `run` and `open`: one replay from its decision to its outcome.

use std::pin::pin;
use std::time::{Duration, Instant};

use serde_json::Map;

use super::signals::Signals;
use super::{held, settle};
use crate::act::Stage;
use crate::args::{Opened, Place, Replayed, Wanted};
#[cfg(feature = "chromiumoxide")]
use crate::bare::Bare;
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::home::{self, Home, Manifest, ReplayDir};
use crate::order;
use crate::out::{self, Teller};
use crate::outcome::{Outcome, State};
use crate::pipeline::{self, Pipeline};
use crate::source::{self, Source};
use crate::stay::Stay;

/// How long a browser that was let go may take to close.
const CLOSING: Duration = Duration::from_secs(30);

/// Replays once, or with `--hold` as often as it is asked.
pub(crate) fn run(place: &Place, replayed: &Replayed) -> Result<u8> {
    let stay = |_: &ReplayDir| if replayed.hold { Stay::Prepared } else { Stay::No };
    // Lines that ask for something end with the input by themselves.
    let with_stdin = replayed.wanted.manner.end_with_stdin && !replayed.hold;
    started(place, &replayed.wanted, with_stdin, stay)
}

/// Brings a browser to step N and leaves it there.
pub(crate) fn open(place: &Place, opened: &Opened) -> Result<u8> {
    let has_display = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_blind = cfg!(all(unix, not(target_os = "macos")))
        && !["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(has_display);
    if is_blind && !opened.headless {
        return Err(RunnerError::usage(
            "there is no display for a browser's window; give --headless and attach to its address, or set DISPLAY",
        ));
    }
    if opened.bare {
        return bare(place, opened);
    }
    let stay = |dir: &ReplayDir| Stay::with_browser(opened.headless, dir.path.join(order::RELEASE));
    started(place, &opened.wanted, opened.wanted.manner.end_with_stdin, stay)
}

#[cfg(feature = "chromiumoxide")]
fn bare(place: &Place, opened: &Opened) -> Result<u8> {
    let with_stdin = opened.wanted.manner.end_with_stdin;
    started(place, &opened.wanted, with_stdin, |_| Stay::Bare { headless: opened.headless })
}

#[cfg(not(feature = "chromiumoxide"))]
fn bare(_place: &Place, _opened: &Opened) -> Result<u8> {
    Err(RunnerError::usage(
        "this build cannot open a browser without its suite: it was made without the feature `chromiumoxide`; leave --bare out, or build with it",
    ))
}

fn started(
    place: &Place,
    wanted: &Wanted,
    with_stdin: bool,
    stay: impl FnOnce(&ReplayDir) -> Stay,
) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let signals = Signals::listen(with_stdin)?;
        replay(place, wanted, signals, stay).await
    })
}

async fn replay(
    place: &Place,
    wanted: &Wanted,
    mut signals: Signals,
    stay: impl FnOnce(&ReplayDir) -> Stay,
) -> Result<u8> {
    let home = Home::open(place.home.as_deref())?;
    sweep(&home).await?;
    let replay_id = home::new_id()?;
    let dir = home.begin(&replay_id)?;
    let stay = stay(&dir);
    let mut outcome = Outcome {
        state: State::Blocked,
        code: None,
        message: None,
        replay_id,
        run: None,
        parent_trace_id: String::new(),
        from_step: wanted.from_step,
        child: None,
        certificate: None,
        timings_ms: Map::new(),
    };
    let begin = Instant::now();
    let done = carry_out((place, wanted, &stay), &dir, &mut outcome, (begin, &mut signals)).await;
    dir.end();
    if outcome.run.is_some() {
        // Every run's outcome has been told when it ended.
        done?;
        return Ok(outcome.exit_code());
    }
    settle::blocked(done, &mut outcome)?;
    settle::total(&mut outcome, begin);
    Teller { json: place.json }.outcome(&outcome)?;
    Ok(outcome.exit_code())
}

/// Closes what replays left that were killed.
async fn sweep(home: &Home) -> Result<()> {
    for orphan in home.orphans()? {
        let manifest = Manifest::read(&orphan.path);
        for problem in home::close(&manifest, || {}).await {
            out::note(&format!("of a replay that was killed: {problem}"));
        }
        orphan.end();
    }
    Ok(())
}

/// Decides, acts, and closes what was opened, whatever came of it.
async fn carry_out(
    (place, wanted, stay): (&Place, &Wanted, &Stay),
    dir: &ReplayDir,
    outcome: &mut Outcome,
    (begin, signals): (Instant, &mut Signals),
) -> Result<()> {
    let source = source::open(wanted, source::find(&wanted.trace, &place.root)?, &dir.path)?;
    outcome.parent_trace_id.clone_from(&source.plan.trace_id);
    #[cfg(feature = "chromiumoxide")]
    if let Stay::Bare { headless } = *stay {
        let teller = Teller { json: place.json };
        let (wanted, source) = (wanted, &source);
        crate::bare::stay(&Bare { wanted, source, dir, teller, headless }, signals).await?;
        outcome.state = State::Held;
        return Ok(());
    }
    let pipeline = pipeline::decide(wanted, place, &source, &outcome.replay_id)?;
    let mut stage = Stage::new(wanted, &source, dir, Teller { json: place.json }, stay);
    let mut acted = bounded(stage.act(&pipeline), wanted, stay, signals).await;
    if acted.is_ok() && matches!(stay, Stay::Prepared) {
        acted = serve(&mut stage, (&source, &pipeline), outcome, (begin, signals)).await;
    }
    let problems = settle::close(&mut stage).await;
    for problem in &problems {
        out::note(problem);
        // The manifest stays, and the next start tries again.
        dir.keep();
    }
    if outcome.run.is_some() {
        return acted;
    }
    settle::outcome(acted, &stage, (&source, &pipeline), outcome)
}

/// Tells how the first run came out, and carries out what is asked next until nothing more is.
async fn serve(
    stage: &mut Stage<'_>,
    (source, pipeline): (&Source, &Pipeline),
    outcome: &mut Outcome,
    (mut begin, signals): (Instant, &mut Signals),
) -> Result<()> {
    let (wanted, stay) = (stage.wanted, stage.stay);
    let mut asked = held::asked();
    let mut acted = Ok(());
    for run in 1.. {
        outcome.run = Some(run);
        stage.end_processes().await;
        let settled = settle::outcome(acted, stage, (source, pipeline), outcome);
        settle::blocked(settled, outcome)?;
        settle::total(outcome, begin);
        stage.teller.outcome(outcome)?;
        let is_cancelled = outcome.code.as_deref() == Some(Code::Cancelled.as_str());
        if is_cancelled || !held::next(stage, &mut asked, signals).await? {
            break;
        }
        begin = Instant::now();
        acted = bounded(stage.act_again(pipeline), wanted, stay, signals).await;
    }
    Ok(())
}

/// Work under the time limit, ended when somebody asks for it. A browser at step N has no limit, and is let go first.
async fn bounded(
    work: impl Future<Output = Result<()>>,
    wanted: &Wanted,
    stay: &Stay,
    signals: &mut Signals,
) -> Result<()> {
    let limit = Duration::from_secs(wanted.manner.timeout);
    let (mut work, mut late) = (pin!(work), pin!(tokio::time::sleep(limit)));
    loop {
        tokio::select! {
            done = &mut work => return done,
            asked = signals.asked_to_end() => {
                let by = asked?;
                if !stay.let_go() {
                    return Err(cancelled(&format!("it was stopped by {by}")));
                }
                late.as_mut().reset(tokio::time::Instant::now() + CLOSING);
            }
            () = &mut late, if !stay.is_waiting() => {
                let limit = if stay.came_there() { CLOSING } else { limit };
                return Err(cancelled(&format!("it did not end within {} s; give it more with --timeout", limit.as_secs())));
            }
        }
    }
}

fn cancelled(why: &str) -> RunnerError {
    RunnerError::blocked(Code::Cancelled, format!("the replay was cancelled: {why}"))
}
