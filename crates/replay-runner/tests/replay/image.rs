//! Code out of a container image. There is a stand-in for the engine, since machines that run tests seldom have one: it keeps what it is
//! called with, and has an image's files in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::closing::send;
use super::kit::{Suite, ended, eventually, finished, patch, started, text};

const ENGINE: &str = r#"#!/bin/sh
# `docker` as far as a replay calls it. What it has lies beside it.
set -eu
at=$(dirname "$0")
echo "$*" >> "$at/calls"
case "$1 $2" in
  "image inspect") [ -e "$at/image" ] || { echo 'No such image' >&2; exit 1; }; cat "$at/image" ;;
  "build --tag") cat > "$at/context.tar"; [ ! -e "$at/broken" ] || { echo 'RUN npm ci: no' >&2; exit 1; }; echo /app > "$at/image" ;;
  "create --name") [ -e "$at/image" ] || { echo 'manifest unknown' >&2; exit 125; }; touch "$at/container"; echo 0123abc ;;
  "container inspect") [ -e "$at/container" ] ;;
  "cp "*) [ ! -e "$at/slow" ] || { touch "$at/copying"; sleep 600; }; cp -R "$at/files/." "$3" ;;
  "rm --force") [ -e "$at/container" ] || exit 1; rm "$at/container" ;;
  *) echo "unknown: $*" >&2; exit 64 ;;
esac
"#;

struct Engine {
    folder: PathBuf,
    program: String,
}

impl Engine {
    /// An engine; the image has the suite's own files, the configuration in words of its own.
    fn new(suite: &Suite) -> Self {
        suite.program("../engine/engine", ENGINE);
        for file in ["shop/tests/upgrade.spec.ts", "lib/plans.js"] {
            suite.write(&format!("../engine/files/{file}"), &text(&suite.path(file)));
        }
        suite.write("../engine/files/shop/playwright.config.ts", "// of the image\n");
        let playwright = text(&suite.path("node_modules/.bin/playwright"));
        suite.program("../engine/files/node_modules/.bin/playwright", &playwright);
        let folder = suite.dir.path().join("engine");
        Self { program: folder.join("engine").display().to_string(), folder }
    }

