//! What a dead process left of Playwright's files becomes artifacts of its trace.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::blob::ArtifactName;
use crate::event::Timestamp;

use super::super::error::{FileError, RecorderError, explain};
use super::super::layout::TraceDir;
use super::super::options::{ArtifactDraft, Masks};
use super::super::owner::{Privacy, RecorderFile};
use super::super::secrets::Secrets;
use super::super::{artifacts, files, start};
use super::keeper::VideoLine;
use super::{names, pack};

/// Events that tell what was saved and what is missing, as kind and payload.
pub(in crate::edge) type Salvaged = Vec<(&'static str, Map<String, Value>)>;

/// Builds the artifacts. Done again after a crash, it gives the same ones; the raw files go when the trace is finished.
pub(in crate::edge) fn salvage(at: &TraceDir) -> Salvaged {
    let mut told = Salvaged::new();
    if !at.raw().exists() {
        return told;
    }
    let privacy = RecorderFile::read(&at.dir).and_then(|file| file.privacy);
    let n_values = privacy.as_ref().map_or(0, |privacy| privacy.n_values);
    match privacy.as_ref().filter(|privacy| privacy.n_values == 0).map(keeper) {
        Some(Ok(mut keeper)) => {
            playwright_zip(at, &mut keeper, &mut told);
            videos(at, &mut keeper, &mut told);
        }
        Some(Err(error)) => told.push(notice("artifact.missing", &explain(&error), ZIP)),
        None => {
            let message = format!(
                "what Playwright had written was not kept: the process knew {n_values} values to be secret, which nobody else may know"
            );
            told.push(notice("artifact.missing", &message, ZIP));
        }
    }
    told
}

const ZIP: &str = "trace.playwright.zip";

/// What an artifact passes on its way into the trace.
struct Keeper {
    secrets: Secrets,
    masks: Masks,
}

/// The recorder's own rules. Its vault is closed: what is redacted here for the first time is kept nowhere.
fn keeper(privacy: &Privacy) -> Result<Keeper, RecorderError> {
    let redactor = start::redactor(&privacy.rules, false)?;
    Ok(Keeper { secrets: Secrets::new(redactor, None), masks: privacy.masks })
}

fn playwright_zip(at: &TraceDir, keeper: &mut Keeper, told: &mut Salvaged) {
    const NAME: &str = ZIP;
    let built = at.raw().join("rebuilt.zip");
    let packed = pack::pack(&at.raw().join(names::TRACE), &built);
    let kept = packed.and_then(|packed| {
        let Some(packed) = packed else { return Ok(None) };
        keep(at, keeper, NAME, &built).map(|lacks| Some((packed, lacks)))
    });
    match kept {
        Ok(None) => {}
        Ok(Some((packed, lacks))) => {
            let message = format!(
                "`{NAME}` was put together from {} recordings that the process left: it has no sources and no test steps; \
                 {} bytes of unfinished lines were cut off, {} files are missing",
                packed.recordings, packed.cut_bytes, packed.missing
            );
            told.push(notice("artifact.salvaged", &message, NAME));
            if let Some((message, count)) = lacks {
                let fields = json!({"code": "playwright_zip.left_out", "message": message, "source": NAME, "count": count});
                told.push(("capture.notice", fields.as_object().cloned().unwrap_or_default()));
            }
        }
        Err(error) => told.push(notice("artifact.missing", &explain(&error), NAME)),
    }
}

/// Videos in the order in which they began: all ended together, so that the first is the longest.
fn videos(at: &TraceDir, keeper: &mut Keeper, told: &mut Salvaged) {
    let mut lines = video_lines(&at.raw());
    lines.sort_by_key(|line| line.start_us);
    lines.retain(|line| {
        let file = std::fs::metadata(path_of(at, line));
        file.is_ok_and(|file| file.len() > 0)
    });
    for (n, line) in (1..).zip(lines) {
        let name = if n == 1 { "video.webm".to_owned() } else { format!("video-{n}.webm") };
        match keep(at, keeper, &name, &path_of(at, &line)) {
            Ok(_) => {
                let start_ts = Timestamp::from_us(line.start_us).as_ms();
                let video = json!({"page": line.page, "artifact": name, "start_ts": start_ts});
                told.push(("video", video.as_object().cloned().unwrap_or_default()));
                let message = format!("`{name}` ends where the process died");
                told.push(notice("artifact.salvaged", &message, &name));
            }
            Err(error) => told.push(notice("artifact.missing", &explain(&error), &name)),
        }
    }
}

fn video_lines(raw: &Path) -> Vec<VideoLine> {
    let text = files::read_if_any(&raw.join(names::VIDEOS)).ok().flatten().unwrap_or_default();
    text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// The line's name is a file name and nothing else, whoever wrote it.
fn path_of(at: &TraceDir, line: &VideoLine) -> std::path::PathBuf {
    let name = Path::new(&line.file).file_name().unwrap_or_default();
    at.raw().join(names::VIDEO).join(name)
}

/// What the kept file lacks: a notice's message and its count.
type Lacks = Option<(String, u64)>;

fn keep(at: &TraceDir, keeper: &mut Keeper, name: &str, path: &Path) -> Result<Lacks, FileError> {
    let name: ArtifactName = name
        .parse()
        .map_err(|error| FileError::at("name", path)(std::io::Error::other(format!("{error}"))))?;
    let draft = ArtifactDraft { name, path: path.to_owned(), takes: false };
    let kept = artifacts::keep(at, &draft, &mut keeper.secrets, keeper.masks);
    kept.map(|(_, lacks)| lacks)
}

fn notice(code: &str, message: &str, source: &str) -> (&'static str, Map<String, Value>) {
    let fields = json!({"code": code, "message": message, "source": source, "count": 1});
    ("capture.notice", fields.as_object().cloned().unwrap_or_default())
}
