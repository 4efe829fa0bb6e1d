//! Lines with their blobs inside, for readers that have no store at hand.

use base64::Engine;
use serde_json::{Map, Value};
use trace_core::event::Content;

use super::Bodies;
use crate::error::CliError;

/// The line with each blob reference replaced by `text` or `base64`; a line without one is given back as it is.
pub(crate) fn inlined(line: &str, bodies: &Bodies<'_>) -> Result<String, CliError> {
    if !line.contains("sha256:") {
        return Ok(line.to_owned());
    }
    let mut value: Value = serde_json::from_str(line)?;
    replace(&mut value, bodies)?;
    Ok(value.to_string())
}

fn replace(value: &mut Value, bodies: &Bodies<'_>) -> Result<(), CliError> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| replace(item, bodies)),
        Value::Object(fields) => {
            fields.values_mut().try_for_each(|field| replace(field, bodies))?;
            replace_here(fields, bodies)
        }
        _ => Ok(()),
    }
}

fn replace_here(fields: &mut Map<String, Value>, bodies: &Bodies<'_>) -> Result<(), CliError> {
    if !fields.get("blob").is_some_and(Value::is_string) {
        return Ok(());
    }
    let Ok(content) = serde_json::from_value::<Content>(Value::Object(fields.clone())) else {
        return Ok(());
    };
    // A reference whose blob is gone stays a reference: it still names what was there.
    let Some(bytes) = bodies.bytes(&content)? else { return Ok(()) };
    fields.shift_remove("blob");
    match String::from_utf8(bytes) {
        Ok(text) => fields.insert("text".to_owned(), text.into()),
        Err(error) => {
            let text = base64::engine::general_purpose::STANDARD.encode(error.as_bytes());
            fields.insert("base64".to_owned(), text.into())
        }
    };
    Ok(())
}
