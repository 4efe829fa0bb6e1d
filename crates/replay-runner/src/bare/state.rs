//! The recorded state of a browser in the shape in which it is put back. The guest's `state.ts` reads the same parts.

use std::collections::BTreeMap;

use serde_json::Value;
use trace_core::replay::state::State;

/// A context to bring back.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) cookies: Vec<Value>,
    /// What belongs to an origin, whichever page asks.
    pub(super) local: BTreeMap<String, Value>,
    pub(super) databases: BTreeMap<String, Value>,
    pub(super) pages: BTreeMap<String, PageState>,
    /// What cannot be brought back, in words.
    pub(super) lost: Vec<String>,
}

/// A page to bring back.
#[derive(Debug, Default)]
pub(super) struct PageState {
    pub(super) document: Option<Value>,
    /// Addresses up to the one it stands at.
    pub(super) history: Vec<String>,
    /// Session storage by origin.
    pub(super) session: BTreeMap<String, Value>,
    frame: Option<u64>,
}

/// Every context that was open, in their order.
pub(super) fn contexts(state: &State) -> Vec<Context> {
    let mut named: Vec<_> = state.contexts.iter().collect();
    // `c10` comes behind `c9`.
    named.sort_by_key(|(name, _)| (name.len(), name.as_str()));
    named.into_iter().map(|(_, parts)| context(parts)).collect()
}

fn context(parts: &BTreeMap<String, Value>) -> Context {
    let mut found = Context::default();
    for (name, value) in parts.iter().filter(|(_, value)| !value.is_null()) {
        let mut words = name.splitn(3, ' ');
        let kind = words.next().unwrap_or_default();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        let key = second.unwrap_or(first);
        // A third party's own storage belongs to a frame inside another site, which a page of its own does not open.
        if key.contains('^') {
            found.lost.push(format!("the storage of a third party: {name}"));
            continue;
        }
        let origin = key.trim_end_matches('/').to_owned();
        match kind {
            "cookies" => found.cookies = value.as_array().cloned().unwrap_or_default(),
            "local" => drop(found.local.insert(origin, value.clone())),
            "indexeddb" => drop(found.databases.insert(origin, value.clone())),
            "session" => {
                let page = found.pages.entry(first.to_owned()).or_default();
                page.session.insert(origin, value.clone());
            }
            "history" => found.pages.entry(first.to_owned()).or_default().history = history(value),
            "document" => document(&mut found, first, value),
            "caches" => found.lost.push(format!("caches of {key}")),
            "workers" => found.lost.push(format!("service workers of {key}")),
            _ => {}
        }
    }
    found
}

/// A page's own document has the lowest number; those of its frames load with it again.
fn document(found: &mut Context, name: &str, value: &Value) {
    let (page, frame) = name.rsplit_once('f').unwrap_or((name, "0"));
    let frame: u64 = frame.parse().unwrap_or(0);
    let page = found.pages.entry(page.to_owned()).or_default();
    if page.frame.is_none_or(|known| frame < known) {
        page.frame = Some(frame);
        page.document = Some(value.clone());
    }
}

fn history(value: &Value) -> Vec<String> {
    let index = value["index"].as_u64().and_then(|index| usize::try_from(index).ok());
    let entries = value["entries"].as_array().into_iter().flatten();
    let urls = entries.filter_map(|entry| entry["url"].as_str().map(str::to_owned));
    urls.take(index.unwrap_or(0).saturating_add(1)).collect()
}

/// Values that the recorder had to tag are no plain ones.
pub(super) fn is_plain(value: &Value) -> bool {
    match value {
        Value::Object(fields) => !fields.contains_key("$") && fields.values().all(is_plain),
        Value::Array(items) => items.iter().all(is_plain),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_to_the_pages_and_origins_that_they_belong_to() {
        let parts = [
            ("cookies", serde_json::json!([{ "name": "a" }])),
            ("local https://a.example/", serde_json::json!([["k", "v"]])),
            ("local https://b.example/^0https://a.example", serde_json::json!([])),
            ("session p1 https://a.example/", serde_json::json!([["s", "1"]])),
            (
                "history p1",
                serde_json::json!({ "index": 1, "entries": [{ "url": "x" }, { "url": "y" }, { "url": "z" }] }),
            ),
            ("document p1f7", serde_json::json!({ "url": "frame" })),
            ("document p1f1", serde_json::json!({ "url": "page" })),
            ("caches https://a.example/", serde_json::json!([])),
            ("indexeddb https://a.example/", Value::Null),
        ];
        let parts = parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut state = State::default();
        state.contexts.insert("c10".to_owned(), BTreeMap::new());
        state.contexts.insert("c9".to_owned(), parts);
        let found = contexts(&state);
        assert_eq!(found.len(), 2);
        let context = &found[0];
        assert_eq!(context.cookies.len(), 1);
        assert_eq!(context.local.keys().collect::<Vec<_>>(), ["https://a.example"]);
        let page = &context.pages["p1"];
        assert_eq!(page.history, ["x", "y"]);
        assert_eq!(page.document.as_ref().unwrap()["url"], "page");
        assert_eq!(page.session["https://a.example"][0][0], "s");
        assert_eq!(
            context.lost,
            [
                "caches of https://a.example/",
                "the storage of a third party: local https://b.example/^0https://a.example"
            ]
        );
        assert!(context.databases.is_empty());
    }
}
