//! Files, threads, clocks and sockets: the recorder's spool, the uploader, recovery and the stores.

mod artifacts;
mod blobs;
mod bundle;
mod death;
mod error;
mod files;
mod finalize;
mod finished;
mod http;
mod layout;
mod live;
mod lot;
mod open;
mod options;
mod owner;
mod pictures;
mod playwright_zip;
mod prepare;
mod progress;
mod prune;
mod push;
mod queue;
mod raw;
mod recorder;
mod recover;
mod repair;
pub mod replay;
pub mod scrub;
mod secrets;
mod start;
mod stats;
mod store;
mod story;
mod supply;
mod uploader;
pub mod vault;
mod writer;

pub use blobs::needed as blobs_needed;
pub use bundle::{
    BundleError, BundleFile, BundleLimits, BundleList, BundleOptions, BundledTrace, list_bundle,
    unpack_bundle, verify_bundle, write_bundle,
};
pub use death::{Death, note_death, settle_deaths};
pub use error::{FileError, RecorderError};
pub use finished::{FinishedError, FinishedTrace};
pub use open::{FileAt, LocalTrace, OpenError, open_trace};
pub use options::{
    ContentDraft, Draft, DraftRef, Finish, FinishReport, Limits, Masks, RecorderOptions,
    ServerOptions, Shipped,
};
pub use prune::{PruneReport, Pruned, prune};
pub use push::{PushError, PushProgress, Pushed, push, remove_finished};
pub use raw::Follow;
pub use recorder::Recorder;
pub use recover::{RecoverReport, RecoveredTrace, recover, trace_dirs};
pub use store::{ObjectInfo, S3Options, Store, StoreError};
