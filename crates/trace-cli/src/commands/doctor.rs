//! `doctor`: is the set-up right, and if not, what to do about it.

use std::io::Write;

use serde::Serialize;
use trace_core::redact::{Redactor, Rules};

use crate::args::{List, Place};
use crate::error::CliError;
use crate::render::Paint;
use crate::{out, source};

/// One checked thing.
#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    ok: bool,
    found: String,
}

pub(crate) fn run(place: &Place) -> Result<u8, CliError> {
    let findings = [Some(folder(place)), Some(redaction()), server(place), Some(leftovers(place))];
    let findings: Vec<Finding> = findings.into_iter().flatten().collect();
    let mut out = out::results();
    if place.json {
        writeln!(out, "{}", serde_json::json!({ "findings": findings }))?;
    } else {
        for finding in &findings {
            let sign = if finding.ok { Paint::Good.on("✓") } else { Paint::Bad.on("✗") };
            writeln!(out, "{sign} {:<10} {}", finding.name, finding.found)?;
        }
    }
    out.flush()?;
    Ok(u8::from(findings.iter().any(|finding| !finding.ok)))
}

/// The folder can be written: the recorder would lose everything otherwise.
fn folder(place: &Place) -> Finding {
    let root = &place.root;
    let probe = root.join(format!(".doctor-{}", std::process::id()));
    let tried = std::fs::create_dir_all(root)
        .and_then(|()| std::fs::write(&probe, b"ok"))
        .and_then(|()| std::fs::remove_file(&probe));
    let found = match &tried {
        Ok(()) => format!("{} can be written", root.display()),
        Err(error) => format!(
            "{} cannot be written: {error}; choose another with MOLAR_TRACE_DIR",
            root.display()
        ),
    };
    Finding { name: "folder", ok: tried.is_ok(), found }
}

/// A planted secret of every kind is caught: a rule that does not fire would be silent otherwise.
fn redaction() -> Finding {
    let checked = Redactor::new(Rules::default()).and_then(|redactor| redactor.self_check());
    let found = match &checked {
        Ok(()) => "every rule caught its planted secret".to_owned(),
        Err(error) => format!("{error}; do not record until this is repaired"),
    };
    Finding { name: "redaction", ok: checked.is_ok(), found }
}

/// The server answers and takes the key, when one is named.
fn server(place: &Place) -> Option<Finding> {
    place.server.as_ref()?;
    let wanted = List { status: None, signature: None, limit: 1 };
    let asked = source::of(place).and_then(|source| source.list(&wanted).map(|_| source.place()));
    let (ok, found) = match asked {
        Ok(url) => (true, format!("{url} answers and takes the key")),
        Err(error) => (false, error.to_string()),
    };
    Some(Finding { name: "server", ok, found })
}

/// What dead or offline recorders left behind.
fn leftovers(place: &Place) -> Finding {
    let n = source::unfinished(&place.root);
    let found = match n {
        0 => "nothing waits to be recovered".to_owned(),
        n => format!(
            "{n} unfinished traces under {}; `molar-trace recover` finishes or ships them",
            place.root.display()
        ),
    };
    Finding { name: "spool", ok: true, found }
}
