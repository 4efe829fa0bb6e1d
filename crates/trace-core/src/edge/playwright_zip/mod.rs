//! Playwright's own trace, rewritten by the trace's rules before it is kept.
//!
//! Playwright knows nothing of masks and secrets: typed passwords stand in its calls, its logs and its copies of the DOM, and
//! cookies in its HAR entries. The archive is read twice. The first pass learns what is secret, since a call that types a
//! password comes before the picture of the field which tells that it is one; the second writes. Members pass line by line,
//! so the memory does not grow with the archive.

mod har;
mod learn;
mod left_out;
mod line;
mod member;
mod snapshot;

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::error::FileError;
use super::files;
use super::options::Masks;
use super::secrets::Secrets;
use left_out::LeftOut;
use line::Lines;

type Archive = ZipArchive<BufReader<File>>;

/// Whether a file of that name is a Playwright trace.
pub(super) fn is_one(name: &str) -> bool {
    name.strip_prefix("trace.playwright").is_some_and(|rest| rest.ends_with("zip"))
}

/// Writes the archive `from` to `to` without what must not be said; what was left out, for a notice.
///
/// The files that are named by the SHA-1 of their content keep their names, because the lines refer to them by it.
pub(super) fn rewrite(
    from: &Path,
    to: &Path,
    secrets: &mut Secrets,
    masks: Masks,
) -> Result<Option<(String, u64)>, FileError> {
    let unreadable = |error| FileError::at("read", from)(std::io::Error::other(error));
    let file = File::open(from).map_err(FileError::at("open", from))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
    let beside = files::beside(to);
    let written = write(&mut archive, &beside, secrets, masks)
        .map_err(FileError::at("write", &beside))
        .and_then(|told| {
            std::fs::rename(&beside, to).map_err(FileError::at("write", to))?;
            Ok(told)
        });
    if written.is_err() {
        drop(files::remove_if_any(&beside));
    }
    Ok(written?.told())
}

fn write(
    archive: &mut Archive,
    to: &Path,
    secrets: &mut Secrets,
    masks: Masks,
) -> std::io::Result<LeftOut> {
    let mut lines = Lines::new(secrets, masks);
    learn::learn(archive, &mut lines);
    let out = BufWriter::new(File::create(to)?);
    let mut out = ZipWriter::new(out).set_auto_large_file();
    for n in 0..archive.len() {
        member::copy(archive, n, &mut lines, &mut out)?;
    }
    out.finish()?.flush()?;
    Ok(lines.left_out)
}

/// Members up to which deflate takes its time: a short test's calls and requests, a quarter smaller for a millisecond or two.
const CAREFUL_BYTES: u64 = 1 << 20;

/// Deflate of a member of that many bytes. A long one is packed at a level where it is fast, because a test waits for its end.
fn options(bytes: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(if bytes <= CAREFUL_BYTES { 9 } else { 3 }))
}
