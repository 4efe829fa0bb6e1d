//! Writing: list what there is, hash it, then stream it in the order of the names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use super::error::BundleError;
use super::list::{BundleFile, BundleList, BundledTrace, FORMAT, LIST};
use crate::blob::{ArtifactName, BlobId, Hasher, ObjectKey, OrgId};
use crate::edge::error::FileError;
use crate::edge::files;
use crate::trace::{Manifest, Summary};

/// How a bundle is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct BundleOptions {
    /// Takes the encrypted originals of redacted values along.
    pub with_vault: bool,
}

/// A file on its way into the bundle.
struct Source {
    path: PathBuf,
    size: u64,
    sha256: String,
}

/// Writes the finished traces in these folders into `out`. `progress` hears of bytes done and of bytes in all.
///
/// Errors: a folder is no finished trace, a file vanishes or changes meanwhile, or `out` fails.
pub fn write_bundle(
    dirs: &[PathBuf],
    options: BundleOptions,
    out: impl Write,
    mut progress: impl FnMut(u64, u64),
) -> Result<BundleList, BundleError> {
    let (list, sources) = collect(dirs, options)?;
    // What is compressed already, which is nearly all, would only cost time at a higher level.
    let mut zstd = zstd::Encoder::new(out, 3).map_err(BundleError::Archive)?;
    zstd.include_checksum(true).map_err(BundleError::Archive)?;
    let mut tar = Builder::new(zstd);
    let text = serde_json::to_vec_pretty(&list).unwrap_or_default();
    append(&mut tar, LIST, text.len() as u64, &text[..]).map_err(BundleError::Archive)?;
    let (mut done, total) = (0, list.bytes());
    for (name, source) in &sources {
        let file = File::open(&source.path).map_err(FileError::at("open", &source.path))?;
        // A file that grew since it was hashed must not spill into the next member.
        append(&mut tar, name, source.size, file.take(source.size))
            .map_err(FileError::at("read", &source.path))?;
        done += source.size;
        progress(done, total);
    }
    let zstd = tar.into_inner().map_err(BundleError::Archive)?;
    let mut out = zstd.finish().map_err(BundleError::Archive)?;
    out.flush().map_err(BundleError::Archive)?;
    Ok(list)
}

/// A header without an owner, a machine or a time.
fn append<W: Write>(
    tar: &mut Builder<W>,
    name: &str,
    size: u64,
    bytes: impl Read,
) -> std::io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, name, bytes)
}

type Sources = BTreeMap<String, Source>;

fn collect(dirs: &[PathBuf], options: BundleOptions) -> Result<(BundleList, Sources), BundleError> {
    let mut sources = Sources::new();
    let (mut traces, mut missing_blobs) = (Vec::new(), Vec::new());
    for dir in dirs {
        let found = Found::read(dir)?;
        if traces.iter().any(|known: &BundledTrace| known.trace_id == found.trace.trace_id) {
            return Err(BundleError::Twice(found.trace.short_id.to_string()));
        }
        found.files(options, &mut sources)?;
        missing_blobs.extend(found.blobs(&mut sources)?);
        traces.push(found.trace);
    }
    traces.sort_by_key(|trace| (trace.wall_ms, trace.trace_id.to_string()));
    missing_blobs.sort();
    missing_blobs.dedup();
    let files = sources.iter().map(|(name, source)| BundleFile {
        name: name.clone(),
        size: source.size,
        sha256: source.sha256.clone(),
    });
    Ok((BundleList { format: FORMAT, traces, files: files.collect(), missing_blobs }, sources))
}

/// One finished trace's folder.
struct Found {
    root: PathBuf,
    dir: PathBuf,
    manifest: Manifest,
    trace: BundledTrace,
}

impl Found {
    fn read(dir: &Path) -> Result<Self, BundleError> {
        let unfinished = || BundleError::NotFinished(dir.to_owned());
        let dir = dir.canonicalize().map_err(|_| unfinished())?;
        if !dir.join("trace.ndjson.zst").is_file() {
            return Err(unfinished());
        }
        let text = files::read(&dir.join("manifest.json"))?;
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| unfinished())?;
        let text = files::read(&dir.join("summary.json"))?;
        let summary: Summary = serde_json::from_slice(&text).map_err(|_| unfinished())?;
        let root = dir.ancestors().nth(7).ok_or_else(unfinished)?.to_owned();
        let org = dir.ancestors().nth(4).and_then(Path::file_name).unwrap_or_default();
        let org: OrgId = org.to_string_lossy().parse().map_err(|_| unfinished())?;
        let trace = BundledTrace {
            trace_id: manifest.trace_id,
            short_id: summary.short_id.parse().map_err(|_| unfinished())?,
            org: org.to_string(),
            wall_ms: summary.wall_ms,
            status: summary.status,
            title: summary.scenario.title,
        };
        let prefix = trace.prefix().ok_or_else(unfinished)?;
        if root.join(prefix.as_str()) != dir {
            return Err(unfinished());
        }
        Ok(Self { root, dir, manifest, trace })
    }

    /// The files beside each other in the trace's folder.
    fn files(&self, options: BundleOptions, to: &mut Sources) -> Result<(), BundleError> {
        let entries = std::fs::read_dir(&self.dir);
        let entries = entries.map_err(FileError::at("read directory", &self.dir))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let key = self.trace.prefix().map(|prefix| format!("{prefix}/{name}"));
            let Some(key) = key.filter(|key| key.parse::<ObjectKey>().is_ok()) else { continue };
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && (options.with_vault || name != ArtifactName::VAULT) {
                to.insert(key, hashed(&entry.path())?);
            }
        }
        Ok(())
    }

    /// The blobs it needs; gives those that are gone.
    fn blobs(&self, to: &mut Sources) -> Result<Vec<String>, BundleError> {
        let mut missing = Vec::new();
        for blob in &self.manifest.blobs {
            let Ok(id) = BlobId::from_hex(&blob.sha256) else { continue };
            let key = ObjectKey::blob(&id).as_str().to_owned();
            let path = self.root.join(&key);
            if to.contains_key(&key) {
                continue;
            }
            if path.is_file() {
                to.insert(key, hashed(&path)?);
            } else {
                missing.push(blob.sha256.clone());
            }
        }
        Ok(missing)
    }
}

fn hashed(path: &Path) -> Result<Source, FileError> {
    let mut file = File::open(path).map_err(FileError::at("open", path))?;
    let (mut hasher, mut size, mut piece) = (Hasher::new(), 0, vec![0; 128 << 10]);
    loop {
        match file.read(&mut piece).map_err(FileError::at("read", path))? {
            0 => break,
            n => {
                hasher.update(&piece[..n]);
                size += n as u64;
            }
        }
    }
    Ok(Source { path: path.to_owned(), size, sha256: hasher.finish().hex() })
}
