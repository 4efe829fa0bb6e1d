//! Following a trace while it is recorded.

mod feed;
mod hub;

pub use feed::{Resume, feed};
pub use hub::{Hub, Watch};
