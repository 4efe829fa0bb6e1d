//! A body on its way in: hashed as it arrives, in memory while it is small, in a file beyond.

use std::path::{Path, PathBuf};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use trace_core::TraceId;
use trace_core::blob::{BlobId, Hasher, HashingWriter, ObjectKey};

use super::body::{cut_off, within};
use crate::app::App;
use crate::error::AppError;

/// Most blobs are smaller; only larger ones are worth a file.
const MEMORY_BYTES: usize = 1 << 20;

/// A received body that is not acknowledged yet.
#[derive(Debug)]
pub(super) struct Staged {
    /// Of the body as it came.
    pub(super) id: BlobId,
    /// Of the body as it came.
    pub(super) bytes: u64,
    /// Where it is.
    pub(super) held: Held,
}

/// Where a staged body is.
#[derive(Debug)]
pub(super) enum Held {
    /// Small.
    Memory(Bytes),
    /// In the staging directory.
    File(StagedFile),
}

/// Removed when dropped, so that no way out leaves anything behind.
#[derive(Debug)]
pub(crate) struct StagedFile(PathBuf);

impl StagedFile {
    /// A name nobody else has.
    pub(crate) fn reserve(app: &App) -> Result<Self, AppError> {
        Ok(Self(random_place(app)?))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

fn random_place(app: &App) -> Result<PathBuf, AppError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let name = TraceId::from_random(random).to_string();
    Ok(app.config.storage.staging_dir().join(name))
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.0.display(), %error, "staged file not removed");
        }
    }
}

/// A directory that goes with everything in it, on a thread that may take its time.
#[derive(Debug)]
pub(super) struct StagedDir(PathBuf);

impl StagedDir {
    pub(super) fn make(app: &App) -> Result<Self, AppError> {
        let dir = Self(random_place(app)?);
        std::fs::create_dir(&dir.0)?;
        Ok(dir)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for StagedDir {
    fn drop(&mut self) {
        let path = std::mem::take(&mut self.0);
        let remove = move || {
            if let Err(error) = std::fs::remove_dir_all(&path) {
                tracing::warn!(path = %path.display(), %error, "staged directory not removed");
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

impl Staged {
    /// A file that is here already and goes when this does; reads it whole, so it is for a thread that may block.
    pub(super) fn of_file(path: PathBuf) -> Result<Self, AppError> {
        let file = StagedFile(path);
        let mut hashing = HashingWriter::new(std::io::sink());
        std::io::copy(&mut std::fs::File::open(file.path())?, &mut hashing)?;
        let (_, id, bytes) = hashing.finish();
        Ok(Self { id, bytes, held: Held::File(file) })
    }

    /// The body as something to read from, on a thread that may block.
    pub(super) fn reader(&self) -> std::io::Result<Box<dyn std::io::Read + Send + '_>> {
        Ok(match &self.held {
            Held::Memory(bytes) => Box::new(&bytes[..]),
            Held::File(file) => {
                Box::new(std::io::BufReader::new(std::fs::File::open(file.path())?))
            }
        })
    }

    /// Puts the body under its key as it is.
    pub(super) async fn store(&self, app: &App, key: &ObjectKey) -> Result<(), AppError> {
        match &self.held {
            Held::Memory(bytes) => app.store.put(key, bytes.clone()).await?,
            Held::File(file) => app.store.put_file(key, file.path()).await?,
        }
        Ok(())
    }
}

/// Receives a body of at most `limit` bytes.
pub(super) async fn receive(app: &App, body: Body, limit: u64) -> Result<Staged, AppError> {
    receive_within(app, body, limit, app.config.limits.body_seconds).await
}

/// Receives a body of at most `limit` bytes, for at most so many seconds.
pub(super) async fn receive_within(
    app: &App,
    body: Body,
    limit: u64,
    seconds: u64,
) -> Result<Staged, AppError> {
    within(seconds, async {
        let mut sink =
            Sink { app, hasher: Hasher::new(), bytes: 0, memory: BytesMut::new(), file: None };
        let mut stream = body.into_data_stream();
        while let Some(part) = stream.next().await {
            let part = part.map_err(cut_off)?;
            if sink.bytes + part.len() as u64 > limit {
                return Err(AppError::too_large(limit));
            }
            sink.take(&part).await?;
        }
        sink.finish().await
    })
    .await
}

struct Sink<'a> {
    app: &'a App,
    hasher: Hasher,
    bytes: u64,
    memory: BytesMut,
    file: Option<(StagedFile, File)>,
}

impl Sink<'_> {
    async fn take(&mut self, part: &[u8]) -> Result<(), AppError> {
        self.hasher.update(part);
        self.bytes += part.len() as u64;
        if let Some((_, file)) = &mut self.file {
            file.write_all(part).await?;
            return Ok(());
        }
        self.memory.extend_from_slice(part);
        if self.memory.len() > MEMORY_BYTES {
            let staged = StagedFile::reserve(self.app)?;
            let mut file = File::create_new(staged.path()).await?;
            file.write_all(&self.memory).await?;
            self.memory = BytesMut::new();
            self.file = Some((staged, file));
        }
        Ok(())
    }

    async fn finish(self) -> Result<Staged, AppError> {
        let held = match self.file {
            Some((staged, mut file)) => {
                file.flush().await?;
                Held::File(staged)
            }
            None => Held::Memory(self.memory.freeze()),
        };
        Ok(Staged { id: self.hasher.finish(), bytes: self.bytes, held })
    }
}
