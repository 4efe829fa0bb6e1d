//! A trace's frames, whether they are objects of their own or lie in one file.

use tokio::runtime::Handle;
use trace_core::blob::TracePrefix;
use trace_core::chunk::{ChunkError, MAX_FRAME_BYTES, frame};
use trace_core::trace::{ReadError, TraceReader};

use super::store_file::StoreFile;
use crate::app::App;
use crate::catalog::{ChunkRow, Form, TraceRecord};
use crate::error::AppError;
use crate::org::OrgScope;
use crate::store::{Store, StoreError};

/// Why a trace could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFailure {
    /// The store failed, or the object is gone or replaced.
    #[error("a chunk could not be read")]
    Store(#[from] StoreError),
    /// A chunk that was good when it was acknowledged.
    #[error("a stored chunk is damaged")]
    Chunk(#[from] ChunkError),
    /// The trace file.
    #[error("the trace file could not be read")]
    File(#[from] ReadError),
    /// A line that was good when it was acknowledged.
    #[error("stored line after seq `{after}` is damaged")]
    Line {
        /// The last good seq before it.
        after: u64,
    },
}

impl ReadFailure {
    /// Whether the trace has moved to another form meanwhile, so that another try will see it.
    pub fn is_stale(&self) -> bool {
        match self {
            Self::Store(error) => moved(error),
            Self::File(ReadError::Io { source, .. }) => {
                source.get_ref().and_then(|inner| inner.downcast_ref()).is_some_and(moved)
            }
            _ => false,
        }
    }
}

fn moved(error: &StoreError) -> bool {
    matches!(error, StoreError::NotFound { .. } | StoreError::Replaced { .. })
}

/// What is needed to open a trace on a blocking thread.
#[derive(Debug)]
pub(super) enum Opening {
    Live(LiveChunks),
    File(StoreFile),
}

/// Looks up where the trace lies now.
pub(super) async fn prepare(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
) -> Result<Opening, AppError> {
    let (store, prefix) = (app.store.clone(), App::prefix(org, record)?);
    let runtime = Handle::current();
    if record.form == Form::Live {
        let mut rows = app.catalog.chunks(org, record.trace.id).await?;
        if record.finalized_ms.is_none() {
            // Behind a gap there may be chunks already; nobody sees them before the gap is closed.
            rows.retain(|row| row.chunk_no <= record.high_water);
        }
        return Ok(Opening::Live(LiveChunks { store, prefix, rows, runtime }));
    }
    let key = prefix.trace_file();
    let meta = store.head(&key).await?;
    Ok(Opening::File(StoreFile { store, key, meta, runtime }))
}

impl Opening {
    pub(super) fn open(self) -> Result<Source, ReadFailure> {
        Ok(match self {
            Self::Live(chunks) => Source::Live(chunks),
            Self::File(file) => Source::File(Box::new(TraceReader::open(file)?)),
        })
    }
}

/// A trace, opened.
#[derive(Debug)]
pub enum Source {
    /// Chunks as separate objects.
    Live(LiveChunks),
    /// One file with an index.
    File(Box<TraceReader<StoreFile>>),
}

/// The chunks of a trace that is being recorded or has just ended.
#[derive(Debug)]
pub struct LiveChunks {
    store: Store,
    prefix: TracePrefix,
    rows: Vec<ChunkRow>,
    runtime: Handle,
}

/// What a frame spans; times in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
    pub(super) min_us: u64,
    pub(super) max_us: u64,
}

impl Source {
    /// What each frame spans, in order.
    pub(super) fn spans(&self) -> Vec<Span> {
        match self {
            Self::Live(live) => live.rows.iter().map(Span::of_chunk).collect(),
            Self::File(file) => file
                .index()
                .frames
                .iter()
                .map(|entry| Span {
                    first_seq: entry.first_seq,
                    last_seq: entry.last_seq,
                    min_us: entry.min_us,
                    max_us: entry.max_us,
                })
                .collect(),
        }
    }

    /// How many frames there are.
    pub fn n_frames(&self) -> usize {
        match self {
            Self::Live(live) => live.rows.len(),
            Self::File(file) => file.index().frames.len(),
        }
    }

    /// The lines of the `n`th frame, from 0.
    pub fn lines(&self, n: usize) -> Result<Vec<u8>, ReadFailure> {
        match self {
            Self::Live(live) => live.lines(n),
            Self::File(file) => Ok(file.frame_lines(n)?),
        }
    }
}

impl Span {
    fn of_chunk(row: &ChunkRow) -> Self {
        Self {
            first_seq: row.first_seq,
            last_seq: row.last_seq,
            min_us: row.min_ts_us,
            max_us: row.max_ts_us,
        }
    }
}

impl LiveChunks {
    fn lines(&self, n: usize) -> Result<Vec<u8>, ReadFailure> {
        let Some(row) = self.rows.get(n) else { return Ok(Vec::new()) };
        let key = self.prefix.chunk(u64::from(row.chunk_no));
        let bytes = self.runtime.block_on(self.store.get(&key))?;
        Ok(frame::decompress(&bytes, MAX_FRAME_BYTES)?)
    }
}
