//! A trace whose process died: what lies on disk is brought to a proper end.

use serde_json::{Map, json};

use crate::chunk::{MAX_FRAME_BYTES, frame};
use crate::event::{Payload, Timestamp};
use crate::ndjson::{self, Lines};
use crate::ship::Ended;

use super::death::Death;
use super::error::{FileError, RecorderError};
use super::layout::TraceDir;
use super::live::{LiveTrace, Tally};
use super::{files, finalize, raw};

/// What was found and what was made of it.
#[derive(Debug)]
pub(super) struct Repaired {
    pub(super) end: Ended,
    /// Bytes of a line that was not written to its end.
    pub(super) lost_bytes: u64,
}

/// Ends the trace: counts what the tally does not know yet, cuts the open chunk, says what happened.
pub(super) fn repair(at: &TraceDir) -> Result<Repaired, RecorderError> {
    files::sweep(&at.dir);
    files::sweep(&at.live());
    if let Some(end) = finalize::noted_end(at) {
        return Ok(Repaired { end, lost_bytes: 0 });
    }
    let mut found = Found { tally: Tally::read(at), status: None };
    while let Some(chunk) = files::read_if_any(&at.chunk(found.tally.chunks + 1))? {
        let path = at.chunk(found.tally.chunks + 1);
        let raw = frame::decompress(&chunk, MAX_FRAME_BYTES).map_err(std::io::Error::other);
        found.count(&raw.map_err(FileError::at("read", &path))?);
        found.tally.chunks += 1;
    }
    let open = files::read_if_any(&at.open_chunk(found.tally.chunks + 1))?.unwrap_or_default();
    let whole = memchr::memrchr(b'\n', &open).map_or(0, |end| end + 1);
    let lost_bytes = (open.len() - whole) as u64;
    let before = found.tally.clone();
    found.count(&open[..whole]);
    let mut live = LiveTrace::open(at, before)?;
    live.adopt(&open[..whole], found.tally);
    let status = if let Some(status) = found.status {
        status
    } else {
        tell_salvaged(&mut live, raw::salvage(at))?;
        say_goodbye(&mut live, lost_bytes)?
    };
    live.close().map_err(|(_, error)| error)?;
    let tally = live.tally();
    let end = Ended { status, chunks: tally.chunks, last_seq: tally.last_seq };
    finalize::note_end(at, &end)?;
    files::remove_dir_if_any(&at.raw())?;
    Ok(Repaired { end, lost_bytes })
}

struct Found {
    tally: Tally,
    /// The status of `run.end`, when the process died behind it.
    status: Option<String>,
}

impl Found {
    fn count(&mut self, lines: &[u8]) {
        for line in Lines::new(lines) {
            let Some(envelope) = ndjson::envelope(line.bytes) else { continue };
            self.tally.add(envelope.ts, envelope.kind, line.bytes.len() + 1);
            if envelope.kind == "run.end" {
                self.status = Some(status_of(line.bytes));
            }
        }
    }
}

fn status_of(line: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct End {
        status: String,
    }
    serde_json::from_slice::<End>(line).map_or_else(|_| ABORTED.to_owned(), |end| end.status)
}

const ABORTED: &str = "aborted";

fn tell_salvaged(live: &mut LiveTrace, salvaged: raw::Salvaged) -> Result<(), RecorderError> {
    let ts = live.last_ts();
    for (kind, fields) in salvaged {
        let payload = Payload::of(&fields).unwrap_or_else(|_| Payload::empty());
        live.append(ts, kind, None, payload.fields_text()).map_err(|(_, error)| error)?;
    }
    Ok(())
}

/// The notice and the `run.end` that the process did not come to write.
fn say_goodbye(live: &mut LiveTrace, lost_bytes: u64) -> Result<String, RecorderError> {
    let missing = match lost_bytes {
        0 => "what happened in its last moments is missing".to_owned(),
        n => format!(
            "what happened in its last moments is missing, with a line of which {n} bytes were written"
        ),
    };
    let death = Death::read(&live.at.dir).unwrap_or_default();
    let deed = death.deed();
    let message = format!("the recording process {deed} before it ended the trace; {missing}");
    let notice = json!({"code": "recovered", "message": message, "source": "recorder", "count": 1});
    let notice = Payload::of(&notice).unwrap_or_else(|_| Payload::empty());
    let ts = live.last_ts();
    live.append(ts, "capture.notice", None, notice.fields_text()).map_err(|(_, error)| error)?;
    let mut fields = Map::new();
    fields.insert("duration_ms".to_owned(), json!(Timestamp::as_ms(ts)));
    fields.insert("error".to_owned(), json!({"message": message, "name": death.name()}));
    let payload = finalize::run_end(ABORTED, fields, live.counts());
    live.append(ts, "run.end", None, payload.fields_text()).map_err(|(_, error)| error)?;
    Ok(ABORTED.to_owned())
}
