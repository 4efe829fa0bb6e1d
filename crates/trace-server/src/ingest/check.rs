//! Is it a chunk: one frame, whole lines, readable events, consecutive numbers, a format we know.

use trace_core::chunk::{ChunkError, frame};
use trace_core::ndjson::{Code, Decoder, Diagnostic, Lines};
use trace_core::{Event, Kind, TraceId};

use crate::catalog::ChunkRow;
use crate::error::{AppError, Refusal};

const REPAIR: &str = "this is a fault of the recorder; run `molar-trace recover` on its spool to ship what can be read";

/// The chunk's row, if its bytes are good.
pub(super) fn check(
    trace: TraceId,
    chunk_no: u32,
    sha256: String,
    bytes: &[u8],
    max_raw_bytes: u64,
) -> Result<ChunkRow, AppError> {
    let max = usize::try_from(max_raw_bytes).unwrap_or(usize::MAX);
    let raw = frame::decompress(bytes, max).map_err(|error| bad_frame(&error))?;
    let mut range = Range::default();
    let mut decoder = Decoder::anywhere();
    for line in Lines::new(&raw) {
        let event = decoder.line(line);
        if let Some(told) = decoder.take_diagnostics().iter().find(|told| is_fatal(told.code)) {
            return Err(bad_line(told));
        }
        if let Some(event) = event {
            if range.first_seq == 0 && chunk_no == 1 {
                check_start(trace, &event)?;
            }
            range.take(&event);
        }
    }
    if range.first_seq == 0 {
        return Err(AppError::invalid("bad_line", "the chunk holds no line", REPAIR).into());
    }
    Ok(ChunkRow {
        chunk_no,
        sha256,
        bytes: bytes.len() as u64,
        raw_bytes: raw.len() as u64,
        first_seq: range.first_seq,
        last_seq: range.last_seq,
        min_ts_us: range.min_ts_us,
        max_ts_us: range.max_ts_us,
    })
}

/// What the events of a chunk span.
#[derive(Default)]
struct Range {
    first_seq: u64,
    last_seq: u64,
    min_ts_us: u64,
    max_ts_us: u64,
}

impl Range {
    fn take(&mut self, event: &Event) {
        let (seq, ts) = (event.seq.get(), event.ts.as_us());
        if self.first_seq == 0 {
            (self.first_seq, self.min_ts_us) = (seq, ts);
        }
        self.last_seq = seq;
        self.min_ts_us = self.min_ts_us.min(ts);
        self.max_ts_us = self.max_ts_us.max(ts);
    }
}

/// An envelope out of order is read by every reader of ours; everything else is not what a recorder writes.
fn is_fatal(code: Code) -> bool {
    code != Code::EnvelopeOrder
}

fn bad_frame(error: &ChunkError) -> AppError {
    if let ChunkError::TooLarge { limit, .. } = error {
        return AppError::too_large(u64::try_from(*limit).unwrap_or(u64::MAX));
    }
    let message = format!("the body is not one whole zstd frame: {error}");
    AppError::invalid("bad_frame", message, REPAIR).into()
}

fn bad_line(told: &Diagnostic) -> AppError {
    let code = match told.code {
        Code::FromTheFuture => "from_the_future",
        Code::SeqGap | Code::SeqRepeat => "bad_seq",
        _ => "bad_line",
    };
    let detail = if told.code == Code::FromTheFuture { "update this server" } else { REPAIR };
    refusal_at(code, told.to_string(), detail, told).into()
}

fn refusal_at(code: &'static str, message: String, detail: &str, told: &Diagnostic) -> Refusal {
    AppError::invalid(code, message, detail)
        .with("line", told.line)
        .with("byte_offset", told.byte_offset)
        .with("reason", told.code.as_str())
}

/// The first event is this trace's `run.start`.
fn check_start(trace: TraceId, event: &Event) -> Result<(), AppError> {
    let named = event.payload.field("trace_id");
    let named = named.as_ref().and_then(|id| id.as_str()?.parse::<TraceId>().ok());
    if event.kind != Kind::RunStart {
        let message = format!("a trace begins with `run.start`, this one with `{}`", event.kind);
        return Err(AppError::invalid("bad_line", message, REPAIR).into());
    }
    if named.is_some_and(|named| named != trace) {
        let message = "the `run.start` of this chunk names another trace than the address";
        return Err(AppError::invalid("bad_line", message, REPAIR).into());
    }
    Ok(())
}
