//! `export --format playwright`: what the zip holds. That Playwright itself opens it is tried in the package's tests.

use std::io::{Cursor, Read};

use serde_json::Value;

use crate::kit::{PIXEL, Upgrade, molar, page, record};

fn entries(bytes: Vec<u8>) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut found = std::collections::BTreeMap::new();
    for n in 0..zip.len() {
        let mut file = zip.by_index(n).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        found.insert(file.name().unwrap().into_owned(), bytes);
    }
    found
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    bytes
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[test]
fn the_record_becomes_a_zip() {
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Fails);
    let file = root.path().join("trace.zip");
    let export = |file: &str| {
        molar(
            root.path(),
            &["export", trace.short_id.as_str(), "--format", "playwright", "-o", file],
        )
        .expect(0)
    };
    export(file.to_str().unwrap());
    let bytes = std::fs::read(&file).unwrap();
    let again = root.path().join("again.zip");
    export(again.to_str().unwrap());
    assert!(std::fs::read(&again).unwrap() == bytes, "equal traces give equal files");
    let entries = entries(bytes);
    let trace = lines(&entries["trace.trace"]);
    assert_eq!((&trace[0]["type"], &trace[0]["version"]), (&"context-options".into(), &8.into()));
    let titles: Vec<_> = trace
        .iter()
        .filter(|line| line["type"] == "before")
        .map(|line| line["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        ["Open the shop", "Open the shop", "Upgrade", "Click 'Upgrade'", "Expect \"toHaveText\""]
    );
    let click = trace.iter().find(|line| line["method"] == "click").unwrap();
    assert_eq!((&click["parentId"], &click["stack"][0]["line"]), (&"s2".into(), &7.into()));
    let ends =
        trace.iter().filter(|line| line["type"] == "after" && line.get("error").is_some()).count();
    assert_eq!(ends, 2, "the step and the assertion failed");
    let picture = trace.iter().find(|line| line["type"] == "screencast-frame").unwrap();
    assert_eq!(entries[&format!("resources/{}", picture["sha1"].as_str().unwrap())], PIXEL);
    let network = lines(&entries["trace.network"]);
    assert_eq!(network.len(), 4);
    let content = &network[0]["snapshot"]["response"]["content"];
    assert_eq!(entries[&format!("resources/{}", content["_sha1"].as_str().unwrap())], page());
}

#[test]
fn the_recorded_zip_is_given_where_there_is_one() {
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Works);
    std::fs::write(trace.dir.join("trace.playwright.zip"), b"as Playwright made it").unwrap();
    let ran =
        molar(root.path(), &["export", trace.dir.to_str().unwrap(), "--format", "playwright"])
            .expect(0);
    assert_eq!(ran.stdout, "as Playwright made it");
}
