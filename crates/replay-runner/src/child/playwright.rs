//! Playwright's command line for one recorded test.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;
use trace_core::replay::plan::TestRef;

use crate::codes::Code;
use crate::error::{Result, RunnerError};

/// What is started; the environment is named, not told, because values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Playwright {
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Variables that the replay sets.
    pub(crate) env: Vec<String>,
}

impl Playwright {
    /// The command line for the test of a trace.
    pub(crate) fn of(test: &TestRef, config: Option<&Path>, env: Vec<String>) -> Self {
        let spec = spec_of(test, config);
        // Playwright takes a file's name as a pattern.
        let mut args = vec!["test".to_owned(), format!("{}$", escaped(&spec.to_string_lossy()))];
        args.extend(["-g".to_owned(), title_pattern(test)]);
        if !test.project.is_empty() {
            args.extend(["--project".to_owned(), test.project.clone()]);
        }
        // The prepared state comes from the record, so projects that prepare it are left out; a report that opens a browser would
        // never end.
        let rest = ["--workers", "1", "--retries", "0", "--no-deps", "--reporter", "line"];
        args.extend(rest.map(str::to_owned));
        if let Some(config) = config {
            args.extend(["--config".to_owned(), config.to_string_lossy().into_owned()]);
        }
        Self { args, env }
    }
}

/// The spec file relative to the suite's folder: the record names it relative to the configuration's.
pub(crate) fn spec_of(test: &TestRef, config: Option<&Path>) -> PathBuf {
    let folder = config.and_then(Path::parent).unwrap_or(Path::new(""));
    folder.join(&test.file)
}

/// A pattern that one test alone fits. Playwright matches it against root, project, file, describes and title, tags behind each,
/// joined by blanks; the slashes keep upper and lower case apart.
pub(crate) fn title_pattern(test: &TestRef) -> String {
    let file = test.file.rsplit('/').next().unwrap_or_default();
    let titles = test.title_path.iter().map(|title| format!(" {}(?: @\\S+)*", escaped(title)));
    let titles: String = titles.collect();
    format!("/^\\s*{}\\s+(?:.*\\/)?{}{titles}$/", escaped(&test.project), escaped(file))
}

/// Text for a regular expression of JavaScript.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            letter if "\\^$.*+?()[]{}|/".contains(letter) => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
    }
    out
}

/// Playwright's program as the suite has it installed.
pub(crate) fn installed(suite: &Path, root: &Path) -> Result<PathBuf> {
    let name = if cfg!(windows) { "playwright.cmd" } else { "playwright" };
    let above = root.parent().unwrap_or(root);
    let folders = suite.ancestors().take_while(|folder| folder.starts_with(above));
    let mut programs = folders.map(|folder| folder.join("node_modules/.bin").join(name));
    programs.find(|program| program.is_file()).ok_or_else(|| {
        let message = format!(
            "`{}` has no Playwright in its `node_modules`; install the suite's packages there first",
            suite.display()
        );
        RunnerError::blocked(Code::BuildFailed, message)
    })
}

const MODULE: &str = "@molar/trace-replay-runner/guest";

/// The module that replays inside the worker, as the suite resolves it.
pub(crate) fn guest(chosen: Option<&Path>, suite: &Path) -> Result<PathBuf> {
    if let Some(chosen) = chosen {
        return chosen.canonicalize().map_err(|error| {
            RunnerError::usage(format!("no guest module `{}`: {error}", chosen.display()))
        });
    }
    let told = Command::new("node")
        .args(["-p", &format!("require.resolve('{MODULE}')")])
        .current_dir(suite)
        .stdin(std::process::Stdio::null())
        .output();
    let told = told.map_err(|error| {
        RunnerError::blocked(Code::BuildFailed, format!("cannot start `node`: {error}"))
    })?;
    if told.status.success() {
        return Ok(PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    }
    Err(RunnerError::blocked(
        Code::BuildFailed,
        format!(
            "the suite in `{}` does not find `{MODULE}`; install `@molar/trace-replay-runner` there, or name the module with --guest",
            suite.display()
        ),
    ))
}
