//! Reading: a bundle may come from anybody, so only what `bundle.json` lists is taken, and only at its listed size and digest.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use tar::{Archive, Entry, EntryType};

use super::error::BundleError;
use super::list::{BundleFile, BundleList, LIST, refused};
use crate::blob::Hasher;
use crate::edge::error::FileError;
use crate::edge::files;

/// What a reader is ready to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundleLimits {
    /// Bytes of all files together, as stored.
    pub bytes: u64,
    /// Number of files.
    pub files: u64,
    /// Bytes of `bundle.json`.
    pub list_bytes: u64,
}

impl Default for BundleLimits {
    fn default() -> Self {
        Self { bytes: 16 << 30, files: 1_000_000, list_bytes: 256 << 20 }
    }
}

/// A zstd window beyond 128 MiB would let a few bytes ask for gigabytes of memory.
const MAX_WINDOW_LOG: u32 = 27;

/// Reads the list alone; what it promises has not been looked at.
pub fn list_bundle(bundle: impl Read, limits: &BundleLimits) -> Result<BundleList, BundleError> {
    let mut tar = archive(bundle, limits)?;
    let mut entries = tar.entries().map_err(BundleError::Archive)?;
    first(&mut entries, limits)
}

/// Reads a bundle whole and compares every file with the list.
///
/// Errors: it is no bundle, holds something unlisted, is damaged or cut short, or exceeds a limit.
pub fn verify_bundle(
    bundle: impl Read,
    limits: &BundleLimits,
    progress: impl FnMut(u64, u64),
) -> Result<BundleList, BundleError> {
    walk(bundle, limits, progress, |_, bytes| {
        std::io::copy(bytes, &mut std::io::sink()).map_err(BundleError::Archive)
    })
}

/// Writes a bundle's files below `into`, which then is a recorder's folder. Paths are built from checked names alone; what was
/// written before an error stays, so `into` should be a folder of its own.
pub fn unpack_bundle(
    bundle: impl Read,
    into: &Path,
    limits: &BundleLimits,
    progress: impl FnMut(u64, u64),
) -> Result<BundleList, BundleError> {
    walk(bundle, limits, progress, |listed, bytes| {
        let path = into.join(&listed.name);
        path.parent().map_or(Ok(()), files::create_dir_all)?;
        let mut file = File::create_new(&path).map_err(FileError::at("create", &path))?;
        copy(bytes, &mut file, &path)
    })
}

fn copy(from: &mut dyn Read, to: &mut File, path: &Path) -> Result<u64, BundleError> {
    let (mut piece, mut total) = (vec![0; 128 << 10], 0);
    loop {
        let n = from.read(&mut piece).map_err(BundleError::Archive)?;
        if n == 0 {
            return Ok(total);
        }
        to.write_all(&piece[..n]).map_err(FileError::at("write", path))?;
        total += n as u64;
    }
}

fn walk(
    bundle: impl Read,
    limits: &BundleLimits,
    mut progress: impl FnMut(u64, u64),
    mut take: impl FnMut(&BundleFile, &mut dyn Read) -> Result<u64, BundleError>,
) -> Result<BundleList, BundleError> {
    let mut tar = archive(bundle, limits)?;
    let mut entries = tar.entries().map_err(BundleError::Archive)?;
    let list = first(&mut entries, limits)?;
    let mut expected: BTreeMap<&str, &BundleFile> =
        list.files.iter().map(|file| (file.name.as_str(), file)).collect();
    let (mut done, total) = (0, list.bytes());
    for entry in entries {
        let mut entry = entry.map_err(BundleError::Archive)?;
        let name = name_of(&entry)?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(refused(&name, "it is no plain file"));
        }
        let listed = expected.remove(name.as_str());
        let listed = listed.ok_or_else(|| refused(&name, "it is not listed, or stands twice"))?;
        if entry.size() != listed.size {
            return Err(refused(&name, "it has another size than listed"));
        }
        let mut hashing = Hashing { inner: &mut entry, hasher: Hasher::new() };
        let copied = take(listed, &mut hashing)?;
        let is_whole = copied == listed.size && hashing.hasher.finish().hex() == listed.sha256;
        if !is_whole {
            return Err(refused(&name, "its bytes are not the listed ones; the bundle is damaged"));
        }
        done += copied;
        progress(done, total);
    }
    match expected.keys().next() {
        None => Ok(list),
        Some(first) => Err(BundleError::Missing {
            missing: expected.len(),
            listed: list.files.len(),
            first: (*first).to_owned(),
        }),
    }
}

/// The inflated archive. The list says how much there is; beyond it, and beyond what a header costs, nothing is inflated.
fn archive<R: Read>(
    bundle: R,
    limits: &BundleLimits,
) -> Result<Archive<impl Read + use<R>>, BundleError> {
    let mut zstd = zstd::Decoder::new(bundle).map_err(BundleError::Archive)?;
    zstd.window_log_max(MAX_WINDOW_LOG).map_err(BundleError::Archive)?;
    let bound = limits.bytes.saturating_add(limits.list_bytes).saturating_add(limits.files * 4096);
    Ok(Archive::new(BufReader::new(zstd.take(bound))))
}

fn first<R: Read>(
    entries: &mut tar::Entries<'_, R>,
    limits: &BundleLimits,
) -> Result<BundleList, BundleError> {
    let first = entries.next().ok_or_else(|| BundleError::NoBundle("it is empty".to_owned()))?;
    read_list(first.map_err(|error| no_archive(&error))?, limits)
}

/// Whatever the first bytes are wrong with, the file is none of ours.
fn no_archive(error: &std::io::Error) -> BundleError {
    BundleError::NoBundle(format!("it is no zstd-compressed tar archive ({error})"))
}

fn read_list<R: Read>(
    mut entry: Entry<'_, R>,
    limits: &BundleLimits,
) -> Result<BundleList, BundleError> {
    let name = name_of(&entry)?;
    if name != LIST || entry.header().entry_type() != EntryType::Regular {
        return Err(BundleError::NoBundle(format!("its first member is not `{LIST}`")));
    }
    let (found, limit) = (entry.size(), limits.list_bytes);
    if found > limit {
        return Err(BundleError::TooLarge { what: "bytes of its list", found, limit });
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(BundleError::Archive)?;
    BundleList::parse(&text, limits)
}

fn name_of<R: Read>(entry: &Entry<'_, R>) -> Result<String, BundleError> {
    let bytes = entry.path_bytes();
    let name = std::str::from_utf8(&bytes).map(str::to_owned);
    name.map_err(|_| refused(&String::from_utf8_lossy(&bytes), "its name is no text"))
}

struct Hashing<'r> {
    inner: &'r mut dyn Read,
    hasher: Hasher,
}

impl Read for Hashing<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(into)?;
        self.hasher.update(&into[..n]);
        Ok(n)
    }
}
