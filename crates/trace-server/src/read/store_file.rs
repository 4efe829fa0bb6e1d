//! An object of the store as a file that can be read at any place, from a thread that may block.

use std::io;

use tokio::runtime::Handle;
use trace_core::blob::ObjectKey;
use trace_core::trace::{ReadAt, ReadError};

use crate::store::{Meta, Store};

/// An object, pinned to the version it had when it was opened.
#[derive(Debug, Clone)]
pub struct StoreFile {
    pub(super) store: Store,
    pub(super) key: ObjectKey,
    pub(super) meta: Meta,
    pub(super) runtime: Handle,
}

impl ReadAt for StoreFile {
    fn size(&self) -> u64 {
        self.meta.size
    }

    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        if len == 0 {
            return Ok(Vec::new());
        }
        let range = offset..offset.saturating_add(len as u64);
        let reading = self.store.get_range(&self.key, range, self.meta.tag.as_deref());
        let found = self.runtime.block_on(reading);
        let failed = |source| ReadError::Io { offset, len, source };
        let bytes = found.map_err(|error| failed(io::Error::other(error)))?;
        if bytes.len() == len {
            Ok(bytes.into())
        } else {
            Err(ReadError::OutOfRange { offset, len, size: self.meta.size })
        }
    }
}