    fn has(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

/// The suite with its commit in the trace.
fn suite() -> (Suite, String) {
    let suite = Suite::new(true);
    let sha = suite.git(&["rev-parse", "HEAD"]).trim().to_owned();
    suite.edit_trace(r#""source":"pr""#, &format!(r#""source":"pr","code_sha":"{sha}""#));
    (suite, sha)
}

fn outcome(suite: &Suite, engine: &Engine, more: &[&str]) -> Value {
    let mut args = vec!["--code", "image", "--engine", &engine.program];
    args.extend(more);
    let outcome = suite.run("pass", &args).outcome();
    assert!(!engine.folder.join("container").exists(), "the container is still there");
    suite.is_clean();
    outcome
}

#[test]
fn the_files_of_an_image_are_what_is_replayed() {
    let (suite, sha) = suite();
    let engine = Engine::new(&suite);
    engine.has("image", "/app\n");
    let diff = patch("shop/playwright.config.ts", "// of the image", "// edited");
    let diff = suite.write("../fix.patch", &diff).display().to_string();
    let named = ["--image", "registry.example/shop:{sha}", "--edit", &diff];
    let outcome = outcome(&suite, &engine, &named);
    assert_eq!(outcome["state"], "passed", "{outcome}");
    assert_eq!(suite.left(&outcome, "seen/playwright.config.ts"), "// edited\n");
    let id = outcome["replay_id"].as_str().unwrap();
    let calls = engine.calls();
    let copied: Vec<&str> = calls[2].split(' ').collect();
    assert_eq!(
        [&calls[0], &calls[1], &calls[3]],
        [
            &format!(
                "image inspect --format {{{{.Config.WorkingDir}}}} registry.example/shop:{sha}"
            ),
            &format!(
                "create --name molar-replay-{id} --network none registry.example/shop:{sha} true"
            ),
            &format!("rm --force --volumes molar-replay-{id}"),
        ]
    );
    assert_eq!(copied[..2], ["cp", &format!("molar-replay-{id}:/app/.")], "{calls:?}");
    assert!(Path::new(copied[2]).starts_with(suite.home().canonicalize().unwrap()), "{calls:?}");
    assert_eq!(calls.len(), 4, "nothing is started: {calls:?}");
    assert_eq!(
        text(&suite.path("shop/playwright.config.ts")),
        "export default { webhook: '/old' };\n"
    );
}

#[test]
fn an_image_is_built_of_the_commit_where_it_is_not_there() {
    let suite = Suite::new(true);
    suite.write("Dockerfile", "FROM node\n");
    suite.git(&["add", "."]);
    suite.git(&["commit", "--quiet", "-m", "an image"]);
    let sha = suite.git(&["rev-parse", "HEAD"]).trim().to_owned();
    suite.edit_trace(r#""source":"pr""#, &format!(r#""source":"pr","code_sha":"{sha}""#));
    // What is not committed is no part of it.
    suite.write("Dockerfile", "FROM elsewhere\n");
    let engine = Engine::new(&suite);
    let built = outcome(&suite, &engine, &[]);
    assert_eq!(built["state"], "passed", "{built}");
    assert_eq!(engine.calls()[1], format!("build --tag molar-replay:{sha} -"));
    let context = fs::read(engine.folder.join("context.tar")).unwrap();
    let has = |words: &[u8]| context.windows(words.len()).any(|part| part == words);
    assert!(has(b"FROM node") && !has(b"FROM elsewhere"));
    fs::remove_file(engine.folder.join("image")).unwrap();
    engine.has("broken", "");
    let broken = outcome(&suite, &engine, &[]);
    assert_eq!(broken["code"], "BUILD_FAILED", "{broken}");
    assert!(broken["message"].as_str().unwrap().contains("RUN npm ci: no"), "{broken}");
}

#[test]
fn what_cannot_be_had_says_what_to_do() {
    let (suite, sha) = suite();
    let engine = Engine::new(&suite);
    let check = |more: &[&str], code: &str, words: &[&str]| {
        let outcome = outcome(&suite, &engine, more);
        assert_eq!(outcome["code"], code, "{outcome}");
        let message = outcome["message"].as_str().unwrap();
        words.iter().for_each(|word| assert!(message.contains(word), "{word}: {message}"));
    };
    check(&["--image", "shop:1"], "NO_CODE", &["`shop:1` cannot be had", "manifest unknown"]);
    check(&[], "NO_CODE", &[&sha, "no `Dockerfile`", "--image"]);
    engine.has("image", "\n");
    check(&["--image", "shop:1"], "NO_CODE", &["names no folder", "--image-folder"]);
    let mut without = suite.replay("pass", &["--code", "image", "--image", "shop:1"]);
    let folder = suite.path("empty");
    let outcome = finished(without.env("PATH", &folder)).outcome();
    assert_eq!(outcome["code"], "NO_CODE", "{outcome}");
    assert!(
        outcome["message"].as_str().unwrap().contains("neither `docker` nor `podman`"),
        "{outcome}"
    );
    // Words that could be options never come to the engine.
    let before = engine.calls();
    for hostile in ["--image=--privileged", "--image=shop latest", "--image-folder=../etc"] {
        let more = ["--code", "image", "--engine", &engine.program, hostile];
        assert_eq!(suite.run("pass", &more).code, Some(2), "{hostile}");
    }
    suite.edit_trace(&sha, "--output=x");
    check(&["--image", "shop:{sha}"], "NO_CODE", &["names no commit"]);
    check(&[], "NO_CODE", &["names no commit"]);
    assert_eq!(engine.calls(), before);
}

#[test]
fn a_container_goes_with_its_replay() {
    let (suite, _) = suite();
    let engine = Engine::new(&suite);
    engine.has("image", "/app\n");
    engine.has("slow", "");
    let more = ["--code", "image", "--engine", &engine.program, "--image", "shop:1"];
    let mut child = started(&mut suite.replay("pass", &more));
    eventually("the copy", || engine.folder.join("copying").exists().then_some(()));
    assert!(engine.folder.join("container").exists());
    send("-TERM", child.id());
    assert_eq!(ended(&mut child), Some(3));
    assert!(!engine.folder.join("container").exists());
    suite.is_clean();
}
