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

/// A bar for something that takes long. Only a terminal sees it, and only once it took a moment.
#[derive(Debug)]
pub(crate) struct Bar(indicatif::ProgressBar);

impl Bar {
    /// A bar that counts bytes.
    pub(crate) fn bytes(deed: &'static str) -> Self {
        let look = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        let bar = indicatif::ProgressBar::new(0).with_message(deed);
        // The template is ours; without it the default look serves.
        if let Ok(style) = indicatif::ProgressStyle::with_template(look) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// A bar that counts things.
    pub(crate) fn count(deed: &'static str) -> Self {
        let bar = indicatif::ProgressBar::new(0).with_message(deed);
        if let Ok(style) =
            indicatif::ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}")
        {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// So much of so much is done.
    pub(crate) fn at(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
