//! Where a shipment takes its chunks from.

use super::error::FileError;
use super::http::read;
use super::layout::TraceDir;

/// A recorder's spool, which shrinks while it is shipped, or a finished trace, which stays as it is.
#[derive(Debug, Clone)]
pub(super) enum Supply {
    /// Chunks as files of their own.
    Spool,
    /// The frames of `trace.ndjson.zst`: offset and length each.
    Finished(Vec<(u64, u64)>),
}

impl Supply {
    /// Whether what the server has may go.
    pub(super) fn is_spool(&self) -> bool {
        matches!(self, Self::Spool)
    }

    /// The bytes of the `n`th chunk, from 1.
    pub(super) async fn chunk(&self, at: &TraceDir, n: u64) -> Result<Vec<u8>, FileError> {
        let Self::Finished(frames) = self else { return read(&at.chunk(n)).await };
        let path = at.trace_file();
        let frame = usize::try_from(n).ok().and_then(|n| frames.get(n.checked_sub(1)?).copied());
        let (offset, len) = frame.unwrap_or_default();
        let cut = move || {
            use std::io::{Read as _, Seek as _, SeekFrom};
            let mut file = std::fs::File::open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let done = tokio::task::spawn_blocking(cut).await.map_err(std::io::Error::other);
        done.and_then(|done| done).map_err(FileError::at("read", &at.trace_file()))
    }
}
