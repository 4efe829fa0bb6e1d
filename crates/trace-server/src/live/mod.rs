//! Following a trace while it is recorded.

mod feed;
mod hub;

pub use feed::{feed, Resume};
pub use hub::{Hub, Watch};
