//! `diff`.

use crate::kit::{Upgrade, golden, molar, record};

#[test]
fn names_what_came_out_otherwise_and_exits_with_1() {
    let root = tempfile::tempdir().unwrap();
    let failed = record(root.path(), 1, Upgrade::Fails);
    let passed = record(root.path(), 2, Upgrade::Works);
    let (a, b) = (failed.short_id.to_string(), passed.short_id.to_string());
    molar(root.path(), &["diff", &a, &b]).expect(1).says(&[
        "A ✗ failed",
        "B ✓ passed",
        "Steps",
        "✗→✓  2 Upgrade",
        "Network  2 the same, 2 changed",
        "POST /api/stripe/webhook  404 → 200",
        "GET /api/plan",
        "the same shape",
        ".plan \"free\" → \"pro\"",
        "Console",
        "- error no such plan",
    ]);
    let told = molar(root.path(), &["diff", &b, &a, "--json"]).expect(1).json();
    assert_eq!(told["differs"], true);
    assert_eq!(told["steps"][1]["b"]["status"], "failed");
    assert_eq!(told["network"]["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn a_trace_does_not_differ_from_itself() {
    let root = tempfile::tempdir().unwrap();
    let golden = golden();
    let golden = golden.to_str().unwrap();
    let ran = molar(root.path(), &["diff", golden, golden]).expect(0);
    ran.says(&["no difference: "]);
}

#[test]
fn what_is_not_there_is_named() {
    let root = tempfile::tempdir().unwrap();
    let ran = molar(root.path(), &["diff", "xY9zQ2mNp", "xY9zQ2mNp"]).expect(4);
    assert!(ran.stderr.contains("no trace `xY9zQ2mNp`"), "{}", ran.stderr);
    molar(root.path(), &["diff", "xY9zQ2mNp"]).expect(2);
}
