//! A Playwright trace without what is looked for.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::super::error::FileError;
use super::stage::cleaned;
use super::{ScrubError, Wanted};

/// A member that is larger is not looked into.
const MAX_MEMBER_BYTES: u64 = 256 << 20;

/// Writes the archive anew; whether it changed, and what could not be looked into.
pub(super) fn scrub(
    from: &Path,
    to: &Path,
    wanted: &mut Wanted,
) -> Result<(bool, Option<&'static str>), ScrubError> {
    let unreadable = |error: zip::result::ZipError| ScrubError::Unreadable {
        path: from.to_owned(),
        reason: error.to_string(),
    };
    let file = File::open(from).map_err(FileError::at("open", from))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
    let out = BufWriter::new(File::create(to).map_err(FileError::at("create", to))?);
    let mut out = ZipWriter::new(out).set_auto_large_file();
    let (mut changed, mut unseen) = (false, None);
    for n in 0..archive.len() {
        let mut member = archive.by_index(n).map_err(unreadable)?;
        let name = member.name().map_err(unreadable)?.into_owned();
        let mut bytes = Vec::new();
        if member.size() <= MAX_MEMBER_BYTES {
            let mut bounded = member.by_ref().take(MAX_MEMBER_BYTES);
            bounded.read_to_end(&mut bytes).map_err(FileError::at("read", from))?;
        } else {
            unseen = Some("members of the Playwright trace that are too large");
        }
        drop(member);
        let clean = cleaned(&bytes, media_type(&name), wanted);
        if *clean == *bytes {
            let member = archive.by_index_raw(n).map_err(unreadable)?;
            out.raw_copy_file(member).map_err(unreadable)?;
            continue;
        }
        changed = true;
        out.start_file(name, SimpleFileOptions::default()).map_err(unreadable)?;
        out.write_all(&clean).map_err(FileError::at("write", to))?;
    }
    let written = out.finish().map_err(unreadable)?.into_inner();
    let written = written.map_err(std::io::IntoInnerError::into_error);
    written.and_then(|file| file.sync_all()).map_err(FileError::at("write", to))?;
    if !changed {
        super::super::files::remove_if_any(to)?;
    }
    Ok((changed, unseen))
}

fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default();
    match ending {
        "trace" | "network" | "jsonl" | "json" | "stacks" => "application/json",
        _ => "application/octet-stream",
    }
}
