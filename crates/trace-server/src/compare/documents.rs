//! The documents of a trace at given times, out of its extract: each segment begins with a keyframe, so no document is rebuilt from
//! its beginning.

use std::io::{BufRead, BufReader, Read};

use bytes::Bytes;
use trace_core::dom::{PageDocument, SegmentReader};

use crate::app::App;
use crate::catalog::{Form, TraceRecord};
use crate::error::AppError;
use crate::org::OrgScope;
use crate::store::StoreError;

/// More text than this is no recording that anybody looks at; what lies beyond is not compared.
const MAX_BYTES: u64 = 1 << 30;

/// The extract as it lies in the store; empty for a trace without documents.
pub(super) async fn extract(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
) -> Result<Bytes, AppError> {
    match app.store.get(&App::prefix(org, record)?.rrweb()).await {
        Err(StoreError::NotFound { .. }) if record.form == Form::Archived => Ok(Bytes::new()),
        Err(StoreError::NotFound { .. }) => {
            let message =
                format!("the documents of trace `{}` are not extracted yet", record.trace.id);
            let detail = "ask again when its `archived` is true";
            Err(AppError::conflict("unfinished", message, detail)
                .with("trace_status", record.status.as_str())
                .into())
        }
        other => Ok(other?),
    }
}

/// For each of the times (which ascend) the document of every page that was there.
pub(super) fn documents(extract: &[u8], times: &[f64]) -> std::io::Result<Vec<Vec<PageDocument>>> {
    let mut found = SegmentReader::new(times);
    if extract.is_empty() || times.is_empty() {
        return Ok(found.finish());
    }
    let mut reader = BufReader::new(zstd::Decoder::new(extract)?.take(MAX_BYTES));
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        found.line(&line);
        line.clear();
    }
    Ok(found.finish())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use trace_core::dom::outline;

    use super::*;

    fn extract(segments: &[Value]) -> Vec<u8> {
        let index = json!({"segments": []});
        let lines = segments.iter().chain([&index]);
        let frames = lines.map(|line| zstd::encode_all(format!("{line}\n").as_bytes(), 1).unwrap());
        frames.collect::<Vec<_>>().concat()
    }

    fn segment(page: &str, start: f64, port: u16, text: &str) -> Value {
        let html = json!({"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [
            {"type": 2, "id": 3, "tagName": "body", "attributes": {"class": "shop", "nonce": text}, "childNodes": [
                {"type": 2, "id": 4, "tagName": "a", "attributes": {"href": format!("http://127.0.0.1:{port}/cart")}, "childNodes": [
                    {"type": 3, "id": 5, "textContent": format!("  {text}\n ")}]}]}]});
        json!({"page": page, "segment": 1, "start_ts": start, "end_ts": start + 5.0, "events": [
            {"type": 4, "timestamp": start, "data": {"href": format!("http://127.0.0.1:{port}/shop"), "width": 1, "height": 1}},
            {"type": 2, "timestamp": start, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]}, "initialOffset": {"left": 0, "top": 0}}},
            {"type": 3, "timestamp": start + 5.0, "data": {"source": 0, "texts": [{"id": 5, "value": format!("{text} later")}], "attributes": [], "removes": [], "adds": []}},
        ]})
    }

    fn outlines(extract: &[u8], times: &[f64]) -> std::io::Result<Vec<Vec<String>>> {
        let lines = |pages: Vec<PageDocument>| {
            pages.iter().flat_map(|page| outline(&page.document)).collect()
        };
        Ok(documents(extract, times)?.into_iter().map(lines).collect())
    }

    #[test]
    fn a_document_is_what_its_segment_had_come_to_and_its_port_is_no_part_of_it() {
        let expect = |text: &str| {
            vec![
                "page {origin}/shop".to_owned(),
                "<html>".to_owned(),
                "  <body class=\"shop\">".to_owned(),
                "    <a href=\"{origin}/cart\">".to_owned(),
                format!("      {text}"),
            ]
        };
        let file = extract(&[segment("p1", 0.0, 4000, "one"), segment("p1", 10.0, 4000, "two")]);
        let found = outlines(&file, &[-1.0, 1.0, 6.0, 12.0]).unwrap();
        assert_eq!(found, [vec![], expect("one"), expect("one later"), expect("two")]);
        let other = extract(&[segment("p9", 0.0, 5000, "one")]);
        assert_eq!(outlines(&other, &[1.0]).unwrap(), [expect("one")]);
        assert_eq!(outlines(&[], &[1.0]).unwrap(), [Vec::<String>::new()]);
        assert!(outlines(b"no zstd", &[1.0]).is_err());
    }
}
