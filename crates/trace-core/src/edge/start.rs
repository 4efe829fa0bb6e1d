//! From options to a writer whose trace has its first line on disk.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::event::{FORMAT_VERSION, Payload, Timestamp};
use crate::redact::{Redactor, Rules};
use crate::ship::{Input, Ledger};

use super::blobs::BlobWriter;
use super::error::{RecorderError, explain};
use super::files;
use super::layout::{TraceDir, names};
use super::live::{LiveTrace, Tally};
use super::options::RecorderOptions;
use super::owner::{Owner, Privacy, RecorderFile};
use super::prepare::{Preparer, Unfit, parse};
use super::secrets::Secrets;
use super::stats::Stats;
use super::story::Story;
use super::uploader::{self, Job, Shipment};
use super::vault::VaultWriter;
use super::writer::Writer;

/// Everything that can go wrong at the start does so here, on the caller's thread.
pub(super) fn writer(
    options: &RecorderOptions,
    stats: Arc<Stats>,
) -> Result<Writer, RecorderError> {
    let at = TraceDir::new(&options.root, &options.org, options.wall_ms, options.trace_id)?;
    files::create_dir_all(&at.live())?;
    let owner = Owner::take(&at.dir)?.ok_or_else(|| RecorderError::Owned(at.dir.clone()))?;
    if at.trace_file().exists() || at.chunk(1).exists() || at.open_chunk(1).exists() {
        let reason = format!("`{}` holds a trace already", at.dir.display());
        return Err(RecorderError::Option { option: "trace_id", reason });
    }
    let mut secrets = secrets(options, &at)?;
    let run_start = run_start(options, &mut secrets)?;
    let raw = serde_json::value::RawValue::from_string(run_start.as_str().to_owned());
    let raw = raw.map_err(|error| bad_run_start(explain(&error)))?;
    let who = (options.org.as_str(), options.trace_id, options.wall_ms);
    let privacy = Privacy::new(&options.rules, options.masks);
    RecorderFile::new(who, options.server.as_ref(), privacy, raw).write(&at)?;
    // Without room even for that the recorder says at once that the disk refuses.
    drop(std::fs::write(at.own(names::RESERVE), vec![0; RESERVE_BYTES]));
    let blobs = BlobWriter::open(&at)?;
    let mut live = LiveTrace::open(&at, Tally::default())?;
    // A server makes the finished form itself.
    live.story = options.server.is_none().then(Story::default);
    let first = live.append(Timestamp::ZERO, "run.start", None, run_start.fields_text());
    first.and_then(|()| live.flush()).map_err(|(_, error)| error)?;
    let owner = Arc::new(owner);
    let shipment = options.server.as_ref().filter(|_| !options.hold).map(|server| {
        let job = Job::new(&at, server.clone(), Ledger::default(), Arc::clone(&owner));
        start_shipping(job, &run_start, &stats)
    });
    let preparer = Preparer { secrets, blobs, new_blobs: Vec::new(), blob_bytes: 0 };
    let held = options.server.clone().filter(|_| options.hold);
    let bounds = (options.limits, options.masks);
    Ok(Writer::new(live, preparer, bounds, shipment.flatten(), held, owner, stats))
}

/// A chunk's worth of last lines, and what names the trace's end.
const RESERVE_BYTES: usize = 64 << 10;

/// Without its background thread a recorder still records; the spool is shipped by a later process.
fn start_shipping(job: Job, run_start: &Payload, stats: &Stats) -> Option<Shipment> {
    match uploader::start(job) {
        Ok(shipment) => {
            shipment.tell(Input::RunStarted(run_start.as_str().to_owned()));
            Some(shipment)
        }
        Err(error) => {
            stats.problem(format!("live shipping is off: {}", explain(&error)));
            None
        }
    }
}

/// A vault that cannot be used costs its originals, never the trace.
fn secrets(options: &RecorderOptions, at: &TraceDir) -> Result<Secrets, RecorderError> {
    let vault = VaultWriter::open(at, &options.vault, options.server.as_ref());
    let redactor = redactor(&options.rules, matches!(vault, Ok(Some(_))))?;
    Ok(match vault {
        Ok(vault) => Secrets::new(redactor, vault),
        Err(error) => Secrets::without_vault(redactor, &error),
    })
}

/// Without a vault the redactor collects nothing. It proves that its rules fire before the first line.
pub(super) fn redactor(rules: &Rules, keep_originals: bool) -> Result<Redactor, RecorderError> {
    let rules = Rules { keep_originals, ..rules.clone() };
    let made = Redactor::new(rules).and_then(|redactor| redactor.self_check().map(|()| redactor));
    made.map_err(|error| RecorderError::Option { option: "rules", reason: explain(&error) })
}

/// The payload of `run.start` with what only the recorder can know, redacted.
fn run_start(options: &RecorderOptions, secrets: &mut Secrets) -> Result<Payload, RecorderError> {
    let given = parse(options.run_start.clone()).map_err(unfit)?.fields();
    let trace_id = options.trace_id;
    let own = json!({
        "format": FORMAT_VERSION, "trace_id": trace_id, "short_id": trace_id.short(),
        "wall_ms": options.wall_ms,
    });
    let mut fields = own.as_object().cloned().unwrap_or_default();
    let recorder = json!({"name": "trace-core", "version": env!("CARGO_PKG_VERSION")});
    let named = Map::from_iter([("recorder".to_owned(), recorder)]);
    let missing = named.into_iter().filter(|(key, _)| !given.contains_key(key));
    let missing: Vec<_> = missing.collect();
    // The ids and the clock are the recorder's; everything else is the caller's.
    let others = given.into_iter().filter(|(key, _)| own.get(key).is_none());
    fields.extend(others.collect::<Vec<_>>());
    fields.extend(missing);
    let text = Value::Object(fields).to_string();
    let redacted = secrets.apply("run.start", &text).into_owned();
    parse(redacted).map_err(unfit)
}

fn unfit(unfit: Unfit) -> RecorderError {
    match unfit {
        Unfit::Invalid(_, reason) => bad_run_start(reason),
        Unfit::Disk(error) => RecorderError::Spool(error),
    }
}

fn bad_run_start(reason: String) -> RecorderError {
    RecorderError::Option { option: "run_start", reason }
}
