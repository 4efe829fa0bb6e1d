//! `scrub`: a secret that got into finished local traces is taken out of them.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use trace_core::edge::scrub::{Scrubbed, Wanted, plan, scrub};

use crate::args::{Place, Scrub};
use crate::error::CliError;
use crate::out;
use crate::source::LocalSource;

pub(crate) fn run(place: &Place, typed: &Scrub) -> Result<u8, CliError> {
    let mut wanted = wanted(typed)?;
    let source = LocalSource::new(&place.root);
    let dirs: Vec<PathBuf> =
        typed.traces.iter().map(|trace| source.folder(trace)).collect::<Result<_, _>>()?;
    let mut results = out::results();
    for dir in dirs {
        let told = if typed.dry_run {
            plan(&dir, &mut wanted, typed.vault)
        } else {
            scrub(&dir, &mut wanted, typed.vault)
        };
        let told = told.map_err(|error| CliError::Scrub(Box::new(error)))?;
        if place.json {
            writeln!(results, "{}", value(&dir, &told, typed.dry_run))?;
        } else {
            tell(&mut results, &dir, &told, typed.dry_run)?;
        }
    }
    results.flush()?;
    Ok(0)
}

/// The secret comes from a file or a variable, never from the command line.
fn wanted(typed: &Scrub) -> Result<Wanted, CliError> {
    let refused = |message: String| CliError::Usage { message };
    let wanted = match (&typed.value_file, &typed.value_env, &typed.pattern, &typed.value) {
        (_, _, _, Some(_)) => {
            let why = "a value on the command line stays in the shell's history and is shown by `ps`; put it into a file \
                (`--value-file`) or a variable (`--value-env`), and treat the one just typed as known to others";
            return Err(refused(why.to_owned()));
        }
        (Some(path), None, None, None) => Wanted::values(vec![from_file(path)?]),
        (None, Some(name), None, None) => {
            let value = std::env::var(name)
                .map_err(|_| refused(format!("the variable `{name}` is not set, or is no text")))?;
            Wanted::values(vec![value])
        }
        (None, None, Some(pattern), None) => Wanted::pattern(pattern),
        _ => {
            let why =
                "say what to remove: `--value-file`, `--value-env` or `--pattern`, one of them";
            return Err(refused(why.to_owned()));
        }
    };
    wanted.map_err(|error| CliError::Scrub(Box::new(error)))
}

/// The file's text without the line break that editors add.
fn from_file(path: &Path) -> Result<String, CliError> {
    let unreadable =
        |error: std::io::Error| CliError::Read { path: path.to_owned(), source: Box::new(error) };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn value(dir: &Path, told: &Scrubbed, is_plan: bool) -> serde_json::Value {
    json!({ "folder": dir, "dry_run": is_plan, "lines": told.lines, "places": told.places, "blobs": told.blobs,
        "artifacts": told.artifacts, "shared_blobs": told.shared, "unseen": told.unseen, "resumed": told.resumed })
}

fn tell(
    results: &mut impl Write,
    dir: &Path,
    told: &Scrubbed,
    is_plan: bool,
) -> Result<(), CliError> {
    let deed = if is_plan { "would change" } else { "changed" };
    if told.resumed {
        writeln!(results, "{}: finished an earlier scrub that was cut off", dir.display())?;
    }
    let (lines, blobs, places) = (told.lines, told.blobs, told.places);
    write!(
        results,
        "{}: {deed} {places} places in {lines} lines and {blobs} blobs",
        dir.display()
    )?;
    for name in &told.artifacts {
        write!(results, ", {name}")?;
    }
    writeln!(results)?;
    for id in &told.shared {
        writeln!(results, "  blob {id} stays: another trace refers to it; scrub that one too")?;
    }
    for what in &told.unseen {
        writeln!(results, "  not looked into: {what}")?;
    }
    Ok(())
}
