//! A whole trace read back.

mod evidence;
pub mod failure;
mod layout;
pub mod manifest;
pub(crate) mod normalise;
pub(crate) mod read;
mod reader;
pub mod search;
mod select;
mod source;
pub mod steps;
#[cfg(test)]
mod story;
pub mod summary;
#[cfg(test)]
mod tests;
pub mod timeline;

pub use evidence::{FailingAssertion, NetworkError};
pub use failure::FailureSignature;
pub use layout::IndexOrigin;
pub use manifest::{ArtifactRef, BlobRef, Manifest, ManifestBuilder};
pub use reader::{Events, TraceReader};
pub use search::{SearchText, search_text, search_tokens};
pub use select::Select;
pub use source::{ReadAt, ReadError};
pub use steps::{Step, StepStatus, StepTree, StepTreeBuilder};
pub use summary::{Summary, SummaryBuilder};
pub use timeline::{Ribbon, Timeline, TimelineBuilder};
