//! Documents as plain trees: what people and comparisons see of a page, whoever rebuilt or walked it.
//!
//! Names of nodes, scripts' texts, marks of the recorder and the page's own origin are left out, so that two runs of a test give
//! the same tree. Nothing here recurses: a page decides how deep its document is.

mod compare;
mod lay;
mod live;
mod moments;
mod outline;
mod read;
mod same;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, DomChange, DomOp, compare};
pub use lay::common_lines;
pub use live::{Beside, beside};
pub use moments::{PageDocument, SegmentReader, documents_at};
pub use outline::outline;

/// Most nodes of one document that are read; what lies behind is left out, and the document says so.
pub const MAX_NODES: usize = 200_000;

/// A document's tree, without what is new in every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its address, with the origin.
    pub href: String,
    /// Whether it has more nodes than [`MAX_NODES`].
    pub is_cut: bool,
    /// In document order; the first is the document itself.
    nodes: Vec<Part>,
}

/// A node of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Part {
    parent: usize,
    depth: usize,
    /// Lower-case tag name; empty for a text.
    tag: String,
    /// White space is collapsed.
    text: String,
    /// By name.
    attributes: Vec<(String, String)>,
    children: Vec<usize>,
    /// Its content was hidden from the recorder.
    is_blocked: bool,
}

impl Document {
    fn empty(href: &str) -> Self {
        let root = Part { tag: "#document".to_owned(), ..Part::default() };
        Self { href: href.to_owned(), is_cut: false, nodes: vec![root] }
    }

    /// Elements and texts.
    pub fn len(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a node below another; none when there are too many.
    fn add(&mut self, parent: usize, part: Part) -> Option<usize> {
        if self.nodes.len() > MAX_NODES {
            self.is_cut = true;
            return None;
        }
        let (at, depth) = (self.nodes.len(), self.nodes[parent].depth + 1);
        self.nodes[parent].children.push(at);
        self.nodes.push(Part { parent, depth, ..part });
        Some(at)
    }
}

/// Scheme, host and port: another run has another port.
fn origin(href: &str) -> &str {
    let rest = href.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let end = href.len() - rest.len() + host.len();
    if host.is_empty() { "" } else { &href[..end] }
}
