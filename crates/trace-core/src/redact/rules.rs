//! The rules as people configure them. The built-in ones are always on; lists here add to them.

use serde::{Deserialize, Serialize};

/// What is redacted. `Rules::default()` is what a recorder uses without configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in people's configuration"
)]
pub struct Rules {
    /// Off only for suites that cannot hold secrets.
    pub enabled: bool,
    /// Further header names, in any case.
    pub headers: Vec<String>,
    /// Further keys of queries, fragments and form bodies. `api_key`, `apiKey` and `api-key` are one key.
    pub query_keys: Vec<String>,
    /// Further keys of JSON objects.
    pub json_keys: Vec<String>,
    /// Payment card numbers: known issuer ranges that satisfy the Luhn checksum.
    pub card_numbers: bool,
    /// Long random-looking words that no other rule knows. Off by default, because build hashes look alike.
    pub high_entropy: bool,
    /// The user's own patterns.
    pub extra: Vec<ExtraRule>,
    /// Values that are secret wherever they appear, in any usual encoding; six bytes or more.
    pub values: Vec<String>,
    /// Everything that the test types is secret, whatever the field is called.
    pub typed: bool,
    /// Key and header names, and exact values, that stay readable.
    pub allow: Vec<String>,
    /// Keep originals until [`Redactor::drain_vault_entries`](super::Redactor::drain_vault_entries); off when no vault is written.
    pub keep_originals: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            enabled: true,
            headers: Vec::new(),
            query_keys: Vec::new(),
            json_keys: Vec::new(),
            card_numbers: true,
            high_entropy: false,
            extra: Vec::new(),
            values: Vec::new(),
            typed: false,
            allow: Vec::new(),
            keep_originals: true,
        }
    }
}

/// A pattern of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraRule {
    /// Stands in the placeholder: 1 to 32 of `A-Z a-z 0-9 _ -`.
    pub name: String,
    /// A regular expression; its first group is the secret, or the whole match without groups.
    pub pattern: String,
    /// A made-up text that the pattern must catch; the self-check plants it, so that a typing error shows at start.
    pub sample: String,
}
