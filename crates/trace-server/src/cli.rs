//! The command line: what was typed, then what it means.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use trace_server::auth::{ApiKey, Scope, Scopes};
use trace_server::catalog::{Catalog, KeyRow};
use trace_server::clock::{Clock, rfc3339};
use trace_server::layer2::Worker;
use trace_server::org::OrgScope;
use trace_server::serve::Server;
use trace_server::signals::StopSignals;
use trace_server::{App, Config, openapi_json, telemetry};

const RUNNER: &str = "replay-runner";

/// The companion server of Molar Trace.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Args {
    /// A TOML file with the sections server, storage, limits, auth, jobs, layer2.
    #[arg(long, global = true, env = "TRACE_CONFIG")]
    config: Option<PathBuf>,
    /// Where rows and bytes lie; the default is `.molar-server`.
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until it is told to stop. Prints one line of JSON with the address.
    Serve {
        /// The port; 0 takes any free one.
        #[arg(long)]
        port: Option<u16>,
        /// What to log, such as `info` or `trace_server=debug`.
        #[arg(long, env = "TRACE_LOG", default_value = "info")]
        log: String,
        /// Logs as JSON lines.
        #[arg(long, env = "TRACE_LOG_JSON")]
        log_json: bool,
    },
    /// Works beside a server, on the same data directory, until it is told to stop. Prints one line of JSON when it is ready.
    Worker {
        /// What to do: `layer2` carries replays out, in the suites of the configuration's section `layer2`.
        #[arg(long)]
        role: Role,
        /// What to log, such as `info` or `trace_server=debug`.
        #[arg(long, env = "TRACE_LOG", default_value = "info")]
        log: String,
        /// Logs as JSON lines.
        #[arg(long, env = "TRACE_LOG_JSON")]
        log_json: bool,
    },
    /// The `replay-runner` command, as workers start it.
    #[command(name = RUNNER, disable_help_flag = true)]
    ReplayRunner {
        /// Its own arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// API keys.
    #[command(subcommand)]
    Keys(Keys),
    /// Prints the description of the API.
    Openapi,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    /// Replays.
    Layer2,
}

#[derive(Debug, Subcommand)]
enum Keys {
    /// Makes a key and prints it; it is shown this once.
    Create {
        /// The organisation.
        #[arg(long)]
        org: OrgScope,
        /// `traces:read`, `traces:write` or `replays:run`; may be repeated.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// A name for people.
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Lists an organisation's keys without their secrets.
    List {
        /// The organisation.
        #[arg(long)]
        org: OrgScope,
    },
    /// Ends a key at once.
    Revoke {
        /// The organisation.
        #[arg(long)]
        org: OrgScope,
        /// The part behind `molar_sk_`.
        id: String,
    },
}

impl Args {
    /// The arguments of the runner when it is meant. It is asked before a runtime is made, because it makes its own.
    pub(crate) fn for_runner(&self) -> Option<&[OsString]> {
        let Command::ReplayRunner { args } = &self.command else { return None };
        Some(args)
    }
}

/// Does what was typed.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    if let Command::Openapi = args.command {
        return say(openapi_json().trim_end());
    }
    let mut config = Config::load(args.config.as_deref())?;
    if let Some(dir) = args.data_dir {
        config.storage.data_dir = dir;
    }
    match args.command {
        Command::Serve { port, log, log_json } => {
            config.server.port = port.unwrap_or(config.server.port);
            telemetry::log_to_stderr(&log, log_json);
            serve(config).await
        }
        Command::Worker { role: Role::Layer2, log, log_json } => {
            telemetry::log_to_stderr(&log, log_json);
            layer2(config).await
        }
        Command::Keys(command) => keys(config, command).await,
        Command::Openapi | Command::ReplayRunner { .. } => Ok(()),
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let signals = StopSignals::listen().context("cannot listen for signals")?;
    let app = App::open(config, Clock::System).await?;
    signals.cancel(app.shutdown.clone());
    let server = Server::bind(app).await?;
    say(&serde_json::json!({ "url": format!("http://{}", server.address()) }).to_string())?;
    server.run().await
}

async fn layer2(config: Config) -> anyhow::Result<()> {
    let signals = StopSignals::listen().context("cannot listen for signals")?;
    let worker = Worker::open(config, Clock::System).await?;
    signals.cancel(worker.app().shutdown.clone());
    say(&worker.told().to_string())?;
    worker.run().await
}

async fn keys(config: Config, command: Keys) -> anyhow::Result<()> {
    let catalog = App::open_catalog(&config).await?;
    match command {
        Keys::Create { org, scopes, name } => {
            let key = ApiKey::generate().context("no randomness from the operating system")?;
            let row = KeyRow {
                key_id: key.id().to_owned(),
                secret_sha256: key.digest(),
                scopes: scopes.into_iter().collect::<Scopes>().to_string(),
                name,
                created_ms: Clock::System.now_ms(),
                revoked_ms: None,
            };
            catalog.insert_key(&org, &row).await?;
            say(&key.reveal())
        }
        Keys::List { org } => {
            for key in catalog.list_keys(&org).await? {
                say(&line(&key))?;
            }
            Ok(())
        }
        Keys::Revoke { org, id } => {
            let done = catalog.revoke_key(&org, &id, Clock::System.now_ms()).await?;
            anyhow::ensure!(done, "organisation `{org}` has no living key `{id}`");
            Ok(())
        }
    }
}

fn line(key: &KeyRow) -> String {
    let state = key.revoked_ms.map_or("alive".to_owned(), |at| format!("revoked {}", rfc3339(at)));
    let made = rfc3339(key.created_ms);
    format!("{}\t{}\t{made}\t{state}\t{}", key.key_id, key.scopes, key.name)
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// The error with all its causes, on stderr.
pub(crate) fn complain(error: &anyhow::Error) {
    // When not even stderr takes it there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
}
