//! Playwright's own files while they grow. The runner deletes them when a worker dies, so each gets a second name in the
//! trace's directory as soon as it appears; recovery makes artifacts of what is left there, and a finished trace has none.

mod keeper;
mod pack;
mod salvage;

pub use keeper::Follow;
pub(super) use keeper::Keeper;
pub(super) use salvage::{Salvaged, salvage};

/// Names below the trace's private directory.
mod names {
    /// A Playwright trace: `*.trace`, `*.network` and the directories they refer to.
    pub(super) const TRACE: &str = "trace";
    /// Videos.
    pub(super) const VIDEO: &str = "video";
    /// Which page a video shows, one JSON line each.
    pub(super) const VIDEOS: &str = "videos.jsonl";
    /// What the lines of a Playwright trace refer to by name.
    pub(super) const REFERRED: [&str; 4] = ["resources", "screencast", "screenshots", "aria"];
}
