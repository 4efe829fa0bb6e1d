//! A page as it is now beside the page as it was recorded.

use serde::Serialize;

use super::super::json::parse;
use super::compare::{Comparison, DomOp, compare};
use super::{Document, PageDocument};
use crate::dom::DomError;
use crate::event::FidelityGrade;

/// Below this likeness something differs that a person would see.
const ALIKE: f64 = 0.98;

/// How a page now compares with its record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    /// `exact`, `equivalent` or `degraded`; how alike two documents look never says that they diverged.
    pub grade: FidelityGrade,
    /// The first difference in words; none where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// All of it, the record as A.
    pub comparison: Comparison,
}

/// Compares a recorded page with the nodes of the page as it is: JSON of `{href, node}`, the node as rrweb's snapshots name it.
pub fn beside(recorded: &PageDocument, live: &str) -> Result<Beside, DomError> {
    let live = parse(live)?;
    let href = live.get("href").and_then(serde_json::Value::as_str).unwrap_or_default();
    let now = Document::read(&live["node"], href);
    let comparison = compare(&recorded.document, &now);
    let grade = match comparison.likeness {
        _ if comparison.identical => FidelityGrade::Exact,
        likeness if likeness >= ALIKE => FidelityGrade::Equivalent,
        _ => FidelityGrade::Degraded,
    };
    let message = comparison.changes.first().map(|first| {
        let (place, what) = (&first.place, &first.what);
        let told = match first.op {
            DomOp::Added => format!("in {place} there is {what}, which was not recorded"),
            DomOp::Removed => format!("in {place} there is no {what}"),
            DomOp::Changed => format!("{place} is otherwise than recorded: {what}"),
        };
        let others = comparison.changes.len() + comparison.more - 1;
        let others = if others == 0 { String::new() } else { format!("; {others} further places") };
        format!("{:.1} % alike: {told}{others}", comparison.likeness * 100.0)
    });
    Ok(Beside { grade, message, comparison })
}
