//! From a recorder to durable bytes and rows. A 2xx of this room survives a power cut.

mod artifacts;
mod blobs;
mod body;
mod bundle;
mod check;
mod chunks;
mod finalize;
mod locks;
mod register;
mod staging;

pub use artifacts::receive as receive_artifact;
pub use blobs::{claim_missing, receive as receive_blob};
pub use body::{digest_header, read as read_body};
pub use bundle::{Ingested, receive as receive_bundle, take_file as take_bundle_file};
pub use chunks::{ChunkReply, accept as accept_chunk};
pub use finalize::{abort, finalize, sweep};
pub use locks::TraceLocks;
pub use register::{Registered, parse as parse_run_start, register};
pub(crate) use staging::StagedFile;
