//! Which original became which placeholder.

use std::collections::{HashMap, HashSet};
use std::fmt;

use sha2::{Digest, Sha256};

/// How every placeholder begins.
pub(super) const OPEN: &str = "[REDACTED:";

/// A secret on its way to the vault. It prints as `Original(…)`; only [`Original::expose`] gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Original(String);

impl Original {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Original(…)")
    }
}

/// One redacted value, for whoever writes the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultEntry {
    /// What stands in the trace: `[REDACTED:kind:n]`.
    pub placeholder: String,
    /// The rule's name. A value of kind `number` was a JSON number and is put back without quotes.
    pub kind: String,
    /// What stood there before.
    pub original: Original,
    /// Whether `original` is a whole JSON value rather than a text.
    pub is_json: bool,
}

impl VaultEntry {
    /// The inside of the placeholder, such as `bearer:3`: the entry's name in the vault.
    pub fn id(&self) -> &str {
        let inside = self.placeholder.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(']'));
        inside.unwrap_or(&self.placeholder)
    }
}

/// Numbers distinct originals. It keeps digests, so that a long trace does not collect secrets in memory.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    placeholders: HashMap<[u8; 32], String>,
    last: u64,
    fresh: Vec<VaultEntry>,
    allowed: HashSet<String>,
    keep_originals: bool,
}

impl Ledger {
    pub(super) fn new(allowed: &[String], keep_originals: bool) -> Self {
        let allowed = allowed.iter().cloned().collect();
        Self { allowed, keep_originals, ..Self::default() }
    }

    /// The placeholder for `original`; none when it is empty, allowed or redacted already.
    pub(super) fn replace(&mut self, kind: &str, original: &str) -> Option<String> {
        if original.is_empty() || original.contains(OPEN) || self.allowed.contains(original) {
            return None;
        }
        Some(self.number(kind, original, false))
    }

    /// The placeholder for a whole JSON value, whatever it holds.
    pub(super) fn replace_json(&mut self, kind: &str, json: &str) -> String {
        self.number(kind, json, true)
    }

    fn number(&mut self, kind: &str, original: &str, is_json: bool) -> String {
        let mut digest = Sha256::new();
        digest.update([u8::from(is_json)]);
        digest.update(original.as_bytes());
        let digest = digest.finalize().into();
        if let Some(known) = self.placeholders.get(&digest) {
            return known.clone();
        }
        self.last += 1;
        let placeholder = format!("{OPEN}{kind}:{}]", self.last);
        self.placeholders.insert(digest, placeholder.clone());
        if self.keep_originals {
            let (placeholder, kind) = (placeholder.clone(), kind.to_owned());
            let original = Original(original.to_owned());
            self.fresh.push(VaultEntry { placeholder, kind, original, is_json });
        }
        placeholder
    }

    /// Notes the numbers of placeholders that are in the text already, so that new ones do not repeat them.
    pub(super) fn observe(&mut self, text: &str) {
        for (at, _) in text.match_indices(OPEN) {
            let inside = text[at + OPEN.len()..].split(']').next().unwrap_or_default();
            let number = inside.rsplit(':').next().and_then(|digits| digits.parse::<u32>().ok());
            self.last = self.last.max(number.map_or(0, u64::from));
        }
    }

    pub(super) fn drain(&mut self) -> Vec<VaultEntry> {
        std::mem::take(&mut self.fresh)
    }
}
