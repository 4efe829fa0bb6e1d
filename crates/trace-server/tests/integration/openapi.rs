//! The committed description is the server's own.

#[test]
fn docs_openapi_json_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == trace_server::openapi_json(),
        "docs/openapi.json is stale; run `cargo run --release -p trace-server -- openapi > docs/openapi.json`"
    );
}
