//! Bytes under keys: a directory here, a bucket elsewhere.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use thiserror::Error;
use tokio::io::AsyncReadExt;
use trace_core::blob::ObjectKey;

/// Part size of streamed uploads: above S3's smallest, small enough to hold several.
const PART_BYTES: usize = 8 << 20;

/// A failure of the store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing lies there.
    #[error("no object under `{key}`")]
    NotFound {
        /// Where.
        key: String,
    },
    /// The object is another one than it was when its tag was read.
    #[error("the object under `{key}` has been replaced")]
    Replaced {
        /// Where.
        key: String,
    },
    /// Everything else.
    #[error("object `{key}` could not be {doing}")]
    Other {
        /// Where.
        key: String,
        /// `read`, `written`, …
        doing: &'static str,
        /// What the store said.
        #[source]
        source: object_store::Error,
    },
    /// A local file that should go into the store cannot be read.
    #[error("staged file of `{key}` cannot be read")]
    Staged {
        /// Where it should go.
        key: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// An object's size and the tag by which a replacement is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Bytes.
    pub size: u64,
    /// Changes with every write.
    pub tag: Option<String>,
}

/// The object store. Every write is durable when it returns.
#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.inner)
    }
}

fn place(key: &ObjectKey) -> StorePath {
    StorePath::from(key.as_str())
}

fn told(key: &ObjectKey, doing: &'static str) -> impl Fn(object_store::Error) -> StoreError {
    let key = key.to_string();
    move |source| match source {
        object_store::Error::NotFound { .. } => StoreError::NotFound { key: key.clone() },
        object_store::Error::Precondition { .. } => StoreError::Replaced { key: key.clone() },
        source => StoreError::Other { key: key.clone(), doing, source },
    }
}

impl Store {
    /// A directory, which must exist. Files and their directories are fsynced before a write returns.
    pub fn directory(path: &Path) -> Result<Self, object_store::Error> {
        let store = LocalFileSystem::new_with_prefix(path)?.with_fsync(true);
        Ok(Self { inner: Arc::new(store) })
    }

    /// Writes or replaces a whole object, atomically.
    pub async fn put(&self, key: &ObjectKey, bytes: Bytes) -> Result<(), StoreError> {
        let payload = PutPayload::from_bytes(bytes);
        self.inner.put(&place(key), payload).await.map_err(told(key, "written"))?;
        Ok(())
    }

    /// Writes or replaces an object from a local file without holding it in memory.
    pub async fn put_file(&self, key: &ObjectKey, path: &Path) -> Result<(), StoreError> {
        let staged = |source| StoreError::Staged { key: key.to_string(), source };
        let mut file = tokio::fs::File::open(path).await.map_err(staged)?;
        let upload = self.inner.put_multipart(&place(key)).await.map_err(told(key, "written"))?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let n = match file.read(&mut buffer).await {
                Ok(0) => break,
                Ok(n) => n,
                Err(source) => {
                    upload.abort().await.map_err(told(key, "abandoned"))?;
                    return Err(staged(source));
                }
            };
            upload.wait_for_capacity(4).await.map_err(told(key, "written"))?;
            upload.write(&buffer[..n]);
        }
        upload.finish().await.map_err(told(key, "written"))?;
        Ok(())
    }

    /// Size and tag.
    pub async fn head(&self, key: &ObjectKey) -> Result<Meta, StoreError> {
        let meta = self.inner.head(&place(key)).await.map_err(told(key, "read"))?;
        Ok(Meta { size: meta.size, tag: meta.e_tag })
    }

    /// A whole object.
    pub async fn get(&self, key: &ObjectKey) -> Result<Bytes, StoreError> {
        let found = self.inner.get(&place(key)).await.map_err(told(key, "read"))?;
        found.bytes().await.map_err(told(key, "read"))
    }

    /// Some bytes of an object; [`StoreError::Replaced`] when it is no longer the one with that tag.
    pub async fn get_range(
        &self,
        key: &ObjectKey,
        range: Range<u64>,
        tag: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: tag.map(str::to_owned),
            ..GetOptions::default()
        };
        let found = self.inner.get_opts(&place(key), options).await.map_err(told(key, "read"))?;
        found.bytes().await.map_err(told(key, "read"))
    }

    /// Some bytes of an object, as a stream.
    pub async fn stream(
        &self,
        key: &ObjectKey,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>, StoreError> {
        let range = (!range.is_empty()).then_some(GetRange::Bounded(range));
        let options = GetOptions { range, ..GetOptions::default() };
        let found = self.inner.get_opts(&place(key), options).await.map_err(told(key, "read"))?;
        Ok(found.into_stream())
    }

    /// Removes an object; one that is gone already is fine.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        match self.inner.delete(&place(key)).await.map_err(told(key, "deleted")) {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether the store answers.
    pub async fn is_reachable(&self) -> bool {
        let mut listing = self.inner.list(Some(&StorePath::from("traces")));
        listing.next().await.is_none_or(|first| first.is_ok())
    }
}
