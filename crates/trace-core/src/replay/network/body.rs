//! A request's body as named fields, so that two spellings of the same content are the same.

use serde_json::Value;

use crate::blob::BlobId;

/// A body larger than this is compared by its digest alone.
const MOST_BYTES: usize = 4 << 20;
/// A body of more leaves than this is compared by its digest alone.
const MOST_LEAVES: usize = 5_000;

/// The fields of a body: JSON by pointer, forms by name, parts by name; anything else by its digest.
pub(super) fn fields(media_type: &str, bytes: &[u8]) -> Vec<(String, String)> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = match essence.as_str() {
        _ if bytes.len() > MOST_BYTES => None,
        "application/x-www-form-urlencoded" => Some(form(bytes)),
        "multipart/form-data" => multipart(media_type, bytes),
        json if json.ends_with("json") => self::json(bytes),
        // Browsers send `fetch(…, {body: JSON.stringify(…)})` as text.
        "text/plain" | "" => self::json(bytes),
        _ => None,
    };
    known
        .filter(|fields| fields.len() <= MOST_LEAVES)
        .unwrap_or_else(|| vec![("#bytes".to_owned(), digest(bytes))])
}

fn form(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

fn json(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    if !(value.is_object() || value.is_array()) {
        return None;
    }
    let mut found = Vec::new();
    leaves(&without_layout(value), String::new(), &mut found);
    Some(found)
}

/// A GraphQL document means the same however it is laid out.
fn without_layout(mut value: Value) -> Value {
    let Some(map) = value.as_object_mut() else { return value };
    let is_operation = map.contains_key("variables") || map.contains_key("operationName");
    if let Some(Value::String(query)) = map.get_mut("query").filter(|_| is_operation) {
        *query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    value
}

fn leaves(value: &Value, pointer: String, found: &mut Vec<(String, String)>) {
    if found.len() > MOST_LEAVES {
        return;
    }
    match value {
        Value::Object(map) if !map.is_empty() => map.iter().for_each(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            leaves(value, format!("{pointer}/{name}"), found);
        }),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .enumerate()
            .for_each(|(at, value)| leaves(value, format!("{pointer}/{at}"), found)),
        // A string and a number that read alike are two values.
        leaf => found.push((pointer, leaf.to_string())),
    }
}

/// The parts of a form with files: each by its name, file name and content, without the boundary that changes every time.
fn multipart(media_type: &str, bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let boundary = media_type.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    let mark = format!("--{}", boundary.trim_matches('"'));
    let starts: Vec<usize> = memchr::memmem::find_iter(bytes, mark.as_bytes()).collect();
    let parts =
        starts.windows(2).filter_map(|pair| part(bytes.get(pair[0] + mark.len()..pair[1])?));
    Some(parts.collect())
}

fn part(bytes: &[u8]) -> Option<(String, String)> {
    let bytes = bytes.strip_prefix(b"\r\n")?;
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let content = bytes[end + 4..].strip_suffix(b"\r\n").unwrap_or(&bytes[end + 4..]);
    let named = |name: &str| {
        let (_, after) = head.split_once(&format!("{name}=\""))?;
        Some(after.split('"').next().unwrap_or_default().to_owned())
    };
    let file = named("; filename").map(|file| format!("{file}:")).unwrap_or_default();
    let value = match std::str::from_utf8(content) {
        Ok(text) if text.len() <= 200 && file.is_empty() => text.to_owned(),
        _ => digest(content),
    };
    Some((named("; name")?, format!("{file}{value}")))
}

fn digest(bytes: &[u8]) -> String {
    BlobId::of(bytes).hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(media_type: &str, one: &str, other: &str, same: bool) {
        let [mut a, mut b] = [one, other].map(|text| fields(media_type, text.as_bytes()));
        a.sort();
        b.sort();
        assert_eq!(a == b, same, "{a:?}\n{b:?}");
    }

    #[test]
    fn spelling_is_no_difference_and_content_is() {
        check("application/json", r#"{"a":1,"b":[2]}"#, r#"{ "b": [2], "a": 1 }"#, true);
        check("application/json", r#"{"a":1}"#, r#"{"a":"1"}"#, false);
        check("application/json", "{broken", "{broken too", false);
        check("application/json", r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false);
        check("application/x-www-form-urlencoded", "a=1&b=x%20y", "b=x+y&a=1", true);
        check("application/octet-stream", "ab", "ac", false);
        check("text/plain", r#"{"a":1}"#, r#"{"a": 1}"#, true);
        check(
            "application/json",
            r#"{"operationName":"Q","query":"query Q {\n  a\n}"}"#,
            r#"{"query":"query Q { a }","operationName":"Q"}"#,
            true,
        );
        check("", "", "", true);
    }

    #[test]
    fn the_boundary_of_parts_does_not_count() {
        let body = |boundary: &str, text: &str| {
            let head = "Content-Disposition: form-data; name=\"note\"; filename=\"a.txt\"";
            format!(
                "--{boundary}\r\n{head}\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--{boundary}--\r\n"
            )
        };
        let of = |boundary: &str, text: &str| {
            let media_type = format!("multipart/form-data; boundary={boundary}");
            fields(&media_type, body(boundary, text).as_bytes())
        };
        assert_eq!(of("x1", "hello"), of("y2", "hello"));
        assert_ne!(of("x1", "hello"), of("x1", "other"));
        assert_eq!(of("x1", "hello")[0].0, "note");
    }
}
