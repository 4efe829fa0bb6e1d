//! Objects by key: in memory, in a directory or in a bucket, behind one small interface.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use thiserror::Error;

use crate::blob::ObjectKey;

/// What a store answers when it does not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such object.
    #[error("object `{0}` does not exist")]
    NotFound(String),
    /// The configuration does not describe a store.
    #[error("the {0} store cannot be opened; check its configuration")]
    Config(&'static str, #[source] object_store::Error),
    /// The store failed; the same call may succeed later.
    #[error("the store failed at `{key}`")]
    Failed {
        /// Which object or prefix.
        key: String,
        /// What it said.
        #[source]
        source: object_store::Error,
    },
}

impl StoreError {
    fn of(key: &str) -> impl Fn(object_store::Error) -> Self + '_ {
        move |source| match source {
            object_store::Error::NotFound { .. } => Self::NotFound(key.to_owned()),
            source => Self::Failed { key: key.to_owned(), source },
        }
    }
}

type Result<T> = std::result::Result<T, StoreError>;

/// An S3-compatible bucket. Everything is said here; the environment and the machine's role are not asked.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Options {
    /// Such as `https://s3.eu-central-1.amazonaws.com` or `http://127.0.0.1:9000`; none for Amazon itself.
    pub endpoint: Option<String>,
    /// Such as `eu-central-1`.
    pub region: String,
    /// The bucket's name.
    pub bucket: String,
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// `endpoint/bucket/key` rather than `bucket.endpoint/key`; most self-hosted stores need it.
    pub path_style: bool,
}

impl std::fmt::Debug for S3Options {
    /// The credentials never reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { endpoint, region, bucket, path_style, .. } = self;
        let mut shown = f.debug_struct("S3Options");
        shown.field("endpoint", endpoint).field("region", region).field("bucket", bucket);
        shown.field("path_style", path_style).finish_non_exhaustive()
    }
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its key's text.
    pub key: String,
    /// Its bytes.
    pub size: u64,
    /// When it was written, in milliseconds since the epoch.
    pub modified_ms: u64,
}

/// Objects by key. Cloning shares the store.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
}

impl Store {
    /// Gone with the process.
    pub fn memory() -> Self {
        Self { inner: Arc::new(InMemory::new()) }
    }

    /// A directory, made when it is missing; what was put survives a power cut.
    pub fn directory(root: &Path) -> Result<Self> {
        let failed = |source: std::io::Error| {
            let source = Box::new(source);
            StoreError::Config("directory", object_store::Error::Generic { store: "local", source })
        };
        std::fs::create_dir_all(root).map_err(failed)?;
        let inner = LocalFileSystem::new_with_prefix(root)
            .map_err(|source| StoreError::Config("directory", source))?;
        Ok(Self { inner: Arc::new(inner.with_fsync(true)) })
    }

    /// A bucket.
    pub fn s3(options: &S3Options) -> Result<Self> {
        let mut builder = AmazonS3Builder::new()
            .with_region(&options.region)
            .with_bucket_name(&options.bucket)
            .with_access_key_id(&options.access_key_id)
            .with_secret_access_key(&options.secret_access_key)
            .with_virtual_hosted_style_request(!options.path_style)
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        if let Some(endpoint) = &options.endpoint {
            let is_plain = endpoint.starts_with("http://");
            builder = builder.with_endpoint(endpoint).with_allow_http(is_plain);
        }
        let inner = builder.build().map_err(|source| StoreError::Config("S3", source))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Writes an object, replacing what was there.
    pub async fn put(&self, key: &ObjectKey, bytes: impl Into<Bytes>) -> Result<()> {
        let put = self.inner.put(&path(key), bytes.into().into()).await;
        put.map(drop).map_err(StoreError::of(key.as_str()))
    }

    /// Writes an object unless there is one; answers whether it was written.
    pub async fn put_if_absent(&self, key: &ObjectKey, bytes: impl Into<Bytes>) -> Result<bool> {
        let options = PutOptions::from(PutMode::Create);
        match self.inner.put_opts(&path(key), bytes.into().into(), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(StoreError::of(key.as_str())(error)),
        }
    }

    /// The whole object.
    pub async fn get(&self, key: &ObjectKey) -> Result<Bytes> {
        let failed = StoreError::of(key.as_str());
        let found = self.inner.get(&path(key)).await.map_err(&failed)?;
        found.bytes().await.map_err(&failed)
    }

    /// Part of an object; a range beyond its end is cut.
    pub async fn get_range(&self, key: &ObjectKey, range: Range<u64>) -> Result<Bytes> {
        let found = self.inner.get_range(&path(key), range).await;
        found.map_err(StoreError::of(key.as_str()))
    }

    /// Size and age of an object.
    pub async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo> {
        let found = self.inner.head(&path(key)).await;
        found.map(|meta| info(&meta)).map_err(StoreError::of(key.as_str()))
    }

    /// Every object below a prefix such as a trace's directory or `blobs/sha256/`, in the order of the keys.
    pub async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        let below = ObjectPath::from(prefix.trim_end_matches('/'));
        let found = self.inner.list(Some(&below)).map_ok(|meta| info(&meta));
        let mut found: Vec<ObjectInfo> =
            found.try_collect().await.map_err(StoreError::of(prefix))?;
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// Removes an object; one that is not there is removed already.
    pub async fn delete(&self, key: &ObjectKey) -> Result<()> {
        match self.inner.delete(&path(key)).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(StoreError::of(key.as_str())(error)),
        }
    }
}

fn path(key: &ObjectKey) -> ObjectPath {
    ObjectPath::from(key.as_str())
}

fn info(meta: &object_store::ObjectMeta) -> ObjectInfo {
    let modified_ms = u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or(0);
    ObjectInfo { key: meta.location.to_string(), size: meta.size, modified_ms }
}
