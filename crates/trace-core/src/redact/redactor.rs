//! The door to the room: rules in, clean text out.

use std::borrow::Cow;

use super::keys::Keys;
use super::learnt::{self, Learnt};
use super::ledger::{Ledger, VaultEntry};
use super::pairs::Mode;
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
    pub(super) learnt: Learnt,
    /// What the current event types into a secret field, which its other texts repeat.
    pub(super) typed: Vec<(String, String)>,
}

/// How often one text is cleaned, when it keeps teaching.
const MAX_PASSES: usize = 4;

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

/// The same as parts of identifiers, where a longer word may hold them by chance.
const TYPED_PARTS: [&str; 13] = [
    "pw", "pwd", "pass", "passwd", "pin", "otp", "totp", "mfa", "cvc", "cvv", "csc", "ssn", "iban",
];

impl Redactor {
    /// A redactor for one trace; fails when the user's patterns do not compile.
    pub fn new(rules: Rules) -> Result<Self, RedactError> {
        let mut learnt = Learnt::default();
        for value in &rules.values {
            learnt.add("known", value);
        }
        Ok(Self {
            keys: Keys::new(&rules),
            patterns: patterns::all(&rules)?,
            prefilter: Prefilter::new(&rules),
            ledger: Ledger::new(&rules.allow, rules.keep_originals),
            learnt,
            typed: Vec::new(),
            rules,
        })
    }

    /// An event's payload without its secrets; borrowed when it holds none. Text that is no JSON is cleaned as plain text.
    pub fn apply<'a>(&mut self, kind: &str, payload_json: &'a str) -> Cow<'a, str> {
        let types = kind == "action" && self.rules.enabled && self.note_typed(payload_json);
        if !types && !self.may_hold(payload_json.as_bytes()) {
            return Cow::Borrowed(payload_json);
        }
        self.ledger.observe(payload_json);
        let clean =
            self.settled(payload_json, |redactor, text| redactor.loose(text, 0, Mode::Plain));
        self.typed.clear();
        clean.map_or(Cow::Borrowed(payload_json), Cow::Owned)
    }

    /// Makes a value go from everything that comes later, in any usual encoding, whatever surrounds it. What was written
    /// before stays. False when it is shorter than six bytes, known already, or one too many.
    pub fn learn(&mut self, kind: &str, value: &str) -> bool {
        self.rules.enabled && self.learnt.add(kind, value)
    }

    /// Learns what was typed into a secret field, unless it is a word that the record itself is made of.
    pub fn learn_typed(&mut self, value: &str) -> bool {
        let word = value.to_lowercase();
        let ordinary =
            TYPED_SECRETS.iter().any(|known| known.contains(word.as_str()) || word == *known);
        let fits = learnt::is_particular(value) || (value.len() >= 8 && !ordinary);
        fits && self.learn("input", value)
    }

    /// How many values could not be learnt, because a trace keeps a bounded number of them.
    pub fn unlearnt(&self) -> u64 {
        self.learnt.refused()
    }

    pub(super) fn may_hold(&self, text: &[u8]) -> bool {
        self.rules.enabled && (self.prefilter.may_hold(text) || self.learnt.may_hold(text))
    }

    /// Cleans until what the text itself taught is gone from its earlier parts too.
    pub(super) fn settled(
        &mut self,
        text: &str,
        mut clean: impl FnMut(&mut Self, &str) -> Option<String>,
    ) -> Option<String> {
        let mut current: Option<String> = None;
        for _ in 0..MAX_PASSES {
            let known = self.learnt.len();
            let Some(cleaner) = clean(self, current.as_deref().unwrap_or(text)) else { break };
            current = Some(cleaner);
            if self.learnt.len() == known {
                break;
            }
        }
        current
    }

    /// Values redacted for the first time since the last call, for the vault.
    pub fn drain_vault_entries(&mut self) -> Vec<VaultEntry> {
        self.ledger.drain()
    }

    /// The placeholder of a whole JSON value that goes to the vault as it is, such as a browser's state.
    pub fn replace_whole(&mut self, kind: &str, json: &str) -> String {
        self.ledger.replace_json(kind, json)
    }

    /// The placeholder of a value that is secret by where it stands; none when it is empty, allowed or redacted already.
    pub fn replace_value(&mut self, kind: &str, value: &str) -> Option<String> {
        if self.rules.enabled { self.whole(kind, value) } else { None }
    }

    /// Whether a label, a name or a selector speaks of a secret, as `getByLabel('Password')` does.
    pub fn calls_secret(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let known = TYPED_SECRETS.iter().any(|word| text.contains(word));
        known || text.split_whitespace().any(|word| self.keys.is_secret(word))
    }

    /// Numbers from now on begin behind those of these placeholders, which stand in the trace already.
    pub fn continue_behind(&mut self, text: &str) {
        self.ledger.observe(text);
    }

    /// Remembers what an action types into a field that its locator calls secret; the title repeats it. Whether it does.
    fn note_typed(&mut self, payload: &str) -> bool {
        let Some(params) = scan::field(payload.as_bytes(), "params").map(|found| found.raw) else {
            return false;
        };
        let typed: Vec<String> = ["value", "text"]
            .iter()
            .filter_map(|key| scan::string_field(params, key))
            .map(Cow::into_owned)
            .collect();
        if typed.is_empty() || !(self.rules.typed || names_secret_field(payload.as_bytes(), params))
        {
            return false;
        }
        self.ledger.observe(payload);
        for text in typed {
            if let Some(placeholder) = self.whole("input", &text) {
                self.typed.push((text, placeholder));
            }
        }
        !self.typed.is_empty()
    }
}

/// Whether the locator, the selector or the title calls the field secret, as a phrase or as part of an identifier such as `#login-pw`.
fn names_secret_field(payload: &[u8], params: &[u8]) -> bool {
    let says = |json, key| scan::string_field(json, key).unwrap_or_default().into_owned();
    let described =
        [says(payload, "locator"), says(payload, "title"), says(params, "selector")].join(" ");
    let lower = described.to_lowercase();
    let parts = described.split(|ch: char| !ch.is_ascii_alphanumeric()).flat_map(camel_parts);
    TYPED_SECRETS.iter().any(|word| lower.contains(word))
        || parts.map(str::to_lowercase).any(|part| TYPED_PARTS.contains(&part.as_str()))
}

/// `loginPw` is `login` and `Pw`.
fn camel_parts(word: &str) -> Vec<&str> {
    let humps = word.char_indices().skip(1).filter(|(at, ch)| {
        ch.is_ascii_uppercase() && word[..*at].ends_with(|before: char| before.is_ascii_lowercase())
    });
    let starts: Vec<usize> = std::iter::once(0).chain(humps.map(|(at, _)| at)).collect();
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(word.len()));
    starts.iter().zip(ends).map(|(start, end)| &word[*start..end]).collect()
}
