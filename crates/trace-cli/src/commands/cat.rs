//! `cat`: every line of a trace, from every frame.

use std::io::Write;

use crate::args::Place;
use crate::error::{CliError, DAMAGED};
use crate::{out, source};

pub(crate) fn run(place: &Place, trace: &str) -> Result<u8, CliError> {
    let mut lines = std::io::BufWriter::new(std::io::stdout().lock());
    let damage = source::open(place, trace)?.copy_lines(&mut lines)?;
    lines.flush()?;
    for told in &damage {
        out::note(told);
    }
    Ok(if damage.is_empty() { 0 } else { DAMAGED })
}
