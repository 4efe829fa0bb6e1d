//! Playwright's archives beside a trace, read for their calls.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::event::{Event, Kind};
use crate::replay::tape::{self, Tape};
use crate::trace::StepTree;

/// The calls in the archives beside the trace; none when there is no archive, or none that can be read.
pub(super) fn tape(directory: &Path, events: &[Event], tree: &StepTree) -> Option<Tape> {
    let start = events.iter().find(|event| event.kind == Kind::RunStart)?;
    let wall_ms = start.payload.field("wall_ms")?.as_u64()?;
    let mut archives: Vec<PathBuf> = std::fs::read_dir(directory)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("trace.playwright") && name.ends_with(".zip")
        })
        .collect();
    archives.sort();
    let members: Vec<(String, Vec<u8>)> =
        archives.iter().flat_map(|path| members(path).unwrap_or_default()).collect();
    let members = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let mut tape = tape::parse(members, wall_ms);
    tape.place(tree);
    (!archives.is_empty()).then_some(tape)
}

/// A longer member is not read: an archive must not decide how much memory is used.
const MOST_MEMBER_BYTES: u64 = 512 << 20;

/// The members of an archive that hold calls.
fn members(archive: &Path) -> Option<Vec<(String, Vec<u8>)>> {
    let file = File::open(archive).ok()?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).ok()?;
    let mut found = Vec::new();
    for n in 0..archive.len() {
        let Ok(member) = archive.by_index(n) else { continue };
        let Ok(name) = member.name().map(std::borrow::Cow::into_owned) else { continue };
        let mut bytes = Vec::new();
        let is_wanted = tape::holds_calls(&name) && member.size() <= MOST_MEMBER_BYTES;
        // What lies before a broken place counts.
        if is_wanted
            && member.take(MOST_MEMBER_BYTES).read_to_end(&mut bytes).is_ok() | !bytes.is_empty()
        {
            found.push((name, bytes));
        }
    }
    Some(found)
}
