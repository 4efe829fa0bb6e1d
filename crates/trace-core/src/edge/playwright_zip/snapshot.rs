//! Playwright's copies of the DOM, `["INPUT",{"type":"password","__playwright_value_":"…"},…]`: they show what a field holds.

use serde_json::{Map, Value};

use super::line::Lines;

/// Where Playwright writes what a field holds.
const VALUE: &str = "__playwright_value_";

/// Autocomplete hints of fields whose value is a secret whatever they are called.
const AUTOCOMPLETE: [&str; 4] = ["cc-", "current-password", "new-password", "one-time-code"];

/// The line with the values of secret fields replaced; none when it has none.
pub(super) fn clean(text: &str, lines: &mut Lines<'_>) -> Option<String> {
    let mut line = parsed(text)?;
    let mut changed = false;
    visit(&mut line["snapshot"]["html"], &mut |attributes| {
        let shown = attributes.get(VALUE).and_then(Value::as_str).unwrap_or_default();
        if !is_secret(attributes, lines) && !lines.was_typed(shown) {
            return;
        }
        for key in [VALUE, "value"] {
            let Some(Value::String(value)) = attributes.get_mut(key) else { continue };
            if let Some(placeholder) = lines.replace("input", value) {
                *value = placeholder;
                changed = true;
            }
        }
    });
    changed.then(|| line.to_string())
}

/// What the secret fields of a copy hold.
pub(super) fn secrets_of(text: &str, lines: &Lines<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let Some(mut line) = parsed(text) else { return found };
    visit(&mut line["snapshot"]["html"], &mut |attributes| {
        if is_secret(attributes, lines) {
            let values =
                [VALUE, "value"].into_iter().filter_map(|key| attributes.get(key)?.as_str());
            found.extend(values.filter(|value| !value.is_empty()).map(str::to_owned));
        }
    });
    found
}

fn parsed(text: &str) -> Option<Value> {
    memchr::memmem::find(text.as_bytes(), VALUE.as_bytes())?;
    serde_json::from_str(text).ok()
}

/// Calls `each` with the attributes of every form field.
fn visit(node: &mut Value, each: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Array(parts) = node else { return };
    let is_field = matches!(parts.first().and_then(Value::as_str), Some("INPUT" | "TEXTAREA"));
    for part in parts.iter_mut().skip(1) {
        match part {
            Value::Object(attributes) if is_field => each(attributes),
            child => visit(child, each),
        }
    }
}

fn is_secret(attributes: &Map<String, Value>, lines: &Lines<'_>) -> bool {
    let says = |key: &str| {
        let value = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        value.and_then(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let shown = matches!(
        &*says("type").to_ascii_lowercase(),
        "submit" | "button" | "reset" | "image" | "checkbox" | "radio"
    );
    if lines.masks.inputs && !shown {
        return true;
    }
    let hint = says("autocomplete").to_ascii_lowercase();
    let names = ["name", "id", "aria-label", "placeholder"].map(says).join(" ");
    says("type").eq_ignore_ascii_case("password")
        || AUTOCOMPLETE.iter().any(|known| hint.contains(known))
        || (!shown && lines.secrets.redactor.calls_secret(&names))
}
