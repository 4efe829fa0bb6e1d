//! What was typed. Parsing never touches the world.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

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
    #[arg(long, global = true, env = "MOLAR_TRACE_URL", value_name = "URL")]
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
        /// A trace id, a short id, a trace folder or a trace file; the newest failed trace when absent
        trace: Option<String>,
    },
    /// Events that match, for example: molar-trace query xY9zQ2mNp 'kind=network.response AND status>=400'
    Query {
        /// A trace id, a short id, a trace folder or a trace file
        trace: String,
        /// The query: field operator value, with AND, OR, NOT and parentheses
        query: String,
        /// At most so many events
        #[arg(long, default_value_t = 1000, value_name = "N")]
        limit: usize,
    },
    /// Print a trace's lines (NDJSON), all of them, from every frame
    Cat {
        /// A trace id, a short id, a trace folder or a trace file
        trace: String,
    },
    /// Finish or ship what dead recorders left in the folder
    Recover,
    /// Check the set-up: folder, server, key, redaction, browser
    Doctor,
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
