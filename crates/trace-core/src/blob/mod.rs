//! Big payloads by name: the SHA-256 of their original bytes.

mod digest;
mod keys;
mod policy;

pub use digest::{BlobId, BlobIdError, Hasher, HashingWriter};
pub use keys::{ArtifactName, KeyError, ObjectKey, OrgId, TracePrefix, trace_prefix};
pub use policy::{
    BlobError, Encoding, INLINE_BYTES, Placement, Stored, decode_stored, encode_stored,
    inline_or_blob, is_compressed_media,
};
