//! What was typed. Parsing never touches the world.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use trace_render::DiffOptions;

/// Look into Molar traces: what a Playwright test did, step by step, and why it failed.
#[derive(Debug, Parser)]
#[command(name = "molar-trace", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where traces are.
#[derive(Debug, clap::Args)]
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
    /// A companion server; without one, local traces are read
    #[arg(long, visible_alias = "url", global = true, env = "MOLAR_TRACE_URL", value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The server's API key
    #[arg(
        long,
        global = true,
        env = "MOLAR_TRACE_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub(crate) key: Option<String>,
    /// One JSON value instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Place {
    /// Continuous integration sets a variable to nothing where a secret is not given; that means none, as it does to the recorder.
    pub(crate) fn without_empty(self) -> Self {
        let given = |text: &String| !text.is_empty();
        Self { server: self.server.filter(given), key: self.key.filter(given), ..self }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List traces, newest first
    Ls(List),
    /// What happened: steps, the failing assertion, console errors and failed requests, each with its (seq:N)
    Show {
        /// A trace id, a short id, a trace folder, a trace file or a bundle; the newest failed trace when absent
        trace: Option<String>,
    },
    /// Events that match, for example: molar-trace query xY9zQ2mNp 'kind=network.response AND status>=400'
    Query {
        /// A trace id, a short id, a trace folder, a trace file or a bundle
        trace: String,
        /// The query: field operator value, with AND, OR, NOT and parentheses
        query: String,
        /// At most so many events
        #[arg(long, default_value_t = 1000, value_name = "N")]
        limit: usize,
    },
    /// Print a trace's lines (NDJSON), all of them, from every frame
    Cat {
        /// A trace id, a short id, a trace folder, a trace file or a bundle
        trace: String,
    },
    /// What a trace consists of: events by kind and source, bytes, blobs, slow steps, hosts, gaps
    Stats {
        /// A trace id, a short id, a trace folder, a trace file or a bundle; every trace of the folder or server when absent
        trace: Option<String>,
    },
    /// What differs between two traces: steps, requests, console lines, clones, documents, edits; exits with 1 when anything does
    Diff(Diff),
    /// Turn a trace into a file for another tool
    Export(Export),
    /// Put traces into one file, `trace-bundle.tar.zst`; every other command opens it as a trace
    Bundle(Bundle),
    /// Send finished traces or bundles of this machine to a server; what it has already is not sent again
    Push(Push),
    /// Finish or ship what dead recorders left in the folder
    Recover,
    /// Take a secret out of finished local traces: lines, blobs and artifacts
    Scrub(Scrub),
    /// What a trace keeps encrypted
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Check the set-up: folder, server, key, redaction, browser
    Doctor,
    /// Print a script that completes this command in a shell
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// What to compare of which two traces.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The first trace: an id, a short id, a trace folder, a trace file or a bundle
    pub(crate) a: String,
    /// The second trace
    pub(crate) b: String,
    #[command(flatten)]
    pub(crate) options: DiffOptions,
}

/// What to make of which trace.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// A trace id, a short id, a trace folder, a trace file or a bundle
    pub(crate) trace: String,
    /// What to make of it
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    /// The file to write; `-` for standard output
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Put the bytes of blobs into the lines (ndjson only)
    #[arg(long)]
    pub(crate) inline_blobs: bool,
}

/// Which traces go into one file.
#[derive(Debug, clap::Args)]
pub(crate) struct Bundle {
    /// Trace ids, short ids or trace folders
    #[arg(required_unless_present = "verify")]
    pub(crate) traces: Vec<String>,
    /// The file to write
    #[arg(long, short, default_value = "trace-bundle.tar.zst", value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Take the encrypted originals of redacted values along; whoever has the private key can read them
    #[arg(long)]
    pub(crate) with_vault: bool,
    /// Instead of writing one, check a bundle: every file, its size and its digest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["traces", "with_vault"])]
    pub(crate) verify: Option<PathBuf>,
}

/// What to send.
#[derive(Debug, clap::Args)]
pub(crate) struct Push {
    /// Trace ids, short ids, trace folders, bundles, or a recorder's folder with everything in it
    #[arg(required = true)]
    pub(crate) traces: Vec<String>,
    /// Remove a trace here once the server has all of it
    #[arg(long)]
    pub(crate) delete_after: bool,
}

/// What `export` can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// HTTP Archive 1.2: requests with bodies, for browsers' tools and Playwright's `routeFromHAR`
    Har,
    /// The lines of the trace
    Ndjson,
    /// A zip for `npx playwright show-trace`
    Playwright,
    /// A report to paste into an issue
    Markdown,
}

/// What to take out of which traces.
#[derive(Debug, clap::Args)]
pub(crate) struct Scrub {
    /// Trace ids, short ids or trace folders
    #[arg(required = true)]
    pub(crate) traces: Vec<String>,
    /// A file that holds the secret, without the line break at its end
    #[arg(long, value_name = "FILE")]
    pub(crate) value_file: Option<PathBuf>,
    /// The environment variable that holds the secret
    #[arg(long, value_name = "NAME")]
    pub(crate) value_env: Option<String>,
    /// A regular expression that matches the secret
    #[arg(long, value_name = "REGEX")]
    pub(crate) pattern: Option<String>,
    /// Refused: others can read a command line
    #[arg(long, value_name = "VALUE", hide = true)]
    pub(crate) value: Option<String>,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Remove the traces' vaults as well
    #[arg(long)]
    pub(crate) vault: bool,
}

/// What to do with a vault.
#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Names, kinds and sizes of the originals; their values only with `--reveal`
    Ls {
        /// A trace id, a short id or a trace folder
        trace: String,
        /// Print the values, which needs the private key
        #[arg(long)]
        reveal: bool,
        /// The file with the private key; `vault.key` in the folder when absent
        #[arg(long, value_name = "FILE")]
        vault_key: Option<PathBuf>,
    },
}

/// Which traces to list.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only this status: queued, running, passed, failed, error, aborted
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Only this failure signature, such as webhook-404
    #[arg(long)]
    pub(crate) signature: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: usize,
}
