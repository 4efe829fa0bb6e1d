//! Drafts on their way to the writer, one behind the other in one buffer: a waiting event costs a copy and no allocation.

use crate::event::Timestamp;

use super::options::{ContentDraft, Draft};

/// A longer payload is handed over as it is, because moving it is cheaper than copying it.
const COPIED_BYTES: usize = 16 << 10;

/// A buffer that grew beyond this in a burst is given back.
const KEPT_BYTES: usize = 4 << 20;

/// Drafts in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Lot {
    text: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    ts: Timestamp,
    kind_len: usize,
    step_len: Option<usize>,
    payload: Text,
    contents: Vec<ContentDraft>,
}

#[derive(Debug)]
enum Text {
    /// In the buffer, with so many bytes.
    Copied(usize),
    Moved(String),
}

/// One draft as it lies in a lot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) ts: Timestamp,
    pub(super) kind: &'a str,
    pub(super) step_id: Option<&'a str>,
    pub(super) payload: &'a str,
    pub(super) contents: &'a [ContentDraft],
}

impl Parts<'_> {
    /// What it weighs in the queue: its bytes and what is kept about it.
    pub(super) fn weight(&self) -> usize {
        let contents = self.contents.iter().map(|content| content.data.len() + 128);
        self.payload.len() + self.kind.len() + size_of::<Draft>() + contents.sum::<usize>()
    }
}

impl Lot {
    /// Copies a draft without contents in.
    pub(super) fn copy(&mut self, parts: Parts<'_>) {
        let payload = Text::Copied(parts.payload.len());
        self.note(parts.ts, parts.kind, parts.step_id, payload, Vec::new());
        self.text.push_str(parts.payload);
    }

    /// Takes a draft in.
    pub(super) fn take(&mut self, draft: Draft) {
        let Draft { ts, kind, step_id, payload, contents } = draft;
        if payload.len() > COPIED_BYTES {
            self.note(ts, &kind, step_id.as_deref(), Text::Moved(payload), contents);
        } else {
            let copied = Text::Copied(payload.len());
            self.note(ts, &kind, step_id.as_deref(), copied, contents);
            self.text.push_str(&payload);
        }
    }

    fn note(
        &mut self,
        ts: Timestamp,
        kind: &str,
        step_id: Option<&str>,
        payload: Text,
        contents: Vec<ContentDraft>,
    ) {
        let (kind_len, step_len) = (kind.len(), step_id.map(str::len));
        self.text.push_str(kind);
        self.text.push_str(step_id.unwrap_or_default());
        self.entries.push(Entry { ts, kind_len, step_len, payload, contents });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The drafts in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = Parts<'_>> {
        let mut rest = self.text.as_str();
        self.entries.iter().map(move |entry| {
            let mut next = |len: usize| {
                let (front, back) = rest.split_at(len);
                rest = back;
                front
            };
            let kind = next(entry.kind_len);
            let step_id = entry.step_len.map(&mut next);
            let payload = match &entry.payload {
                Text::Copied(len) => next(*len),
                Text::Moved(text) => text,
            };
            Parts { ts: entry.ts, kind, step_id, payload, contents: &entry.contents }
        })
    }

    /// Keeps the memory for the next drafts, unless it is much.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
        self.text.shrink_to(KEPT_BYTES);
        self.entries.shrink_to(KEPT_BYTES / size_of::<Entry>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_it_took_in() {
        let long = "y".repeat(COPIED_BYTES + 1);
        let draft = |payload: &str, step_id: Option<&str>| Draft {
            ts: Timestamp::from_us(3),
            kind: "é".to_owned(),
            step_id: step_id.map(str::to_owned),
            payload: payload.to_owned(),
            contents: Vec::new(),
        };
        let drafts = [
            draft("", None),
            draft("{}", Some("")),
            draft(&long, Some("s1")),
            draft("ü", Some("s2")),
        ];
        let mut lot = Lot::default();
        for round in 0..2 {
            for draft in &drafts {
                lot.take(draft.clone());
            }
            let (ts, contents) = (Timestamp::from_us(3), &[][..]);
            lot.copy(Parts { ts, kind: "k", step_id: None, payload: "{}", contents });
            let back: Vec<_> =
                lot.iter().map(|parts| (parts.kind, parts.step_id, parts.payload)).collect();
            let mut given: Vec<_> = drafts
                .iter()
                .map(|draft| ("é", draft.step_id.as_deref(), draft.payload.as_str()))
                .collect();
            given.push(("k", None, "{}"));
            assert_eq!(back, given, "round {round}");
            lot.clear();
            assert!(lot.is_empty());
        }
    }
}
