//! `export`: a trace as a file of another tool.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use trace_core::blob::ArtifactName;

use crate::args::{Export, Format, Place};
use crate::error::{CliError, DAMAGED, unwritable};
use crate::export::{self, Bodies};
use crate::source::{self, OpenTrace};
use crate::{out, render};

pub(crate) fn run(place: &Place, wanted: &Export) -> Result<u8, CliError> {
    if wanted.inline_blobs && wanted.format != Format::Ndjson {
        let message = "`--inline-blobs` goes with `--format ndjson`; the other formats hold their contents anyway";
        return Err(CliError::Usage { message: message.to_owned() });
    }
    let trace = source::open(place, &wanted.trace)?;
    let bodies = Bodies::new(trace.as_ref());
    let mut out = Output::open(&wanted.output)?;
    let damage = write(trace.as_ref(), wanted, &bodies, &mut out)?;
    let written = out.finish()?;
    if place.json && !wanted.output.as_os_str().eq("-") {
        let mut results = out::results();
        let told = serde_json::json!({ "file": wanted.output, "bytes": written, "missing_contents": bodies.missing(), "damage": damage });
        writeln!(results, "{told}")?;
        results.flush()?;
    } else if wanted.output.as_os_str() != "-" {
        out::note(&format!("{} written, {}", wanted.output.display(), render::bytes(written)));
    }
    if bodies.missing() > 0 {
        out::note(&format!("{} contents are not here; their places stay empty", bodies.missing()));
    }
    damage.iter().for_each(|told| out::note(told));
    Ok(if damage.is_empty() { 0 } else { DAMAGED })
}

fn write(
    trace: &dyn OpenTrace,
    wanted: &Export,
    bodies: &Bodies<'_>,
    out: &mut Output,
) -> Result<Vec<String>, CliError> {
    if wanted.format == Format::Ndjson && !wanted.inline_blobs {
        return trace.copy_lines(out);
    }
    if wanted.format == Format::Playwright && recorded_zip(trace, out)? {
        return Ok(Vec::new());
    }
    let found = trace.events(None, usize::MAX)?;
    match wanted.format {
        Format::Ndjson => {
            let mut line = Vec::new();
            for event in &found.events {
                line.clear();
                trace_core::ndjson::encode(event, &mut line);
                let text = String::from_utf8_lossy(&line);
                writeln!(out, "{}", export::inlined(text.trim_end(), bodies)?)?;
            }
        }
        Format::Har => {
            serde_json::to_writer_pretty(
                &mut *out,
                &export::har(&found.events, trace.row(), bodies)?,
            )?;
            writeln!(out)?;
        }
        Format::Markdown => write!(out, "{}", export::markdown(&found.events, trace.row()))?,
        Format::Playwright => {
            out.write_all(&export::playwright_zip(&found.events, trace.row(), bodies)?)?;
        }
    }
    Ok(found.damage)
}

/// The zip that Playwright itself made, when the trace has it: it holds more than one that is put together from the record.
fn recorded_zip(trace: &dyn OpenTrace, out: &mut Output) -> Result<bool, CliError> {
    match ArtifactName::PLAYWRIGHT_ZIP.parse::<ArtifactName>() {
        Ok(name) => trace.copy_artifact(&name, out),
        Err(_) => Ok(false),
    }
}

/// Standard output, or a file that has its name only once it is whole.
enum Output {
    Stdout(BufWriter<std::io::StdoutLock<'static>>),
    File(Beside),
}

/// A file that is not yet what it will be; removed unless it gets its name.
struct Beside {
    out: BufWriter<std::fs::File>,
    temporary: PathBuf,
    path: PathBuf,
    written: u64,
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Gone already when it got its name.
        drop(std::fs::remove_file(&self.temporary));
    }
}

impl Output {
    fn open(path: &Path) -> Result<Self, CliError> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout(BufWriter::new(std::io::stdout().lock())));
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        let out = BufWriter::new(std::fs::File::create(&temporary).map_err(unwritable(path))?);
        Ok(Self::File(Beside { out, temporary, path: path.to_owned(), written: 0 }))
    }

    /// Gives a file its name; answers how many bytes it has.
    fn finish(mut self) -> Result<u64, CliError> {
        self.flush()?;
        match self {
            Self::Stdout(_) => Ok(0),
            Self::File(file) => {
                std::fs::rename(&file.temporary, &file.path).map_err(unwritable(&file.path))?;
                Ok(file.written)
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(file) => {
                let n = file.out.write(bytes)?;
                file.written += n as u64;
                Ok(n)
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(file) => file.out.flush(),
        }
    }
}
