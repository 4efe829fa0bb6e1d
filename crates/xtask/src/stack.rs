//! The demo's parts as processes: a trace server with a key of its own, and the suite that starts clone and shop itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{self, Server};
use crate::setup::{self, Machine};

/// A running trace server and what is needed to talk to it.
#[derive(Debug)]
pub struct Stack {
    /// Everything of this demo: logs, the server's data.
    pub folder: PathBuf,
    /// The server's address.
    pub url: String,
    key: String,
    binaries: PathBuf,
    server: Server,
}

impl Stack {
    /// Builds the binaries, makes a key and starts the server on a free port.
    pub fn start(folder: PathBuf) -> Result<Self> {
        let binaries = setup::build_binaries()?;
        let data = folder.join("server");
        let tool = |args: &[&str]| {
            let mut command = process::command(binaries.join("trace-server"));
            command.args(args).arg("--data-dir").arg(&data);
            command
        };
        let scopes = ["--scope", "traces:write", "--scope", "traces:read"];
        let key = process::output(tool(&["keys", "create", "--org", "demo"]).args(scopes))?;
        let mut serve = tool(&["serve", "--port", "0"]);
        let server =
            Server::start(&mut serve, &folder.join("server.log"), Duration::from_secs(30))?;
        let url = server.address("url")?;
        Ok(Self { folder, url, key: key.trim().to_owned(), binaries, server })
    }

    /// The id of the server's process.
    pub fn server_pid(&self) -> u32 {
        self.server.id()
    }

    /// A binary that was built with the server.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// Where the server keeps objects.
    pub fn store(&self) -> PathBuf {
        self.folder.join("server/store")
    }

    /// Runs the shop's suite with capture; its exit code is the caller's to judge.
    pub fn run_suite(&self, machine: &Machine, quiet: bool) -> Result<Option<i32>> {
        let mut suite = Command::new("npx");
        suite.args(["playwright", "test", "--config", "playwright.config.ts"]);
        suite.current_dir(process::root().join("examples/shop"));
        suite.env("MOLAR_CHROMIUM", &machine.chromium);
        suite.env("MOLAR_TRACE_URL", &self.url).env("MOLAR_TRACE_KEY", &self.key);
        if quiet {
            // Standard output carries the one JSON object; what the suite prints is kept in a log.
            suite.stdout(self.log("suite.log")?).stderr(self.log("suite.err.log")?);
        }
        Ok(process::status(&mut suite)?.code())
    }

    fn log(&self, name: &str) -> Result<Stdio> {
        let path = self.folder.join(name);
        Ok(std::fs::File::create(&path)
            .with_context(|| format!("cannot write `{}`", path.display()))?
            .into())
    }

    /// The `molar-trace` command against this server.
    pub fn molar_trace(&self, args: &[&str]) -> Command {
        let mut command = process::command(self.binary("molar-trace"));
        command.args(args).env("MOLAR_TRACE_URL", &self.url).env("MOLAR_TRACE_KEY", &self.key);
        command
    }

    /// Every trace's row, once all are finished and archived.
    pub fn archived_traces(&self, bound: Duration) -> Result<Vec<Value>> {
        let until = Instant::now() + bound;
        loop {
            let listed: Value = serde_json::from_str(&process::output(
                &mut self.molar_trace(&["ls", "--json", "--limit", "200"]),
            )?)?;
            let rows = listed["items"].as_array().cloned().unwrap_or_default();
            if !rows.is_empty() && rows.iter().all(|row| row["archived"] == true) {
                return Ok(rows);
            }
            if Instant::now() > until {
                bail!(
                    "postprocess did not finish in {bound:?}; rows: {rows:?}; log: {}",
                    self.folder.join("server.log").display()
                );
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Every file of this name below a folder.
pub fn files_named(folder: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files_named(&path, name),
            false if path.file_name().is_some_and(|file| file == name) => vec![path],
            false => Vec::new(),
        })
        .collect()
}

/// The bytes of all files below a folder.
pub fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |path: PathBuf| {
        if path.is_dir() {
            bytes_below(&path)
        } else {
            path.metadata().map_or(0, |meta| meta.len())
        }
    };
    entries.flatten().map(|entry| size(entry.path())).sum()
}
