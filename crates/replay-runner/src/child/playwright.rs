//! Playwright's command line for one recorded test.

use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use trace_core::replay::plan::TestRef;

use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::tree::Listing;

/// What is started; the environment is named, not told, because values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Playwright {
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Variables that the replay sets.
    pub(crate) env: Vec<String>,
}

impl Playwright {
    /// The command line for the test of a trace. `spec` is the end of its file's path.
    pub(crate) fn of(test: &TestRef, spec: &Path, config: Option<&Path>, env: Vec<String>) -> Self {
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

/// The spec file below the listing's root. The record names it relative to the configuration's folder, or absolutely where it lies
/// outside of that, perhaps on another machine: then the longest end of it that is a listed file.
pub(crate) fn spec_of(test: &TestRef, listing: &Listing, config: Option<&Path>) -> Option<PathBuf> {
    let is_listed = |path: &PathBuf| listing.files.contains(path);
    let file = Path::new(&test.file);
    if file.is_relative() {
        let folder = config.and_then(Path::parent).unwrap_or(Path::new(""));
        return normal(&listing.suite.join(folder).join(file)).filter(is_listed);
    }
    let below = file.strip_prefix(&listing.root).ok().map(Path::to_owned).filter(is_listed);
    below.or_else(|| {
        let parts: Vec<Component<'_>> = file.components().skip(1).collect();
        (0..parts.len()).map(|from| parts[from..].iter().collect()).find(is_listed)
    })
}

/// The path without `.` and `..`; none when it leads above its beginning.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut place = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => place.pop().then_some(())?,
            Component::CurDir => {}
            other => place.push(other),
        }
    }
    Some(place)
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

/// The module where the package lies as it was published. Asking Node costs the start of a process, a tenth of a second and more.
pub(crate) fn published_guest(suite: &Path) -> Option<PathBuf> {
    let package = |folder: &Path| folder.join("node_modules/@molar/trace-replay-runner");
    let nearest = suite.ancestors().map(package).find(|package| package.exists())?;
    nearest.join("dist/guest.cjs").canonicalize().ok()
}

/// Node, asked where the suite has the module that replays inside the worker.
pub(crate) fn guest_question(suite: &Path) -> tokio::process::Command {
    let mut node = tokio::process::Command::new("node");
    node.args(["-p", &format!("require.resolve('{MODULE}')")]).current_dir(suite);
    node
}

/// What is wrong where it has none.
pub(crate) fn no_guest(suite: &Path) -> RunnerError {
    RunnerError::blocked(
        Code::BuildFailed,
        format!(
            "the suite in `{}` does not find `{MODULE}`; install `@molar/trace-replay-runner` there, or name the module with --guest",
            suite.display()
        ),
    )
}
