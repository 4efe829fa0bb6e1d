//! The only place that prints: results to standard output, the rest to standard error, colours only for terminals.

use std::error::Error;
use std::io::Write;

/// Standard output that drops colours when nobody looks.
pub(crate) fn results() -> impl Write {
    std::io::BufWriter::new(anstream::stdout())
}

/// A line for the person at the terminal, not part of the result.
pub(crate) fn note(text: &str) {
    drop(writeln!(anstream::stderr(), "{text}"));
}

/// Help and usage errors as clap words them.
pub(crate) fn help(error: &clap::Error) {
    drop(error.print());
}

/// An error with its causes, one line each.
pub(crate) fn problem(error: &dyn Error) {
    let mut stderr = anstream::stderr();
    drop(writeln!(stderr, "molar-trace: {error}"));
    let mut cause = error.source();
    while let Some(error) = cause {
        drop(writeln!(stderr, "  because: {error}"));
        cause = error.source();
    }
}
