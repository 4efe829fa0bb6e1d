//! `stats`.

use crate::kit::{Upgrade, golden, molar, page, record};

#[test]
fn one_trace_and_all_of_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let first = record(root.path(), 1, Upgrade::Fails);
    record(root.path(), 2, Upgrade::Works);
    let size = page().len() as u64;
    let one = molar(root.path(), &["stats", first.short_id.as_str(), "--json"]).expect(0).json();
    assert_eq!((&one["traces"], &one["events"]), (&1.into(), &first.events.into()));
    assert_eq!(one["hosts"]["127.0.0.1:4000"]["requests"], 4);
    assert_eq!(one["hosts"]["127.0.0.1:4000"]["failed"], 1);
    assert_eq!(one["kinds"]["network.response"]["blob_bytes"], size);
    assert_eq!((&one["blobs"]["distinct"], &one["blobs"]["shared"]), (&1.into(), &1.into()));
    assert_eq!(one["slow_steps"][0]["trace"], first.short_id.as_str());

    let all = molar(root.path(), &["stats", "--json"]).expect(0).json();
    assert_eq!((&all["traces"], &all["statuses"]["failed"]), (&2.into(), &1.into()));
    assert_eq!((&all["blobs"]["references"], &all["blobs"]["distinct"]), (&2.into(), &1.into()));
    assert_eq!(all["blobs"]["dedup_ratio"], 2.0);
    let folder = root.path().to_str().unwrap();
    molar(root.path(), &["stats", folder]).expect(0).says(&[
        "2 traces",
        "network.response takes",
        "By source",
        "By kind",
        "text/html",
        "127.0.0.1:4000",
        "Slowest steps",
        "2 references to 1 blobs",
    ]);
}

#[test]
fn the_golden_trace_tells_its_gaps() {
    let root = tempfile::tempdir().unwrap();
    let told =
        molar(root.path(), &["stats", golden().to_str().unwrap(), "--json"]).expect(0).json();
    assert_eq!(told["gaps"]["queue.dropped"], 2);
    assert_eq!(told["kinds"]["dom.hologram"]["events"], 1);
    assert_eq!(told["sources"]["other"]["events"], 1);
}

#[test]
fn an_empty_folder_is_told() {
    let root = tempfile::tempdir().unwrap();
    let ran = molar(root.path(), &["stats"]).expect(4);
    assert!(ran.stderr.contains("no trace"), "{}", ran.stderr);
}
