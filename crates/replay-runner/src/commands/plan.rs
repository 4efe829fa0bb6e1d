//! `plan`: a dry run.

use std::io::Write;

use crate::args::{Place, Wanted};
use crate::edits::{self, Way};
use crate::error::Result;
use crate::pipeline::{self, Deed, Pipeline};
use crate::{out, source};

pub(crate) fn run(place: &Place, wanted: &Wanted) -> Result<u8> {
    let scratch = tempfile::tempdir()?;
    let source = source::open(wanted, source::find(&wanted.trace, &place.root)?, scratch.path())?;
    let pipeline = pipeline::decide(wanted, place, &source, "dry-run")?;
    check_first_patch(&pipeline)?;
    let mut out = out::results();
    if place.json {
        writeln!(out, "{}", serde_json::to_string(&pipeline)?)?;
    } else {
        for_people(&mut out, &pipeline)?;
    }
    out.flush()?;
    Ok(0)
}

/// Later patches may build on the first one, so only that one can be tried on the working directory.
fn check_first_patch(pipeline: &Pipeline) -> Result<()> {
    let code = pipeline.deeds.iter().find_map(|deed| match deed {
        Deed::Code(listing) => Some(listing),
        _ => None,
    });
    let first = pipeline.deeds.iter().find_map(|deed| match deed {
        Deed::Edits(changes) => changes.patches.first(),
        _ => None,
    });
    let Some((listing, patch)) = code.zip(first).filter(|(listing, _)| !listing.is_checkout) else {
        return Ok(());
    };
    edits::apply(patch, &listing.root, &listing.root.join(&listing.suite), Way::Check)
}

fn for_people(out: &mut impl Write, pipeline: &Pipeline) -> Result<()> {
    write!(out, "{}", crate::out::plain(&pipeline.plan.to_string()))?;
    writeln!(out, "  it would")?;
    for (n, deed) in pipeline.deeds.iter().enumerate() {
        writeln!(
            out,
            "{:3}. {:8} {}",
            n + 1,
            deed.action().name(),
            crate::out::plain(&deed.told())
        )?;
    }
    Ok(())
}
