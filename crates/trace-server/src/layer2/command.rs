//! The runner's command line and environment for one replay.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::catalog::{Edit, ReplayRequest};
use crate::config::{Layer2Config, SuiteConfig};

/// What a replay inherits beside what its suite names: enough to find programs, browsers and a language, and nothing secret.
const INHERITED: [&str; 11] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "SystemRoot",
    "TEMP",
    "TMP",
    "PLAYWRIGHT_BROWSERS_PATH",
];

/// Where things lie.
#[derive(Debug, Clone)]
pub(super) struct Places<'a> {
    /// The source trace's folder in the store.
    pub(super) trace: &'a Path,
    /// One file per edit.
    pub(super) patches: &'a [PathBuf],
    /// Where the child trace is written.
    pub(super) out: &'a Path,
    /// Where the runner keeps what it opens.
    pub(super) home: &'a Path,
    /// The private key of the source's vault.
    pub(super) vault_key: Option<&'a Path>,
}

/// Writes each patch to a file of its own.
pub(super) fn write_patches(edits: &[Edit], dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let write = |(n, Edit::Patch { text }): (usize, &Edit)| {
        let path = dir.join(format!("edit-{}.patch", n + 1));
        std::fs::write(&path, text)?;
        Ok(path)
    };
    edits.iter().enumerate().map(write).collect()
}

/// The runner, ready to start. Its standard input is a pipe that ends with us, which ends the replay too.
pub(super) fn command(
    layer2: &Layer2Config,
    suite: &SuiteConfig,
    request: &ReplayRequest,
    places: &Places<'_>,
) -> std::io::Result<Command> {
    let mut command = if let Some(program) = &layer2.runner {
        Command::new(program)
    } else {
        let mut ourselves = Command::new(std::env::current_exe()?);
        ourselves.arg("replay-runner");
        ourselves
    };
    command.args(args(suite, request, places)).current_dir(suite.dir());
    command.env_clear();
    let names = INHERITED.iter().copied().chain(suite.pass_env.iter().map(String::as_str));
    command.envs(names.filter_map(|name| Some((name, std::env::var_os(name)?))));
    // Values may be secrets, and the arguments of a process can be read by everybody on the machine.
    command.envs(&suite.env);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A Ctrl-C at the worker's terminal is the worker's to answer.
    #[cfg(unix)]
    command.process_group(0);
    command.kill_on_drop(true);
    Ok(command)
}

fn args(suite: &SuiteConfig, request: &ReplayRequest, places: &Places<'_>) -> Vec<OsString> {
    let mut args: Vec<OsString> = Vec::new();
    let mut add = |name: &str, value: &dyn AsRef<std::ffi::OsStr>| {
        // One word each, so that no value is ever taken for an option.
        let mut word = OsString::from(format!("--{name}="));
        word.push(value);
        args.push(word);
    };
    add("home", &places.home);
    add("trace", &places.trace);
    add("from-step", &request.from_step.to_string());
    add("suite", &suite.dir());
    add("out", &places.out);
    add("strategy", &request.strategy.as_str());
    add("app-mode", &request.app_mode.as_str());
    let asked = request.timeout_seconds.unwrap_or(suite.timeout_seconds);
    add("timeout", &asked.min(suite.timeout_seconds).to_string());
    for (name, value) in [("config", &suite.config), ("guest", &suite.guest)] {
        value.iter().for_each(|path| add(name, path));
    }
    if suite.recorded_commit {
        add("code", &"sha");
    }
    suite.build.iter().for_each(|build| add("build", build));
    places.vault_key.iter().for_each(|key| add("vault-key", key));
    places.patches.iter().for_each(|patch| add("edit", patch));
    suite.app_origins.iter().for_each(|origin| add("app-origin", origin));
    suite.passthrough.iter().for_each(|url| add("passthrough", url));
    if request.without_clones {
        args.push("--without-clones".into());
    } else {
        suite.clones.iter().for_each(|(name, at)| add("clone", &format!("{name}={at}")));
    }
    args.splice(0..0, ["--json".into(), "run".into(), "--end-with-stdin".into()]);
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(more: &str) -> SuiteConfig {
        toml::from_str(&format!(
            "name = 'shop'\norg = 'acme'\nroot = '/srv'\nfolder = 'shop'\n{more}"
        ))
        .unwrap()
    }

    #[test]
    fn a_request_chooses_among_options_and_never_writes_one() {
        let places = Places {
            trace: Path::new("/store/t"),
            patches: &[PathBuf::from("/w/edit-1.patch")],
            out: Path::new("/w/out"),
            home: Path::new("/h"),
            vault_key: None,
        };
        let check = |more: &str, request: &str, wanted: &[&str], unwanted: &[&str]| {
            let request: ReplayRequest = serde_json::from_str(request).unwrap();
            let told = args(&suite(more), &request, &places);
            let told: Vec<&str> = told.iter().map(|word| word.to_str().unwrap()).collect();
            for word in wanted {
                assert!(told.contains(word), "{word}: {told:?}");
            }
            for word in unwanted {
                assert!(!told.iter().any(|told| told.starts_with(word)), "{word}: {told:?}");
            }
        };
        check(
            "build = 'npm run build'\nrecorded_commit = true\n[clones]\nstripe = 'http://127.0.0.1:9'",
            r#"{"from_step":7,"strategy":"auto","timeout_seconds":9999}"#,
            &[
                "--json",
                "run",
                "--end-with-stdin",
                "--from-step=7",
                "--suite=/srv/shop",
                "--strategy=auto",
                "--app-mode=hybrid",
                "--timeout=600",
                "--build=npm run build",
                "--code=sha",
                "--edit=/w/edit-1.patch",
                "--clone=stripe=http://127.0.0.1:9",
            ],
            &["--vault-key", "--without-clones"],
        );
        check(
            "[clones]\nstripe = 'http://127.0.0.1:9'",
            r#"{"from_step":1,"without_clones":true,"timeout_seconds":5,"suite":"--build=evil"}"#,
            &["--without-clones", "--timeout=5"],
            &["--clone", "--build", "--code"],
        );
    }

    #[tokio::test]
    async fn a_replay_inherits_what_is_named_and_nothing_else() {
        let places = Places {
            trace: Path::new("/"),
            patches: &[],
            out: Path::new("/"),
            home: Path::new("/"),
            vault_key: None,
        };
        let mut ours = std::env::vars().map(|(name, _)| name);
        let other = ours.find(|name| !INHERITED.contains(&name.as_str())).unwrap();
        let suite = suite(&format!("pass_env = ['{other}']\n[env]\nPORT = '1'"));
        let request = serde_json::from_str(r#"{"from_step":1}"#).unwrap();
        let built = command(&Layer2Config::default(), &suite, &request, &places).unwrap();
        let names: Vec<_> = built.as_std().get_envs().map(|(name, _)| name).collect();
        for name in ["PATH", "PORT", &other] {
            assert!(names.contains(&std::ffi::OsStr::new(name)), "{name}: {names:?}");
        }
        let known = |name: &&str| INHERITED.contains(name) || ["PORT", &other].contains(name);
        assert!(names.iter().all(|name| known(&name.to_str().unwrap())), "{names:?}");
    }
}
