//! The clean form of a trace, made beside it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde_json::Value;

use super::super::error::explain;
use super::super::layout::blob_path;
use super::super::open::FileAt;
use super::super::{artifacts, files};
use super::commit::{Plan, root_of, staging};
use super::wanted::objects;
use super::{ScrubError, Scrubbed, Wanted, archive};
use crate::blob::{ArtifactName, BlobId, decode_stored, is_compressed_media};
use crate::chunk::archive::{Writer, compress_frame};
use crate::chunk::{Level, frame};
use crate::ndjson;
use crate::trace::{ArtifactRef, BlobRef, Manifest, ManifestBuilder, SummaryBuilder, TraceReader};

/// A blob that is larger is not looked into.
const MAX_BLOB_BYTES: usize = 1 << 30;
const TRACE: &str = "trace.ndjson.zst";
const RRWEB: &str = "rrweb-events.ndjson.zst";

type Reader = TraceReader<FileAt>;

/// Old blobs by their text `sha256:…`, with what stands instead: the new name and its size.
type Renamed = BTreeMap<String, (String, u64)>;

/// Stages whatever changes; the plan names it.
pub(super) fn stage(
    dir: &Path,
    wanted: &mut Wanted,
    drop_vault: bool,
) -> Result<(Scrubbed, Plan), ScrubError> {
    super::commit::clear(dir)?;
    files::create_dir_all(&staging(dir))?;
    let trace = open(dir)?;
    wanted.begin(lines(&trace, dir)?)?;
    let mut stage = Stage { dir, told: Scrubbed::default(), plan: Plan::default() };
    let manifest = read_manifest(dir)?;
    let renamed = stage.blobs(&manifest.blobs, wanted)?;
    stage.trace(&trace, &renamed, wanted)?;
    stage.artifacts(&manifest.artifacts, wanted, drop_vault)?;
    if !stage.plan.is_empty() {
        stage.describe(&manifest)?;
    }
    stage.told.places = wanted.places;
    if wanted.left > 0 {
        stage.unseen("places that could not be replaced without breaking their line");
    }
    Ok((stage.told, stage.plan))
}

fn unreadable<E: std::error::Error + 'static>(path: &Path) -> impl FnOnce(E) -> ScrubError {
    let path = path.to_owned();
    move |error| ScrubError::Unreadable { path, reason: explain(&error) }
}

fn open(dir: &Path) -> Result<Reader, ScrubError> {
    let path = dir.join(TRACE);
    TraceReader::open(FileAt::open(&path)?).map_err(unreadable(&path))
}

fn read_manifest(dir: &Path) -> Result<Manifest, ScrubError> {
    let path = dir.join("manifest.json");
    serde_json::from_slice(&files::read(&path)?).map_err(unreadable(&path))
}

fn lines(trace: &Reader, dir: &Path) -> Result<impl Iterator<Item = String>, ScrubError> {
    let mut all = Vec::new();
    for n in 0..trace.index().frames.len() {
        let raw = trace.frame_lines(n).map_err(unreadable(&dir.join(TRACE)))?;
        // Only the placeholders count here, so a frame is as good as its lines.
        let text = String::from_utf8_lossy(&raw);
        all.extend(text.split('\n').filter(|line| line.contains("[REDACTED:")).map(str::to_owned));
    }
    Ok(all.into_iter())
}

struct Stage<'a> {
    dir: &'a Path,
    told: Scrubbed,
    plan: Plan,
}

