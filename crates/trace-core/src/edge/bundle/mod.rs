//! Traces in one file: `trace-bundle.tar.zst`.
//!
//! The members have the names they have in a store, so an unpacked bundle is a recorder's folder. The first member,
//! `bundle.json`, lists every other with its size and digest; a reader takes exactly what is listed, whatever else the archive
//! claims. Equal traces give equal bytes.

mod error;
mod list;
mod read;
mod write;

pub use error::BundleError;
pub use list::{BundleFile, BundleList, BundledTrace};
pub use read::{BundleLimits, list_bundle, unpack_bundle, verify_bundle};
pub use write::{BundleOptions, write_bundle};
