//! A whole trace read back.

mod layout;
mod reader;
mod select;
mod source;

pub use layout::IndexOrigin;
pub use reader::{Events, TraceReader};
pub use select::Select;
pub use source::{ReadAt, ReadError};
