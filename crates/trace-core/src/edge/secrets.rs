//! What a trace must not say, on its way out of it: redacted here, and its original into the vault before the line is written.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::redact::Redactor;
use crate::scan;

use super::error::explain;
use super::vault::{VaultError, VaultWriter};

/// The payload key whose value goes to the vault whole.
pub(super) const SECRET: &str = "secret";

/// A trace's redactor and the vault behind it.
#[derive(Debug)]
pub(super) struct Secrets {
    pub(super) redactor: Redactor,
    vault: Option<VaultWriter>,
    refused: u64,
    why: Option<String>,
}

impl Secrets {
    pub(super) fn new(redactor: Redactor, vault: Option<VaultWriter>) -> Self {
        Self { redactor, vault, refused: 0, why: None }
    }

    /// A payload without its secrets.
    pub(super) fn apply<'a>(&mut self, kind: &str, payload: &'a str) -> Cow<'a, str> {
        let clean = self.redactor.apply(kind, payload);
        self.keep();
        clean
    }

    /// A body without its secrets.
    pub(super) fn apply_bytes<'a>(&mut self, media_type: &str, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let clean = self.redactor.apply_bytes(media_type, bytes);
        self.keep();
        clean
    }

    /// The payload with a reference instead of its `secret`. The text must be valid JSON.
    pub(super) fn set_aside<'a>(&mut self, payload: &'a str) -> Cow<'a, str> {
        // A key may be spelt with escapes, which the plain search cannot see through.
        let holds = |word: &str| memchr::memmem::find(payload.as_bytes(), word.as_bytes());
        if holds("\"secret\"").is_none() && holds("\\u00").is_none() {
            return Cow::Borrowed(payload);
        }
        let (mut out, mut copied) = (String::new(), 0);
        let secrets: Vec<_> = scan::fields(payload.as_bytes())
            .filter(|(key, _)| scan::unescape(key) == SECRET)
            .map(|(_, value)| value.start..value.start + value.raw.len())
            .collect();
        for range in secrets {
            out.push_str(&payload[copied..range.start]);
            out.push_str(&self.reference(&payload[range.clone()]).to_string());
            copied = range.end;
        }
        if copied == 0 { Cow::Borrowed(payload) } else { Cow::Owned(out + &payload[copied..]) }
    }

    /// Puts bytes into the vault whole; what stands in the record instead.
    pub(super) fn set_aside_bytes(&mut self, bytes: &[u8]) -> Value {
        let text = String::from_utf8_lossy(bytes);
        match serde_json::from_str::<&serde_json::value::RawValue>(&text) {
            Ok(json) => self.reference(json.get()),
            Err(_) => self.reference(&Value::String(text.into_owned()).to_string()),
        }
    }

    fn reference(&mut self, json: &str) -> Value {
        if self.vault.is_none() {
            return json!({"omitted": "vault off"});
        }
        let placeholder = self.redactor.replace_whole(SECRET, json);
        let refused = self.refused;
        self.keep();
        if self.refused > refused {
            return json!({"omitted": "vault refused"});
        }
        let id = placeholder.trim_start_matches("[REDACTED:").trim_end_matches(']');
        json!({"vault": id, "bytes": json.len()})
    }

    /// Every value redacted for the first time goes to the vault.
    fn keep(&mut self) {
        let fresh = self.redactor.drain_vault_entries();
        let Some(vault) = self.vault.as_mut().filter(|_| !fresh.is_empty()) else { return };
        let n_fresh = fresh.len() as u64;
        if let Err(error) = vault.keep(fresh) {
            self.refused += n_fresh;
            self.why = Some(explain(&error));
        }
    }

    /// From here on this is used by a thread that may wait for a server to name its key.
    pub(super) fn may_wait(&mut self) {
        if let Some(Err(error)) = self.vault.as_mut().map(VaultWriter::may_wait) {
            self.refused += 1;
            self.why = Some(explain(&error));
        }
    }

    /// The vault cannot be used: originals are forgotten, and the trace says so.
    pub(super) fn without_vault(redactor: Redactor, why: &VaultError) -> Self {
        Self { redactor, vault: None, refused: 0, why: Some(explain(why)) }
    }

    /// What the vault did not take since the last call, and why.
    pub(super) fn take_refusal(&mut self) -> Option<(u64, String)> {
        let why = self.why.take()?;
        Some((std::mem::take(&mut self.refused), why))
    }

    /// Makes the vault small, now that nothing more comes to it. One that cannot be written again stays as it is.
    pub(super) fn settle(&mut self) -> Result<(), VaultError> {
        self.vault.as_mut().map_or(Ok(()), VaultWriter::settle)
    }

    /// Bytes of the vault on disk.
    pub(super) fn vault_bytes(&self) -> u64 {
        self.vault.as_ref().map_or(0, VaultWriter::bytes)
    }
}
