//! Recorded documents as values: rrweb's events applied without a browser, keyframes made from the result, and the checks
//! and tables that a player needs.
//!
//! The order of every deed is that of rrweb's `Replayer` (2.2.2), its retry queue included, because the recorder was written
//! against that player: an applier with an order of its own ends with another document.

mod apply;
mod assets;
mod build;
mod css;
mod digest;
mod document;
mod extract;
mod fault;
mod frames;
mod input;
mod json;
mod mutation;
mod node;
mod pages;
mod resolve;
mod segment;
mod snapshot;
mod styles;
mod template;
mod tree;
mod urls;

pub use apply::VirtualDom;
pub use assets::Asset;
pub use digest::{DIGEST_VERSION, DigestValue};
pub use document::{
    Beside, Comparison, Document, DomChange, DomOp, MAX_NODES, PageDocument, SegmentReader, beside,
    common_lines, compare, documents_at, outline,
};
pub use extract::{Extract, ExtractError, ExtractIndex, SegmentPlace, write_extract};
pub use fault::{DomError, Fault};
pub use json::{MAX_DEPTH, parse_events};
pub use pages::RecordedPages;
pub use segment::{Contents, Drift, Keyframe, SEGMENT_EVENTS, SEGMENT_MS, Segment, segments};
pub use template::{
    TEMPLATE_MEDIA_TYPE, TEMPLATE_PREFIX, Template, TemplateError, split as split_template,
};

#[cfg(test)]
mod tests;
