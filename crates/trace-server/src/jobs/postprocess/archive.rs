//! The archive: level 19, frames of about 1 MiB, in place of the file of live chunks.

use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::thread;

use trace_core::blob::{BlobId, HashingWriter};
use trace_core::chunk::archive::{FRAME_BYTES, FrameCuts, Writer};
use trace_core::chunk::{ChunkError, CompressedFrame, Level, compress_frame};

use super::Work;
use crate::catalog::Form;
use crate::error::AppError;
use crate::ingest::StagedFile;
use crate::read::{self, ReadFailure, Source};

/// Frames compressed at a time: enough to be quick, few enough to leave cores to ingest.
const THREADS: usize = 2;

/// Recompresses the trace into a staged file and puts it in place with one atomic replacement.
pub(super) async fn archive(work: &Work<'_>) -> Result<u64, AppError> {
    let Work { app, job, record, prefix } = work;
    if record.form == Form::Archived {
        return Ok(record.bytes);
    }
    let staged = StagedFile::reserve(app)?;
    let path = staged.path().to_owned();
    let write = move |source: &Source| {
        let file = File::create(&path).map_err(io_failure)?;
        Ok(recompress(source, file)?)
    };
    let (id, bytes) = read::read(app, &job.org, job.trace, write).await?;
    app.store.put_file(&prefix.trace_file(), staged.path()).await?;
    work.file_row("trace.ndjson.zst", id, bytes).await?;
    app.catalog.set_form(&job.org, job.trace, Form::Archived, bytes).await?;
    Ok(bytes)
}

fn io_failure(source: io::Error) -> ReadFailure {
    ChunkError::Io { doing: "written", source }.into()
}

fn recompress(source: &Source, file: File) -> Result<(BlobId, u64), ChunkError> {
    let mut cuts =
        FrameCuts::new(LinesOf { source, next: 0, buffer: Vec::new(), at: 0 }, FRAME_BYTES);
    let mut writer = Writer::new(HashingWriter::new(BufWriter::new(file)));
    loop {
        let mut batch = Vec::with_capacity(THREADS);
        while batch.len() < THREADS
            && let Some(raw) = cuts.next_frame()?
        {
            batch.push(raw.to_vec());
        }
        if batch.is_empty() {
            break;
        }
        for (raw, frame) in batch.iter().zip(compress(&batch)) {
            writer.push(raw, &frame?)?;
        }
    }
    let (hashing, _) = writer.finish()?;
    let (_, id, bytes) = hashing.finish();
    Ok((id, bytes))
}

/// Compresses each piece on a thread of its own.
fn compress(batch: &[Vec<u8>]) -> Vec<Result<CompressedFrame, ChunkError>> {
    thread::scope(|scope| {
        let running: Vec<_> = batch
            .iter()
            .map(|raw| scope.spawn(move || compress_frame(raw, Level::Archive)))
            .collect();
        let panicked = || Err(ChunkError::Compress { bytes: 0, reason: "the thread panicked" });
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| panicked())).collect()
    })
}

/// The trace's lines from front to end, one frame in memory at a time.
struct LinesOf<'s> {
    source: &'s Source,
    next: usize,
    buffer: Vec<u8>,
    at: usize,
}

impl Read for LinesOf<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.buffer.len() && self.next < self.source.n_frames() {
            self.buffer = self.source.lines(self.next).map_err(io::Error::other)?;
            self.at = 0;
            self.next += 1;
        }
        let n = out.len().min(self.buffer.len() - self.at);
        out[..n].copy_from_slice(&self.buffer[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
