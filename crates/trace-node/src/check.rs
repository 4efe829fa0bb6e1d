//! The redaction rules, proven before anything is recorded.

use napi_derive::napi;
use trace_core::redact::Redactor;

use crate::error::{Result, coded};
use crate::options;

/// Plants a secret for every redaction rule and throws `{ code, message }` when one comes through.
#[napi]
pub fn self_check_redaction(rules: Option<String>) -> Result<()> {
    let rules = options::rules(rules.as_deref())?;
    let redactor = Redactor::new(rules).map_err(|error| coded("REDACTION_INVALID", &error))?;
    redactor.self_check().map_err(|error| coded("REDACTION_SILENT", &error))
}