impl Stage<'_> {
    fn blobs(&mut self, blobs: &[BlobRef], wanted: &mut Wanted) -> Result<Renamed, ScrubError> {
        let mut renamed = Renamed::new();
        for blob in blobs {
            let Ok(id) = BlobId::from_hex(&blob.sha256) else { continue };
            if is_compressed_media(&blob.media_type) {
                self.unseen("pictures and other compressed blobs");
                continue;
            }
            let path = blob_path(&root_of(self.dir), &id);
            let Some(stored) = files::read_if_any(&path)? else { continue };
            let raw = decode_stored(&id, &stored, MAX_BLOB_BYTES).map_err(unreadable(&path))?;
            let Cow::Owned(clean) = cleaned(&raw, &blob.media_type, wanted) else { continue };
            let new = BlobId::of(&clean);
            let packed = frame::compress(&clean, Level::Live);
            let packed = packed.map_err(unreadable(&path))?;
            files::write_whole(&staging(self.dir).join(new.hex()), &packed)?;
            self.told.blobs += 1;
            self.plan.new_blobs.push(new.hex());
            self.plan.old_blobs.push(id.hex());
            renamed.insert(id.to_string(), (new.to_string(), clean.len() as u64));
        }
        Ok(renamed)
    }

    fn trace(
        &mut self,
        trace: &Reader,
        renamed: &Renamed,
        wanted: &mut Wanted,
    ) -> Result<(), ScrubError> {
        let path = staging(self.dir).join(TRACE);
        let failed = unreadable::<crate::chunk::ChunkError>;
        let file =
            File::create(&path).map_err(super::super::error::FileError::at("create", &path))?;
        let mut out = Writer::new(std::io::BufWriter::new(file));
        for n in 0..trace.index().frames.len() {
            let raw = trace.frame_lines(n).map_err(unreadable(&self.dir.join(TRACE)))?;
            let mut clean = Vec::with_capacity(raw.len());
            for line in raw.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                match self.line(line, renamed, wanted) {
                    Some(line) => clean.extend_from_slice(line.as_bytes()),
                    None => clean.extend_from_slice(line),
                }
                clean.push(b'\n');
            }
            let frame = compress_frame(&clean, Level::Live).map_err(failed(&path))?;
            out.push(&clean, &frame).map_err(failed(&path))?;
        }
        let (out, _index) = out.finish().map_err(failed(&path))?;
        let synced = out.get_ref().sync_all();
        synced.map_err(super::super::error::FileError::at("sync", &path))?;
        if self.told.lines > 0 {
            self.plan.files.push(TRACE.to_owned());
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], renamed: &Renamed, wanted: &mut Wanted) -> Option<String> {
        let line = std::str::from_utf8(line).ok()?;
        let clean = wanted.clean_line(line);
        let text = clean.as_deref().unwrap_or(line);
        let moved = text.contains("sha256:") && renamed.keys().any(|old| text.contains(old));
        if clean.is_none() && !moved {
            return None;
        }
        let mut tree: Value = serde_json::from_str(text).ok()?;
        objects(&mut tree, &mut |fields| {
            let new = fields.get("blob").and_then(Value::as_str).and_then(|old| renamed.get(old));
            if let Some((new, size)) = new {
                fields.insert("blob".to_owned(), new.as_str().into());
                fields.insert("size".to_owned(), (*size).into());
            }
            // `size` counts the stored bytes, so it follows a text that has changed.
            let text = fields.get("text").and_then(Value::as_str).map(str::len);
            if let Some(length) =
                text.filter(|_| fields.contains_key("media_type") && fields.contains_key("size"))
            {
                fields.insert("size".to_owned(), length.into());
            }
        });
        self.told.lines += 1;
        Some(tree.to_string())
    }

    fn artifacts(
        &mut self,
        known: &[ArtifactRef],
        wanted: &mut Wanted,
        drop_vault: bool,
    ) -> Result<(), ScrubError> {
        let rrweb = self.dir.join(RRWEB).is_file().then_some(RRWEB);
        for name in known.iter().map(|artifact| artifact.name.as_str()).chain(rrweb) {
            let (from, to) = (self.dir.join(name), staging(self.dir).join(name));
            let changed = match name {
                ArtifactName::VAULT if drop_vault => {
                    self.plan.removed.push(name.to_owned());
                    self.told.artifacts.push(name.to_owned());
                    continue;
                }
                ArtifactName::VAULT => {
                    self.unseen("the vault, which is encrypted; `--vault` removes it");
                    continue;
                }
                RRWEB => self.rrweb(&from, &to, wanted)?,
                name if name.starts_with("trace.playwright") => {
                    let (changed, unseen) = archive::scrub(&from, &to, wanted)?;
                    unseen.into_iter().for_each(|what| self.unseen(what));
                    changed
                }
                _ => {
                    self.unseen("videos");
                    continue;
                }
            };
            if changed {
                self.plan.files.push(name.to_owned());
                self.told.artifacts.push(name.to_owned());
            }
        }
        Ok(())
    }

    fn rrweb(&self, from: &Path, to: &Path, wanted: &mut Wanted) -> Result<bool, ScrubError> {
        let raw = frame::decode_all(&files::read(from)?, MAX_BLOB_BYTES);
        let raw = raw.map_err(unreadable(from))?;
        let Cow::Owned(clean) = cleaned(&raw, "application/x-ndjson", wanted) else {
            return Ok(false);
        };
        let packed = frame::compress(&clean, Level::Live).map_err(unreadable(self.dir))?;
        files::write_whole(to, &packed)?;
        Ok(true)
    }

    /// `summary.json` and `manifest.json` of the clean trace.
    fn describe(&mut self, old: &Manifest) -> Result<(), ScrubError> {
        let path = staging(self.dir).join(TRACE);
        let trace: Reader = TraceReader::open(FileAt::open(&path)?).map_err(unreadable(&path))?;
        let (mut summary, mut manifest) = (SummaryBuilder::default(), ManifestBuilder::default());
        for n in 0..trace.index().frames.len() {
            let lines = trace.frame_lines(n).map_err(unreadable(&path))?;
            summary.push_bytes(&lines);
            for event in ndjson::decode(&lines).events {
                summary.push(&event);
                manifest.push(&event);
            }
        }
        for artifact in &old.artifacts {
            if self.plan.removed.contains(&artifact.name) {
                continue;
            }
            let staged = staging(self.dir).join(&artifact.name);
            let mut artifact = artifact.clone();
            if staged.is_file() {
                (artifact.sha256, artifact.size) = artifacts::hash(&staged)?;
            }
            manifest.artifact(artifact);
        }
        let summary = serde_json::to_vec(&summary.finish()).unwrap_or_default();
        files::write_whole(&staging(self.dir).join("summary.json"), &summary)?;
        let manifest = serde_json::to_vec(&manifest.finish(old.trace_id)).unwrap_or_default();
        files::write_whole(&staging(self.dir).join("manifest.json"), &manifest)?;
        self.plan.files.extend(["summary.json".to_owned(), "manifest.json".to_owned()]);
        Ok(())
    }

    fn unseen(&mut self, what: &str) {
        if !self.told.unseen.iter().any(|known| known == what) {
            self.told.unseen.push(what.to_owned());
        }
    }
}

/// JSON stays JSON, as a whole or line by line; every other text is bytes.
pub(super) fn cleaned<'a>(raw: &'a [u8], media_type: &str, wanted: &mut Wanted) -> Cow<'a, [u8]> {
    let Some(text) = std::str::from_utf8(raw).ok().filter(|_| media_type.contains("json")) else {
        return wanted.clean(raw);
    };
    if is_json(text) {
        return wanted.clean_line(text).map_or(Cow::Borrowed(raw), |text| text.into_bytes().into());
    }
    let mut changed = false;
    let mut out = Vec::with_capacity(raw.len());
    for line in text.split_inclusive('\n') {
        let clean = if is_json(line) {
            let clean = wanted.clean_line(line).map(|clean| clean.trim_end().to_owned() + "\n");
            clean.map_or(Cow::Borrowed(line.as_bytes()), |clean| Cow::Owned(clean.into_bytes()))
        } else {
            wanted.clean(line.as_bytes())
        };
        changed |= *clean != *line.as_bytes();
        out.extend_from_slice(&clean);
    }
    if changed { Cow::Owned(out) } else { Cow::Borrowed(raw) }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}
