//! A document line by line, for people.

use super::{Document, Part, origin};

/// Lines of one document.
const MAX_LINES: usize = 20_000;
/// Characters of one line's text.
const MAX_TEXT: usize = 500;
/// Deeper lines stand no further to the right.
const MAX_INDENT: usize = 60;

/// The address, then each element and text below the one it stands in.
pub fn outline(document: &Document) -> Vec<String> {
    let origin = origin(&document.href);
    let address = document.href.strip_prefix(origin).filter(|_| !origin.is_empty());
    let address = address.map_or_else(|| document.href.clone(), |rest| format!("{{origin}}{rest}"));
    let mut lines = vec![short(&format!("page {address}"))];
    let shown = document.nodes.iter().skip(1).take(MAX_LINES - 1);
    lines.extend(shown.map(|part| {
        let indent = "  ".repeat((part.depth - 1).min(MAX_INDENT));
        indent + &short(&line(part))
    }));
    lines
}

fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// A node without what is below it.
pub(super) fn line(part: &Part) -> String {
    if part.tag.is_empty() {
        return part.text.clone();
    }
    let attributes = part.attributes.iter().map(|(name, value)| format!(" {name}=\"{value}\""));
    format!("<{}{}>", part.tag, attributes.collect::<String>())
}
