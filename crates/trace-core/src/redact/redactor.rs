//! The door to the room: rules in, clean text out.

use std::borrow::Cow;

use super::keys::Keys;
use super::ledger::{Ledger, VaultEntry};
use super::patterns::{self, Pattern};
use super::prefilter::Prefilter;
use super::{RedactError, Rules};
use crate::scan;

/// Redacts one trace. Make one for each trace, because it numbers the trace's secrets.
#[derive(Debug)]
pub struct Redactor {
    pub(super) rules: Rules,
    pub(super) keys: Keys,
    pub(super) patterns: Vec<Pattern>,
    pub(super) prefilter: Prefilter,
    pub(super) ledger: Ledger,
    /// What the current event types into a secret field, which its other texts repeat.
    pub(super) typed: Vec<(String, String)>,
}

/// Words in a locator or title that mark a field whose typed text is secret.
pub(super) const TYPED_SECRETS: [&str; 12] = [
    "password",
    "passwort",
    "passcode",
    "passphrase",
    "secret",
    "card number",
    "cvc",
    "cvv",
    "security code",
    "one-time code",
    "api key",
    "token",
];

impl Redactor {
    /// A redactor for one trace; fails when the user's patterns do not compile.
    pub fn new(rules: Rules) -> Result<Self, RedactError> {
        Ok(Self {
            keys: Keys::new(&rules),
            patterns: patterns::all(&rules)?,
            prefilter: Prefilter::new(&rules),
            ledger: Ledger::new(&rules.allow, rules.keep_originals),
            typed: Vec::new(),
            rules,
        })
    }

    /// An event's payload without its secrets; borrowed when it holds none. Text that is no JSON is cleaned as plain text.
    pub fn apply<'a>(&mut self, kind: &str, payload_json: &'a str) -> Cow<'a, str> {
        if !self.rules.enabled || !self.prefilter.may_hold(payload_json.as_bytes()) {
            return Cow::Borrowed(payload_json);
        }
        self.ledger.observe(payload_json);
        if kind == "action" {
            self.note_typed(payload_json.as_bytes());
        }
        let clean = self.loose(payload_json, 0, super::pairs::Mode::Plain);
        self.typed.clear();
        clean.map_or(Cow::Borrowed(payload_json), Cow::Owned)
    }

    /// Values redacted for the first time since the last call, for the vault.
    pub fn drain_vault_entries(&mut self) -> Vec<VaultEntry> {
        self.ledger.drain()
    }

    /// The placeholder of a whole JSON value that goes to the vault as it is, such as a browser's state.
    pub fn replace_whole(&mut self, kind: &str, json: &str) -> String {
        self.ledger.replace_json(kind, json)
    }

    /// Numbers from now on begin behind those of these placeholders, which stand in the trace already.
    pub fn continue_behind(&mut self, text: &str) {
        self.ledger.observe(text);
    }

    /// Remembers what an action types into a field that its locator calls secret; the title repeats it.
    fn note_typed(&mut self, payload: &[u8]) {
        let says = |key| scan::string_field(payload, key).unwrap_or_default().to_lowercase();
        let params = scan::field(payload, "params").map_or(&[][..], |found| found.raw);
        let selector = scan::string_field(params, "selector").unwrap_or_default().to_lowercase();
        let described = [says("locator"), says("title"), selector].join(" ");
        if !TYPED_SECRETS.iter().any(|word| described.contains(word)) {
            return;
        }
        for key in ["value", "text"] {
            let Some(typed) = scan::string_field(params, key) else { continue };
            if let Some(placeholder) = self.whole("input", &typed) {
                self.typed.push((typed.into_owned(), placeholder));
            }
        }
    }
}
