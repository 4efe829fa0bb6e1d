//! Rules that no lint knows: sizes, fences between rooms, and words that must not stand in the project.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::process;

/// One rule: which files it reads, and what is wrong with one, if anything.
struct Rule {
    why: &'static str,
    applies: fn(&str) -> bool,
    fault: fn(&str) -> Option<String>,
}

/// A file longer than this has more than one job; tests and generated files may be longer.
const LONGEST_FILE: usize = 400;

const RULES: &[Rule] = &[
    Rule {
        why: "a room is read in one sitting; split the file by what it does",
        applies: |path| is_source(path) && !is_test(path) && !is_generated(path),
        fault: |text| too_long(text),
    },
    Rule {
        why: "an exception without a reason outlives its cause; write #[expect(…, reason = \"…\")]",
        applies: |path| path.ends_with(".rs") && !is_this(path),
        fault: |text| line_with(text, &["#[allow(", "#![allow(", "#[ignore"]),
    },
    Rule {
        why: "trace-core's pure rooms are handed time and bytes; only `edge` reads clocks, files and sockets",
        applies: |path| path.starts_with("crates/trace-core/src/") && !path.contains("/edge/"),
        fault: |text| {
            line_with(
                text,
                &[
                    "Instant::now",
                    "SystemTime::now",
                    "std::fs",
                    "std::net",
                    "std::thread",
                    "std::env",
                ],
            )
        },
    },
    Rule {
        why: "object keys are built in blob/keys.rs alone, so that a layout change is one change",
        applies: |path| {
            path.starts_with("crates/")
                && path.ends_with(".rs")
                && !path.ends_with("blob/keys.rs")
                && !is_this(path)
                && !is_test(path)
        },
        fault: |text| line_with(&without_tests(text), &["\"traces/runs", "\"blobs/sha256"]),
    },
    Rule {
        why: "what a package takes from a caller is narrowed once, never asserted",
        applies: |path| path.starts_with("npm/") && path.contains("/src/") && path.ends_with(".ts"),
        fault: |text| {
            line_with(text, &[": any", "as any", "<any>", "@ts-ignore", "@ts-nocheck", "catch {}"])
        },
    },
    Rule {
        why: "unfinished work is finished or told in the limits, not left in the code",
        applies: |path| is_source(path) && !is_this(path),
        fault: |text| line_with(text, &["TODO", "FIXME", "XXX:"]),
    },
];

/// Reads every tracked file once and names each broken rule with its place.
pub fn run() -> Result<()> {
    let listed = process::output(process::command("git").args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let faults: Vec<String> = listed.lines().flat_map(faults_of).collect();
    if faults.is_empty() {
        eprintln!("{} files, no fault", listed.lines().count());
        return Ok(());
    }
    bail!("{} untidy places:\n{}", faults.len(), faults.join("\n"))
}

fn faults_of(path: &str) -> Vec<String> {
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| (rule.applies)(path)).collect();
    let text = if rules.is_empty() { None } else { std::fs::read_to_string(full(path)).ok() };
    let Some(text) = text else { return Vec::new() };
    let told =
        |rule: &&Rule| (rule.fault)(&text).map(|fault| format!("{path}: {fault} — {}", rule.why));
    rules.iter().filter_map(told).collect()
}

fn full(path: &str) -> PathBuf {
    process::root().join(Path::new(path))
}

fn is_source(path: &str) -> bool {
    [".rs", ".ts", ".mjs"].iter().any(|end| path.ends_with(end))
}

/// This file must write down the words it looks for.
fn is_this(path: &str) -> bool {
    path == "crates/xtask/src/tidy.rs"
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.contains("/test/")
        || path.ends_with("tests.rs")
        || path.starts_with("fuzz/")
}

fn is_generated(path: &str) -> bool {
    path.contains("binding.") || path.ends_with(".d.ts")
}

fn too_long(text: &str) -> Option<String> {
    let lines = without_tests(text).lines().count();
    (lines > LONGEST_FILE).then(|| format!("{lines} lines, at most {LONGEST_FILE}"))
}

/// The part before an inline test module.
fn without_tests(text: &str) -> String {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

fn line_with(text: &str, words: &[&str]) -> Option<String> {
    let code = |line: &str| !matches!(line.trim_start().get(..2), Some("//" | "* " | "/*"));
    let mut lines = text.lines().enumerate().filter(|(_, line)| code(line));
    lines.find_map(|(n, line)| {
        words
            .iter()
            .find(|word| line.contains(*word))
            .map(|word| format!("line {}: `{word}`", n + 1))
    })
}
