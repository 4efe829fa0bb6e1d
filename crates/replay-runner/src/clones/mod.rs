//! Clones of a replay: simulators that are put back to where they were before step N, in runs that exist for this replay alone.
//!
//! `target` decides from the record and the environment which clone starts from what; `client` speaks the Clone Admin Protocol v1 to
//! one clone; `world` does for all clones together what the protocol asks for. The source run is never written to.

mod client;
mod error;
mod target;
mod world;

pub use client::{Client, Health, Restored, Summary};
pub use error::CloneError;
pub use target::{Beginning, Target, target_run};
pub use world::World;

pub(crate) use target::{child_env, decide, recorded_env, token_of, tokens};
