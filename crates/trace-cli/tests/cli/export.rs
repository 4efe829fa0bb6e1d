//! `export`.

use serde_json::Value;

use crate::kit::{Upgrade, WALL_MS, golden, molar, page, record};

#[test]
fn an_archive_holds_every_exchange_with_its_body() {
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Fails);
    let har = molar(root.path(), &["export", trace.short_id.as_str(), "--format", "har"])
        .expect(0)
        .json();
    check_har(&har);
    let entries = har["log"]["entries"].as_array().unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry["request"]["method"].as_str().unwrap(),
                entry["response"]["status"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("GET", 200), ("GET", 200), ("POST", 404), ("GET", 200)]);
    let content = |n: usize| &entries[n]["response"]["content"];
    assert_eq!(content(0)["text"].as_str().unwrap().as_bytes(), page());
    assert_eq!(content(1)["encoding"], "base64");
    assert_eq!(content(3)["text"], r#"{"plan":"free","since":1}"#);
    // The body is the decoded one, so nothing may announce a compression.
    assert!(!entries[0]["response"]["headers"].to_string().contains("content-encoding"));
    assert_eq!(WALL_MS % 1000, 0);
    assert_eq!(entries[0]["startedDateTime"], "2026-01-01T00:00:00.015Z");
}

#[test]
fn the_golden_trace_has_sockets_failures_and_missing_bodies() {
    let root = tempfile::tempdir().unwrap();
    let ran =
        molar(root.path(), &["export", golden().to_str().unwrap(), "--format", "har"]).expect(0);
    let har = ran.json();
    check_har(&har);
    let entries = har["log"]["entries"].as_array().unwrap();
    let socket = entries.iter().find(|entry| entry["_resourceType"] == "websocket").unwrap();
    assert_eq!(socket["_webSocketMessages"][0]["type"], "receive");
    assert_eq!(socket["_webSocketMessages"][0]["data"], r#"{"plan":"free"}"#);
    let failed = entries.iter().find(|entry| entry["response"]["status"] == -1).unwrap();
    assert_eq!(failed["response"]["_failureText"], "net::ERR_ABORTED");
    let evicted = entries
        .iter()
        .find(|entry| entry["request"]["url"].as_str().unwrap().ends_with("/upgrade"))
        .unwrap();
    assert_eq!(evicted["response"]["content"]["comment"], "not recorded: evicted");
    assert_eq!(evicted["request"]["postData"]["text"], r#"{"plan":"pro"}"#);
    // The golden trace lies without its blobs, and that is said.
    assert!(ran.stderr.contains("contents are not here"), "{}", ran.stderr);
}

/// What HAR 1.2 requires of every archive, object by object.
fn check_har(har: &Value) {
    let log = &har["log"];
    assert_eq!(log["version"], "1.2");
    require(
        log,
        &[
            "creator.name:s",
            "creator.version:s",
            "browser.name:s",
            "browser.version:s",
            "pages:a",
            "entries:a",
        ],
    );
    let ids: Vec<&Value> =
        log["pages"].as_array().unwrap().iter().map(|page| &page["id"]).collect();
    let mut last = String::new();
    for entry in log["entries"].as_array().unwrap() {
        require(entry, &["startedDateTime:s", "time:n", "cache:o"]);
        require(
            &entry["request"],
            &[
                "method:s",
                "url:s",
                "httpVersion:s",
                "cookies:a",
                "headers:a",
                "queryString:a",
                "headersSize:n",
                "bodySize:n",
            ],
        );
        require(
            &entry["response"],
            &[
                "status:n",
                "statusText:s",
                "httpVersion:s",
                "cookies:a",
                "headers:a",
                "redirectURL:s",
                "headersSize:n",
                "bodySize:n",
                "content.size:n",
                "content.mimeType:s",
            ],
        );
        require(&entry["timings"], &["send:n", "wait:n", "receive:n"]);
        for list in [
            &entry["request"]["headers"],
            &entry["response"]["headers"],
            &entry["request"]["queryString"],
            &entry["request"]["cookies"],
        ] {
            list.as_array().unwrap().iter().for_each(|pair| require(pair, &["name:s", "value:s"]));
        }
        if entry["request"].get("postData").is_some() {
            require(&entry["request"]["postData"], &["mimeType:s", "text:s"]);
        }
        let phases = ["blocked", "dns", "connect", "send", "wait", "receive"];
        let sum: f64 = phases
            .iter()
            .filter_map(|phase| entry["timings"][*phase].as_f64())
            .filter(|ms| *ms > 0.0)
            .sum();
        assert!((entry["time"].as_f64().unwrap() - sum).abs() < 1e-6, "{entry}");
        if let Some(page) = entry.get("pageref") {
            assert!(ids.contains(&page), "{page} is no page");
        }
        let started = entry["startedDateTime"].as_str().unwrap();
        time::OffsetDateTime::parse(started, &time::format_description::well_known::Rfc3339)
            .unwrap();
        assert!(last.as_str() <= started || last.len() != started.len(), "{last} before {started}");
        started.clone_into(&mut last);
    }
}

fn require(value: &Value, fields: &[&str]) {
    for field in fields {
        let (path, kind) = field.split_once(':').unwrap();
        let found = path.split('.').fold(value, |value, key| &value[key]);
        let fits = match kind {
            "s" => found.is_string(),
            "n" => found.is_number(),
            "a" => found.is_array(),
            _ => found.is_object(),
        };
        assert!(fits, "`{path}` is not `{kind}` in {value}");
    }
}

#[test]
fn lines_come_whole_and_with_their_blobs_when_asked() {
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Works);
    let id = trace.short_id.as_str();
    let plain = molar(root.path(), &["export", id, "--format", "ndjson"]).expect(0).stdout;
    assert_eq!(plain, molar(root.path(), &["cat", id]).expect(0).stdout);
    assert!(plain.contains("\"blob\":\"sha256:"));
    let file = root.path().join("out.ndjson");
    molar(
        root.path(),
        &["export", id, "--format", "ndjson", "--inline-blobs", "-o", file.to_str().unwrap()],
    )
    .expect(0);
    let inlined = std::fs::read_to_string(&file).unwrap();
    assert!(!inlined.contains("\"blob\""));
    assert_eq!(inlined.lines().count(), plain.lines().count());
    let pages = inlined.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = pages
        .filter(|line| line["body"]["text"].as_str().map(str::as_bytes) == Some(&page()))
        .count();
    assert_eq!(found, 1);
    molar(root.path(), &["export", id, "--format", "har", "--inline-blobs"]).expect(2);
}

#[test]
fn the_report_cites_what_it_claims() {
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Fails);
    molar(root.path(), &["export", trace.short_id.as_str(), "--format", "markdown"])
        .expect(0)
        .says(&[
            "# ✗ `upgrades the plan`",
            "| status | failed",
            "| test | `tests/upgrade.spec.ts:5` |",
            "## What failed",
            "Step 2, `Upgrade` (seq:",
            "expected pro, received free",
            "## Failing assertion",
            "`toHaveText` (seq:",
            "- expected: `pro`",
            "- received: `free`",
            "## Failed requests",
            "- `POST http://127.0.0.1:4000/api/stripe/webhook` → `404`, step `s2` (seq:",
            "## Console errors",
            "`no such plan` (seq:",
            "## Steps",
            "- ✓ 1. `Open the shop`",
            "- ✗ 2. `Upgrade`",
        ]);
}
