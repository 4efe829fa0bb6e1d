//! What was typed. Parsing never touches the world.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use trace_render::DiffOptions;

/// Carry a recorded Playwright test out again from step N on, with edits, and see whether the rest passes.
#[derive(Debug, Parser)]
#[command(name = "replay-runner", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where traces are, and how results are told.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// The folder that the recorder wrote to
    #[arg(
        long,
        global = true,
        env = "MOLAR_TRACE_DIR",
        default_value = ".molar",
        value_name = "DIR"
    )]
    pub(crate) root: PathBuf,
    /// Where replays keep what they have opened until they close it; a private folder below the system's temporary one when absent
    #[arg(long, global = true, env = "MOLAR_REPLAY_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// JSON lines instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What a replay would do: a dry run that changes nothing
    Plan(Wanted),
    /// Replay, and say how it came out
    Run(Replayed),
    /// Bring a browser to step N and leave it there, for a person or a program to look at and go on in
    Open(Opened),
    /// What a replay's trace has in common with its source, and what differs; exits with 1 when anything does
    Diff(Compared),
}

/// One replay, and perhaps more of the same.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Replayed {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    /// Keep what was prepared, and take further edits from standard input: `edit FILE`, `undo`, `run`, `end`, one a line
    // Only one can read it.
    #[arg(long, conflicts_with = "end_with_stdin")]
    pub(crate) hold: bool,
}

/// A browser at step N.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Opened {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    /// Without a window, to be reached by its address alone
    #[arg(long)]
    pub(crate) headless: bool,
    /// From the trace alone: no suite, no Node, no Playwright; every request is answered by the record or aborted
    #[arg(long, conflicts_with_all = ["code", "image", "config", "patches", "set_env", "build", "clones", "guest"])]
    pub(crate) bare: bool,
}

/// Which two traces.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Compared {
    /// The source trace: an id, the beginning of one, a trace folder or a bundle
    pub(crate) source: String,
    /// The replay's trace, named in the same ways
    pub(crate) child: String,
    /// Compare from this top-level step on; the one that the replay began at when absent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) from_step: Option<u64>,
    #[command(flatten)]
    pub(crate) options: DiffOptions,
}

/// Which replay.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Wanted {
    /// The source trace: an id, the beginning of one, a trace folder or a bundle
    #[arg(long, value_name = "TRACE")]
    pub(crate) trace: String,
    /// Number of the top-level `test.step` to begin at, from 1
    #[arg(long, alias = "step", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) from_step: u64,
    /// Which code is replayed
    #[arg(long, value_enum, default_value_t = CodeFrom::WorkingDirectory)]
    pub(crate) code: CodeFrom,
    /// With --code image: the image that has the code, `{sha}` standing for the recorded commit; one is built from the `Dockerfile` of
    /// that commit when absent
    #[arg(long, value_name = "REF")]
    pub(crate) image: Option<String>,
    /// The folder in the image that has the code; the one that it works in when absent
    #[arg(long, value_name = "DIR")]
    pub(crate) image_folder: Option<String>,
    /// The program that has images; `docker` or `podman` when absent
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) engine: Option<PathBuf>,
    /// The folder of the suite: where its Playwright configuration lies
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) suite: PathBuf,
    /// Playwright's configuration, relative to the suite's folder
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) edits: Edits,
    #[command(flatten)]
    pub(crate) surroundings: Surroundings,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// What is changed.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Edits {
    /// A unified diff to apply; may be given several times
    #[arg(long = "edit", value_name = "FILE.patch")]
    pub(crate) patches: Vec<PathBuf>,
    /// A variable to change in the environment of the test and of the servers it starts
    #[arg(long = "set-env", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set_env: Vec<(String, String)>,
    /// A command to run in the suite's folder of the edited copy before the test, such as `npm run build`
    #[arg(long, value_name = "COMMAND")]
    pub(crate) build: Option<String>,
}

/// What the replay finds around it.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Surroundings {
    /// A variable for the child's environment that is no edit, such as a port
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) env: Vec<(String, String)>,
    /// A clone's admin address, and where the app reaches it if that is not `MOLAR_CLONE_<NAME>_URL`; else
    /// `MOLAR_CLONE_<NAME>_ADMIN_URL` is taken
    #[arg(long = "clone", value_name = "NAME=ADMIN_URL[,URL]", value_parser = pair)]
    pub(crate) clones: Vec<(String, String)>,
    /// Restore no clone, although the trace has snapshots
    #[arg(long, conflicts_with = "clones")]
    pub(crate) without_clones: bool,
    /// An origin of the app under test; guessed from the record when absent
    #[arg(long = "app-origin", value_name = "ORIGIN")]
    pub(crate) app_origins: Vec<String>,
    /// An address that requests may really go to
    #[arg(long, value_name = "URL")]
    pub(crate) passthrough: Vec<String>,
    /// The private key of the trace's vault; `vault.key` beside the traces when absent
    #[arg(long, value_name = "FILE")]
    pub(crate) vault_key: Option<PathBuf>,
    /// The module that replays inside Playwright's worker; that of `@molar/trace-replay-runner` when absent
    #[arg(long, value_name = "FILE")]
    pub(crate) guest: Option<PathBuf>,
    /// Where the replay's own trace is written; a folder beside the source trace's store when absent
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// How it is done.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Manner {
    /// How the browser gets to step N
    #[arg(long, value_enum, default_value_t = Strategy::FastForward)]
    pub(crate) strategy: Strategy,
    /// Who answers the app's own requests from step N on
    #[arg(long, value_enum, default_value_t = AppMode::Hybrid)]
    pub(crate) app_mode: AppMode,
    /// Send what changed something in the skipped steps to the running app, in order, before step N
    #[arg(long)]
    pub(crate) server_fast_forward: bool,
    /// Ends the replay after so many seconds
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    pub(crate) timeout: u64,
    /// Ends the replay when standard input ends, as a pipe does whose other end has died
    #[arg(long)]
    pub(crate) end_with_stdin: bool,
}

/// Where the code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CodeFrom {
    /// The suite's repository as it lies there, with what is not committed
    WorkingDirectory,
    /// The commit that the trace was recorded at, from the suite's repository
    Sha,
    /// A container image, of that commit if its name says so
    Image,
}

/// How the browser gets to step N.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Strategy {
    /// Steps before N are driven again in the browser, over recorded network
    FastForward,
    /// The browser's state is restored; steps before N are answered from the record
    Restore,
    /// Restore, and fast-forward when that is not faithful
    Auto,
}

/// Who answers the app's own requests from step N on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AppMode {
    /// The running app
    Live,
    /// The record
    Recorded,
    /// The record up to step N, the running app from there on
    Hybrid,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    if name.is_empty() || name.contains('\0') || value.contains('\0') {
        return Err("the name is empty or something holds a zero byte".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}
