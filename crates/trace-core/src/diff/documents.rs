//! The documents of two traces at the end of each top-level step.

use serde::Serialize;

use super::Side;
use crate::blob::BlobId;
use crate::dom::{
    Contents, DomChange, PageDocument, RecordedPages, TemplateError, common_lines, compare,
    documents_at, outline,
};
use crate::event::{Content, ContentData, Event};
use crate::trace::{Step, StepTree};

/// Changed lines that are shown of one step; the rest is counted.
const MAX_LINES: usize = 200;
/// Places that are shown of one step; the rest is counted.
const MAX_PLACES: usize = 50;
/// Bytes of the largest document that is rebuilt; the recorder takes no more in one batch either.
const MAX_DOCUMENT_BYTES: usize = 256 << 20;

/// One step's documents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DomRow {
    /// The step's number.
    pub index: u64,
    /// The step's title.
    pub title: String,
    /// Lines of A's outline; none when A has no such step, or has not ended it.
    pub a_lines: Option<usize>,
    /// The same in B.
    pub b_lines: Option<usize>,
    /// Lines that B alone has.
    pub added: usize,
    /// Lines that A alone has.
    pub removed: usize,
    /// Those lines in their order, `-` in front of A's and `+` in front of B's.
    pub changes: Vec<String>,
    /// How alike the documents are, from 0 to 1; none where one side has no such step.
    pub likeness: Option<f64>,
    /// Where they differ, without what is drawn anew in every run.
    pub places: Vec<DomChange>,
    /// How many further places there are.
    pub more_places: usize,
}

impl DomRow {
    /// Whether anything in them differs.
    pub fn differs(&self) -> bool {
        self.added + self.removed > 0 || self.a_lines.is_some() != self.b_lines.is_some()
    }
}

/// A top-level step that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct StepEnd {
    /// Its number.
    pub index: u64,
    /// Its title.
    pub title: String,
    /// When, in milliseconds on the trace's axis.
    pub end_ms: f64,
}

/// The ended top-level steps in the order of their ends; only that of the number, where one is given.
pub fn step_ends(events: &[Event], step: Option<u64>) -> Vec<StepEnd> {
    let tree = StepTree::build(events);
    let end = |found: &Step| {
        let index = found.index.filter(|n| step.is_none_or(|step| step == *n))?;
        Some(StepEnd { index, title: found.title.clone(), end_ms: found.end_ms? })
    };
    let mut ends: Vec<StepEnd> = tree.steps.iter().filter_map(end).collect();
    ends.sort_by(|a, b| a.end_ms.total_cmp(&b.end_ms));
    ends
}

/// A row for each top-level step of either side, or for the one that was asked for; the events have those of documents among them.
pub fn dom_rows(a: &Side<'_>, b: &Side<'_>, step: Option<u64>) -> Vec<DomRow> {
    let of = |side: &Side<'_>| {
        let ends = step_ends(side.events, step);
        let times: Vec<f64> = ends.iter().map(|end| end.end_ms).collect();
        (ends, documents_of(side, &times))
    };
    let (a, b) = (of(a), of(b));
    rows_of((&a.0, &a.1), (&b.0, &b.1))
}

/// For each of the times the documents of a trace's pages.
pub fn documents_of(side: &Side<'_>, times: &[f64]) -> Vec<Vec<PageDocument>> {
    if times.is_empty() {
        return Vec::new();
    }
    let mut recorded = RecordedPages::default();
    side.events.iter().for_each(|event| recorded.push_documents(event, times));
    documents_at(&recorded, &mut Blobs(side.blob), times)
}

/// The same of documents that were already rebuilt: a list for each of the ends.
pub fn rows_of(
    a: (&[StepEnd], &[Vec<PageDocument>]),
    b: (&[StepEnd], &[Vec<PageDocument>]),
) -> Vec<DomRow> {
    let mut numbers: Vec<u64> = a.0.iter().chain(b.0).map(|end| end.index).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |side: (&'_ [StepEnd], &'_ [Vec<PageDocument>]), index: u64| {
        let at = side.0.iter().position(|end| end.index == index)?;
        Some((side.0[at].title.clone(), side.1.get(at).cloned().unwrap_or_default()))
    };
    numbers.into_iter().filter_map(|index| row(index, of(a, index), of(b, index))).collect()
}

type Pages = (String, Vec<PageDocument>);

fn row(index: u64, a: Option<Pages>, b: Option<Pages>) -> Option<DomRow> {
    let title = a.as_ref().or(b.as_ref())?.0.clone();
    let lines = |side: &Option<Pages>| -> Option<Vec<String>> {
        let (_, pages) = side.as_ref()?;
        Some(pages.iter().flat_map(|page| outline(&page.document)).collect())
    };
    let (left, right) = (lines(&a), lines(&b));
    let mut found = DomRow {
        index,
        title,
        a_lines: left.as_ref().map(Vec::len),
        b_lines: right.as_ref().map(Vec::len),
        added: 0,
        removed: 0,
        changes: Vec::new(),
        likeness: None,
        places: Vec::new(),
        more_places: 0,
    };
    let (Some(left), Some(right)) = (left, right) else { return Some(found) };
    for row in common_lines(&left, &right) {
        match row {
            (Some(at), None) => {
                found.removed += 1;
                found.changes.push(format!("-{}", left[at]));
            }
            (None, Some(at)) => {
                found.added += 1;
                found.changes.push(format!("+{}", right[at]));
            }
            _ => {}
        }
    }
    found.changes.truncate(MAX_LINES);
    if let (Some((_, a)), Some((_, b))) = (a, b) {
        found.compare(&a, &b);
    }
    Some(found)
}

impl DomRow {
    /// Page beside page, as they were opened.
    fn compare(&mut self, a: &[PageDocument], b: &[PageDocument]) {
        let (mut alike, mut all) = (0.0, 0.0);
        for n in 0..a.len().max(b.len()) {
            match (a.get(n), b.get(n)) {
                (Some(a), Some(b)) => {
                    let found = compare(&a.document, &b.document);
                    let nodes = (found.a_nodes + found.b_nodes) as f64;
                    (alike, all) = (alike + found.likeness * nodes, all + nodes);
                    self.more_places += found.more + found.changes.len();
                    let room = MAX_PLACES - self.places.len();
                    self.places.extend(found.changes.into_iter().take(room));
                }
                (Some(only), None) | (None, Some(only)) => all += only.document.len() as f64,
                (None, None) => {}
            }
        }
        self.more_places -= self.places.len();
        self.likeness = Some(if all == 0.0 { 1.0 } else { alike / all });
    }
}

/// Contents out of whatever gives blobs.
struct Blobs<'b>(&'b dyn Fn(&BlobId) -> Option<Vec<u8>>);

impl Contents for Blobs<'_> {
    fn read(&mut self, content: &Content) -> Result<Vec<u8>, String> {
        let blob =
            |id: &BlobId| (self.0)(id).ok_or_else(|| Missing("a blob is not there".to_owned()));
        match &content.data {
            ContentData::Blob(id) => blob(id).map_err(|missing| missing.0),
            ContentData::Template(template) => {
                let text = template.rebuild(MAX_DOCUMENT_BYTES, blob);
                text.map(String::into_bytes).map_err(|missing| missing.0)
            }
            _ => content.inline_bytes().ok_or_else(|| "not base64".to_owned()),
        }
    }
}

/// Why a content is not there.
struct Missing(String);

impl From<TemplateError> for Missing {
    fn from(error: TemplateError) -> Self {
        Self(error.to_string())
    }
}
