//! HAR entries: cookies and posted data stand in shapes of their own, and the entry tells what its body's file holds.

use serde_json::Value;

use super::line::Lines;

/// The entry with its cookies and posted data clean; none when it has none.
pub(super) fn clean(text: &str, lines: &mut Lines<'_>) -> Option<String> {
    let mut line: Value = serde_json::from_str(text).ok()?;
    let entry = &mut line["snapshot"];
    let mut changed = false;
    for side in ["request", "response"] {
        for cookie in entry[side]["cookies"].as_array_mut().into_iter().flatten() {
            let Some(Value::String(value)) = cookie.get_mut("value") else { continue };
            if let Some(placeholder) = lines.replace("cookie", value) {
                *value = placeholder;
                changed = true;
            }
        }
        for body in [&entry[side]["postData"], &entry[side]["content"]] {
            note_type(body, lines);
        }
    }
    changed |= posted(&mut entry["request"]["postData"], lines);
    changed.then(|| line.to_string())
}

/// What Playwright writes where no header told a type: for the frames of every WebSocket, among others.
const UNKNOWN: &str = "x-unknown";

/// A body in a file of its own is read there, as what the entry says it is. Where it says nothing, the file's ending decides.
fn note_type(body: &Value, lines: &mut Lines<'_>) {
    let Some(media_type) = body["mimeType"].as_str().filter(|told| *told != UNKNOWN) else {
        return;
    };
    // Before version 9 the entry named the digest alone.
    let file = body["_file"].as_str().map(str::to_owned);
    let file = file.or_else(|| Some(format!("resources/{}", body["_sha1"].as_str()?)));
    if let Some(file) = file {
        lines.media_types.insert(file, media_type.to_owned());
    }
}

fn posted(body: &mut Value, lines: &mut Lines<'_>) -> bool {
    let Some(media_type) = body["mimeType"].as_str().map(str::to_owned) else { return false };
    let Some(Value::String(text)) = body.get_mut("text") else { return false };
    let clean = lines.secrets.apply_bytes(&media_type, text.as_bytes());
    let clean = String::from_utf8_lossy(&clean).into_owned();
    let changed = clean != *text;
    *text = clean;
    changed
}
