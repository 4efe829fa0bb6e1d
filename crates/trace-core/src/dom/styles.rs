//! Style sheets that scripts change: kept as the events that changed them, since a snapshot has no place for them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Changes of one sheet in their order.
pub(super) type StyleLog = Vec<Map<String, Value>>;

/// Sheets made by scripts and adopted by documents and shadow roots.
#[derive(Debug, Clone, Default)]
pub(super) struct Adopted {
    /// First rules of each sheet, by rrweb's style id.
    sheets: BTreeMap<i64, Value>,
    /// What changed them since.
    changes: BTreeMap<i64, StyleLog>,
    /// Which sheets each host has adopted, by its rrweb id.
    hosts: BTreeMap<i64, Vec<i64>>,
}

impl Adopted {
    /// A host adopts sheets, some of which are told for the first time.
    pub(super) fn adopt(&mut self, host: i64, data: &Map<String, Value>) {
        for style in data.get("styles").and_then(Value::as_array).into_iter().flatten() {
            if let Some(id) = style.get("styleId").and_then(Value::as_i64) {
                self.changes.remove(&id);
                self.sheets.insert(id, style.clone());
            }
        }
        let ids = data.get("styleIds").and_then(Value::as_array).into_iter().flatten();
        self.hosts.insert(host, ids.filter_map(Value::as_i64).collect());
    }

    /// A sheet changes.
    pub(super) fn change(&mut self, sheet: i64, data: &Map<String, Value>) {
        let log = self.changes.entry(sheet).or_default();
        if data.contains_key("replace") || data.contains_key("replaceSync") {
            log.clear();
        }
        log.push(data.clone());
    }

    /// The events that bring a fresh document to this state. A sheet is told by its first host.
    pub(super) fn events(&self, is_known: impl Fn(i64) -> bool) -> Vec<Value> {
        let mut told = BTreeSet::new();
        let mut events = Vec::new();
        for (host, ids) in self.hosts.iter().filter(|(host, _)| is_known(**host)) {
            let fresh: Vec<&Value> = ids
                .iter()
                .filter(|id| told.insert(**id))
                .filter_map(|id| self.sheets.get(id))
                .collect();
            events.push(json!({"source": 15, "id": host, "styleIds": ids, "styles": fresh}));
        }
        let changed = self.changes.iter().filter(|(id, _)| told.contains(id));
        events.extend(changed.flat_map(|(_, log)| log.iter().cloned().map(Value::Object)));
        events
    }
}

/// Gives the text of a style element back to its text nodes, as a player does when it builds one; see `applyCssSplits`.
pub(super) fn split_css(css: &str, n_texts: usize) -> Vec<String> {
    let mut pieces: Vec<String> = css.split("/* rr_split */").map(str::to_owned).collect();
    while pieces.len() > 1 && pieces.len() > n_texts {
        let last = pieces.pop().unwrap_or_default();
        if let Some(before) = pieces.last_mut() {
            before.push_str(&last);
        }
    }
    pieces
}
